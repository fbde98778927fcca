import type { NamespaceSocket } from '../../model/namespace-sockets';

/** A client's WebSocket that terminates here, with the response to its upgrade: status 101. */
export interface AcceptedSocket {
  socket: NamespaceSocket;
  answer: Response;
}

/**
 * Accepts a client's WebSocket that is not passed to the namespace because the client does not use our protocol. The
 * platform answers its pings. Its messages are ignored.
 *
 * @param closed Called when the client is gone; not called after this side has closed the socket.
 */
export type AcceptSocket = (closed: () => void) => AcceptedSocket;
