import { randomText } from './back-off';
import type { ClientOptions } from './client-options';
import { hasSockets } from './open-socket';
import { RegistryHttp } from './registry-http';
import { RollcallError } from './rollcall-error';
import { SocketLink } from './socket-link';
import { pause, type Time } from './time';

/** What everything that one client does has in common. */
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

  /** @throws {RollcallError} `INVALID_REQUEST` where a socket is asked for in a runtime that has none. */
  assertSockets(): void {
    if (this.hasSockets) return;
    throw new RollcallError('INVALID_REQUEST', 'there is no WebSocket here; give the client one, or name no transport');
  }

  /** What this process calls itself. Chosen late: a Worker has no chance outside of a request. */
  get subscriber(): string {
    this.#subscriber ??= this.#options.subscriber ?? `client-${randomText(this.time)}`;
    return this.#subscriber;
  }

  /** How often a session pings, where it shall ping less often than the registry says. */
  get pingIntervalMs(): number | undefined {
    return this.#options.pingIntervalMs;
  }

  /** A name for one more connection beside the socket: a receipt over HTTP speaks for all that has its name. */
  nextSubscriber(): string {
    this.#names += 1;
    return `${this.subscriber}.${this.#names}`;
  }

  /** The one socket of all sessions of this time to live; watches take that of the default. */
  link(ttlMs?: number): SocketLink {
    const link = this.#links.get(ttlMs) ?? new SocketLink(this.http, this.#options, this.time, this.subscriber);
    // Many attempts fit into one time to live.
    if (ttlMs !== undefined) link.backOff.mostMs = Math.min(link.backOff.mostMs, ttlMs / 3);
    this.#links.set(ttlMs, link);
    return link;
  }

  /**
   * Finds out whether sockets get through to the registry, by opening this one. Where it does not open while the
   * registry answers otherwise, they do not; where nothing answers, time will tell.
   *
   * @param use Called when it is open, to begin using it.
   * @returns False where there is no way for sockets.
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

/** Whether a socket opens at the first attempt. While this is found out it has a user, and `use` gives it another. */
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
