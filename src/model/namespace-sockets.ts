import type { Grant } from './grant';
import type { Caller } from './namespace-api';

/** Whom a socket to a namespace is for. Surfaces fill it from the token and the connection. */
export interface SocketPurpose {
  /** `socket`: a client's own. `stream`: a Worker that serves an event stream. `poll`: one that waits for a poller. */
  kind: 'socket' | 'stream' | 'poll';
  /** What it is called in receipts; empty for a poller without a name, from whom none is asked. */
  subscriber: string;
  caller: Caller;
  /** What its frames may ask for: the grants of the token on this namespace. */
  grants: readonly Grant[];
  /** Id of the namespace, for refusals to name. */
  namespace: string;
  /**
   * How a surface that holds this socket knows that its client reads. `marks`: it answers `mark` frames once its client
   * has taken what came before. `none`: it can't know. Absent: it grants credit for what its client has taken.
   */
  proof?: 'marks' | 'none' | undefined;
  /** When the token ends, in milliseconds since the epoch: the socket is closed then. Absent: never. */
  expiresAt?: number | undefined;
}

/** Hears what comes over a socket that a surface holds itself. */
export interface SocketListener {
  /** A frame has come, as JSON text. */
  frame(text: string): void;
  /** The socket is gone, with its close code: once, and nothing comes after it. */
  closed(code: number): void;
}

/** A socket that a surface holds itself. Neither method throws: a socket that is gone is gone. */
export interface NamespaceSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

/**
 * The way to one namespace over sockets, beside its calls. The frames on them are those of `frames.ts`.
 *
 * Both methods throw {@link RegistryError}: `LIMIT_EXCEEDED` where the namespace has as many sockets as it takes,
 * `UNAVAILABLE` where it can't be reached.
 */
export interface NamespaceSockets {
  /**
   * Opens a socket for a client, and returns the answer to the client's upgrade: status 101. From then on client and
   * namespace speak with each other, and nobody is in between.
   */
  pass(purpose: SocketPurpose, headers: Record<string, string>): Promise<Response>;
  /** Opens a socket for the surface itself. */
  open(purpose: SocketPurpose, listener: SocketListener): Promise<NamespaceSocket>;
}
