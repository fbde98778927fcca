import type { NamespaceSocket } from '../../model/namespace-sockets';

/** A client's WebSocket that ends here, with the answer to its upgrade: status 101. */
export interface AcceptedSocket {
  socket: NamespaceSocket;
  answer: Response;
}

/**
 * Takes a client's WebSocket, for what is not passed to the namespace because the client does not speak our protocol.
 * The platform answers its pings. What it sends is not listened to.
 *
 * @param closed The client is gone; not called once this side has closed it.
 */
export type AcceptSocket = (closed: () => void) => AcceptedSocket;
