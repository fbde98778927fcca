/** The part of `fetch` that the client uses. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** What a WebSocket tells: `data` of a message, `code` and `reason` of a close. */
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

/** How to reach a registry, and as whom. */
export interface ClientOptions {
  /** Where the registry answers, such as `https://registry.example`. */
  url: string;
  /** The token, or what gives it whenever one is needed, so that it can be rotated. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** Default `public`. */
  namespace?: string | undefined;
  /** What this process calls itself in receipts; a random name otherwise. */
  subscriber?: string | undefined;
  /**
   * How often a session pings, in milliseconds, where that is less often than the registry says. The session asks for a
   * time to live of three pings, and pings more often where it gets less.
   */
  pingIntervalMs?: number | undefined;
  /** Makes requests. In a Worker, a service binding of the registry does it without a way over the network. */
  fetch?: Fetch | { fetch: Fetch } | undefined;
  /** Opens sockets. Default: the runtime's own, where it has one (Node has from version 22 on). */
  WebSocket?: WebSocketConstructor | undefined;
}
