import type { RollcallError } from './rollcall-error';

/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Event of a WebSocket: `data` of a message, `code` and `reason` of a close. */
export interface SocketEvent {
  data?: unknown;
  code?: number;
  reason?: string;
}

/** The part of a WebSocket that the client uses. */
export interface SocketLike {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: SocketEvent) => void): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => SocketLike;

/** Address and credentials of a registry. */
export interface ClientOptions {
  /** URL of the registry, such as `https://registry.example`. */
  url: string;
  /** The token, or a function that returns it whenever one is needed, for rotation. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** Default `public`. */
  namespace?: string | undefined;
  /** Name of this process in receipts; default: a random name. */
  subscriber?: string | undefined;
  /**
   * Ping interval of sessions in milliseconds, if it is longer than the registry's. The session asks for a time to live
   * of three pings, and pings more often if it is granted less.
   */
  pingIntervalMs?: number | undefined;
  /**
   * Receives a message when the registry can't be reached or refuses a watch or registration in the background, and
   * another one when it answers again: one for each outage, not one for each attempt. Default: `console.warn`; false: none.
   */
  onWarning?: ((message: string, error?: RollcallError) => void) | false | undefined;
  /** Sends requests. In a Worker, a service binding to the registry avoids the network. */
  fetch?: Fetch | { fetch: Fetch } | undefined;
  /** Opens sockets. Default: the runtime's `WebSocket`, if it has one (Node since version 22). */
  WebSocket?: WebSocketConstructor | undefined;
}
