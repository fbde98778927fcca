import { randomText } from './back-off';
import type { ClientOptions } from './client-options';
import { type LoadOutages, OutageReports } from './outage-reports';
import { RegistryHttp } from './registry-http';
import { RollcallError } from './rollcall-error';
import { SocketLink, type SocketOpener } from './socket-link';
import type { Time } from './time';

/** Time after which a registry that has not answered yet is reported. */
const EXPECTED_MS = 1_000;

/** Something that ends with the client. */
interface Closable {
  /** Must not reject. */
  close(): void | Promise<void>;
}

/** Shared state of a client: HTTP, sockets and names. */
export class ClientCore {
  readonly http: RegistryHttp;
  readonly time: Time;
  readonly hasSockets: boolean;
  readonly options: ClientOptions;
  readonly outages: OutageReports;
  /** Watches, leases and locks that end with the client. */
  readonly opened: Set<Closable> = new Set();
  /** Number of times that the client was closed: what was begun before must not go on. */
  closes = 0;
  readonly #links = new Map<number | undefined, SocketLink>();
  #subscriber: string | undefined;
  #names = 0;

  /** @param loadOutages Loads the reports of outages; undefined: nothing is reported. */
  constructor(options: ClientOptions, time: Time, loadOutages?: LoadOutages) {
    this.options = options;
    this.http = new RegistryHttp(options);
    this.time = time;
    this.outages = new OutageReports(this.http.url, time, options.onWarning, loadOutages);
    this.hasSockets =
      options.WebSocket !== undefined || ['WebSocket', 'WebSocketPair'].some((name) => name in globalThis);
  }

  /** @throws {RollcallError} `INVALID_REQUEST` if the runtime has no WebSocket. */
  assertSockets(): void {
    if (this.hasSockets) return;
    throw new RollcallError(
      'INVALID_REQUEST',
      'this runtime has no WebSocket; pass one to the client, or omit transport',
    );
  }

  /** Name of this process. Generated on first use: a Worker has no random numbers outside of a request. */
  get subscriber(): string {
    this.#subscriber ??= this.options.subscriber ?? `client-${randomText(this.time)}`;
    return this.#subscriber;
  }

  /** Ping interval of sessions, if it is longer than the registry's. */
  get pingIntervalMs(): number | undefined {
    return this.options.pingIntervalMs;
  }

  /** Returns a name for a further connection: a receipt over HTTP counts for all connections of its name. */
  nextSubscriber(): string {
    this.#names += 1;
    return `${this.subscriber}.${this.#names}`;
  }

  /** Returns the shared socket of all sessions with this time to live; watches use that of the default. */
  link(ttlMs?: number): SocketLink {
    const link = this.#links.get(ttlMs) ?? new SocketLink(this.#opener(), this.http.url, this.time);
    // Several attempts must fit into a time to live.
    if (ttlMs !== undefined) link.backOff.mostMs = Math.min(link.backOff.mostMs, ttlMs / 3);
    this.#links.set(ttlMs, link);
    return link;
  }

  #opener(): SocketOpener {
    const { http, options, time, subscriber } = this;
    return (listener) =>
      import('./open-socket').then(
        ({ openSocket }) => openSocket(http, options, time, subscriber, listener),
        // Offline, a browser can't load the module.
        (error) => ({
          error: RollcallError.from(error, 'could not load the client module for sockets'),
          isBlocked: false,
        }),
      );
  }

  /** Calls a function with an error if a first response takes long. Returns a function that cancels that. */
  expectAnswer(late: (error: RollcallError) => void): () => void {
    const message = `${this.http.url} has not answered for ${EXPECTED_MS / 1_000} s`;
    return this.time.after(EXPECTED_MS, () => late(new RollcallError('UNREACHABLE', message)));
  }
}
