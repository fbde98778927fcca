import type { Dialect } from '../../src/http/pipeline/dialect';
import type { NamespaceIntervals } from '../../src/model/namespace';
import type { NamespaceApi } from '../../src/model/namespace-api';
import { TestApp } from '../fixtures/test-app';
import type { HourlyUsage } from './bill';
import { MeteredNamespace } from './metered-namespace';

/** Isolates that serve a fleet's requests; each client keeps its connection, and so its isolate. Assumed; see the page. */
export const ISOLATES = 10;

const MINUTES_PER_HOUR = 60;
const MINUTE_MS = 60_000;

/** A periodic action of a fleet's clients, each at its own time. */
export interface Habit {
  everyMs: number;
  /** Number of clients that do it, numbered from 0. */
  clients: number;
  act: (client: number) => Promise<unknown>;
}

/** A door in several isolates in front of one namespace, and a fleet whose requests are counted. */
export class MeteredFleet {
  readonly #metered = new MeteredNamespace();
  readonly #isolates: TestApp[];
  readonly #token: string;
  #requests = 0;
  #failures = 0;

  /** @param intervals Intervals that the namespace sets for its clients. */
  constructor(dialects: readonly Dialect[], intervals: NamespaceIntervals = {}) {
    this.#metered.namespace.state.settings.replace({ retention: {}, limits: {}, intervals });
    // Every call wakes the object if it sleeps; `as`: all methods are called alike.
    const calls = new Proxy(this.#metered.namespace.api, {
      get:
        (_, method: keyof NamespaceApi) =>
        (...asked: unknown[]) =>
          this.#metered.event(() => {
            const { api } = this.#metered.namespace;
            return (api[method] as (...asked: unknown[]) => Promise<unknown>).apply(api, asked);
          }),
    });
    this.#isolates = Array.from({ length: ISOLATES }, () => new TestApp({ dialects, calls }));
    // Each isolate's directory issues the same token, because it is its first.
    const [token = ''] = this.#isolates.map(
      ({ directory }) => directory.give([{ scope: 'admin', ns: 'public' }]).token,
    );
    this.#token = token;
  }

  /** Sends a request of one client. */
  async send(client: number, method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const app = this.#isolates[client % ISOLATES];
    if (app === undefined) throw new Error(`there is no isolate for client ${client}`);
    this.#requests += 1;
    app.now = this.#now;
    const headers = { authorization: `Bearer ${this.#token}`, ...init.headers };
    const response = await app.send(method, path, { ...init, headers });
    if (!response.ok) this.#failures += 1;
    return response;
  }

  /** Runs the fleet for a minute, and then counts some minutes and extrapolates to an hour. */
  async hour(habits: readonly Habit[], minutes: number): Promise<HourlyUsage> {
    await this.live(habits, 1);
    const before = await this.#usage();
    await this.live(habits, minutes);
    const after = await this.#usage();
    if (this.#failures > 0) throw new Error(`${this.#failures} requests failed`);
    const scale = MINUTES_PER_HOUR / minutes;
    // `as`: the same members, each a number.
    return Object.fromEntries(
      Object.entries(after).map(([name, value]) => [
        name,
        Math.round((value - before[name as keyof HourlyUsage]) * scale),
      ]),
    ) as unknown as HourlyUsage;
  }

  get #now(): number {
    return this.#metered.namespace.platform.clock.now();
  }

  /** Runs the fleet for some minutes. */
  async live(habits: readonly Habit[], minutes: number): Promise<void> {
    const begin = this.#now;
    const acts = habits.flatMap(({ everyMs, clients, act }) =>
      Array.from({ length: Math.round((minutes * MINUTE_MS * clients) / everyMs) }, (_, turn) => ({
        at: ((turn + 1) * everyMs) / clients,
        act: () => act(turn % clients),
      })),
    );
    for (const { at, act } of acts.sort((a, b) => a.at - b.at)) {
      await this.#metered.passUntil(begin + at);
      await act();
    }
  }

  async #usage(): Promise<HourlyUsage> {
    const directoryRequests = this.#isolates.reduce((sum, { directory }) => sum + directory.asked.length, 0);
    return { ...(await this.#metered.cost(0)), workerRequests: this.#requests, directoryRequests };
  }
}
