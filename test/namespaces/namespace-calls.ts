import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningRegistry } from '../programs/registry';

type Place = Pick<RunningRegistry, 'url' | 'rootToken'>;

/** Calls many namespaces of one registry with the root token. */
export class NamespaceCalls {
  readonly #registry: Place;

  constructor(registry: Place) {
    this.#registry = registry;
  }

  /** Calls a namespace. @throws {Error} if the call is refused. */
  async call<Body>(method: string, path: string, body?: object): Promise<Body> {
    const { url, rootToken } = this.#registry;
    const response = await fetch(`${url}/api/v1/ns${path}`, {
      method,
      headers: { authorization: `Bearer ${rootToken}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as Body; // `as`: the caller knows the answer's shape
  }

  async register(ns: string, id: string, more: object): Promise<void> {
    const body = { address: '10.0.0.7', port: 80, ...more };
    await this.call('PUT', `/${ns}/groups/DEFAULT_GROUP/services/orders/instances/${id}`, body);
  }

  /** Returns the ports of the instances that a namespace resolves to. */
  async ports(ns: string): Promise<number[]> {
    const path = `/${ns}/groups/DEFAULT_GROUP/services/orders/resolve`;
    return (await this.call<{ instances: { port: number }[] }>('GET', path)).instances.map(({ port }) => port);
  }

  /** Returns when a namespace last woke, in milliseconds since the epoch. */
  async wokeAt(ns: string): Promise<number> {
    const { sinceStart } = await this.call<{ sinceStart: { wokeAt: string } }>('GET', `/${ns}/stats`);
    return Date.parse(sinceStart.wokeAt);
  }

  /** Returns when the lease of an instance ended, in milliseconds since the epoch; undefined if it has not. */
  async expiredAt(ns: string, id: string): Promise<number | undefined> {
    const query = `group=DEFAULT_GROUP&service=orders&instance=${id}`;
    const { entries } = await this.call<{ entries: { at: string; changes: { cause: string }[] }[] }>(
      'GET',
      `/${ns}/history?${query}`,
    );
    const end = entries.find(({ changes }) => changes.some(({ cause }) => cause === 'expired'));
    return end && Date.parse(end.at);
  }
}

/** Applies a function to each item, some concurrently, and reports progress from time to time. */
export async function forEach<Item>(what: string, items: readonly Item[], work: (item: Item) => Promise<void>) {
  const startedAt = performance.now();
  let next = 0;
  let done = 0;
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1);
  const worker = async () => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) {
      await work(item);
      done += 1;
      if (done % 1_000 === 0) console.log(`${what}: ${done} of ${items.length} in ${seconds()} s`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

/** Repeats calls until it is stopped, each of them after its previous answer. */
export class Beats {
  /** Durations of the calls, in milliseconds. */
  readonly took: number[] = [];
  readonly failures: unknown[] = [];
  #isOver = false;
  readonly #running: Promise<void>[];

  /** @param intervalMs Time between the answer of a call and the next. */
  constructor(calls: (() => Promise<unknown>)[], intervalMs: number) {
    this.#running = calls.map(async (call) => {
      await sleep(Math.random() * intervalMs);
      while (!this.#isOver) {
        const startedAt = performance.now();
        await call().catch((error: unknown) => this.failures.push(error));
        this.took.push(performance.now() - startedAt);
        await sleep(intervalMs);
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }
}
