import { randomText } from './back-off';
import type { ClientOptions } from './client-options';
import { hasSockets } from './open-socket';
import { RegistryHttp } from './registry-http';
import { RollcallError } from './rollcall-error';
import { SocketLink } from './socket-link';
import { pause, type Time } from './time';

/** Shared state of a client: HTTP, sockets and names. */
export class ClientCore {
  readonly http: RegistryHttp;
  readonly time: Time;
  readonly hasSockets: boolean;
  readonly #options: ClientOptions;
  readonly #links = new Map<number | undefined, SocketLink>();
  #subscriber: string | undefined;
  #names = 0;

  constructor(options: ClientOptions, time: Time) {
    this.#options = options;
    this.http = new RegistryHttp(options);
    this.time = time;
    this.hasSockets = hasSockets(options);
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
    this.#subscriber ??= this.#options.subscriber ?? `client-${randomText(this.time)}`;
    return this.#subscriber;
  }

  /** Ping interval of sessions, if it is longer than the registry's. */
  get pingIntervalMs(): number | undefined {
    return this.#options.pingIntervalMs;
  }

  /** Returns a name for a further connection: a receipt over HTTP counts for all connections of its name. */
  nextSubscriber(): string {
    this.#names += 1;
    return `${this.subscriber}.${this.#names}`;
  }

  /** Returns the shared socket of all sessions with this time to live; watches use that of the default. */
  link(ttlMs?: number): SocketLink {
    const link = this.#links.get(ttlMs) ?? new SocketLink(this.http, this.#options, this.time, this.subscriber);
    // Several attempts must fit into a time to live.
    if (ttlMs !== undefined) link.backOff.mostMs = Math.min(link.backOff.mostMs, ttlMs / 3);
    this.#links.set(ttlMs, link);
    return link;
  }

  /**
   * Checks whether sockets can reach the registry, by opening this one. They cannot if it does not open although the
   * registry responds over HTTP; if that does not respond either, the check is repeated.
   *
   * @param use Called when the socket is open, to start using it.
   * @returns False if sockets cannot reach the registry.
   */
  async trySocket(link: SocketLink, signal: AbortSignal, use: () => void): Promise<boolean> {
    if (!this.hasSockets) return false;
    while (!signal.aborted) {
      if (link.hasOpened) {
        use();
        return true;
      }
      if (await opens(link, use)) return true;
      const answers = await this.http.request('GET', '/health', { signal }).then(
        () => true,
        () => false,
      );
      if (answers) return false;
      await pause(this.time, link.backOff.next(), signal);
    }
    return false;
  }
}

/** Reports whether a socket opens at the first attempt. A temporary user keeps it open until `use` adds another. */
function opens(link: SocketLink, use: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isOpen: boolean) => {
      if (isOpen) use();
      link.leave(user);
      resolve(isOpen);
    };
    const user = { up: () => settle(true), down: () => settle(false) };
    link.join(user);
  });
}
