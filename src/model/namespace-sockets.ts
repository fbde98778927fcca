import type { Grant } from './grant';
import type { Caller } from './namespace-api';

/** Purpose of a socket to a namespace. Surfaces fill it from the token and the connection. */
export interface SocketPurpose {
  /** `socket`: a client's own. `stream`: a Worker that serves an event stream. `poll`: one that waits for a poller. */
  kind: 'socket' | 'stream' | 'poll';
  /** Name of the subscriber in receipts; empty for a poller without a name, which need not acknowledge. */
  subscriber: string;
  caller: Caller;
  /** Id of the redeemed token that opened it, if a ticket was redeemed for its credential: the socket ends with that one too. */
  redeemedId?: string | undefined;
  /** Grants of the token on this namespace. Each frame is authorized against them. */
  grants: readonly Grant[];
  /** Id of the namespace, for error messages. */
  namespace: string;
  /**
   * Proof of a surface that holds this socket that its client reads. `marks`: it answers a `mark` frame once its client has
   * taken all output before it. `none`: it has none. Absent: it grants credit for output that its client has taken.
   */
  proof?: 'marks' | 'none' | undefined;
  /** Time at which the token expires and the socket is closed, in milliseconds since the epoch; absent: never. */
  expiresAt?: number | undefined;
}

/** Receives the events of a socket that a surface holds itself. */
export interface SocketListener {
  /** Receives a frame, as JSON text. */
  frame(text: string): void;
  /** Receives the close code, once; no event follows it. */
  closed(code: number): void;
}

/** A socket that a surface holds itself. Neither method throws, also not on a closed socket. */
export interface NamespaceSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/**
 * Opens sockets to one namespace. They carry the frames of `frames.ts`.
 *
 * Both methods throw {@link RegistryError}: `LIMIT_EXCEEDED` if the namespace has reached its maximum number of sockets,
 * `UNAVAILABLE` if it can't be reached.
 */
export interface NamespaceSockets {
  /**
   * Opens a socket for a client, and returns the response to the client's upgrade request: status 101. From then on the
   * client and the namespace communicate directly.
   */
  pass(purpose: SocketPurpose, headers: Record<string, string>): Promise<Response>;
  /** Opens a socket for the surface itself. */
  open(purpose: SocketPurpose, listener: SocketListener): Promise<NamespaceSocket>;
}
