import { describe, expect, it } from 'vitest';
import { DEFAULT_RETENTION } from '../../src/core/namespace/commit/journal';
import type { InstanceView } from '../../src/model/instance';
import type { NamespaceApi } from '../../src/model/namespace-api';
import { NodeNamespace } from '../fixtures/node-namespace';
import { TestApp } from '../fixtures/test-app';
import { SeededRandom } from '../simulation/seeded-random';

const SEEDS = Array.from({ length: 4 }, (_, index) => index + 1);
const STEPS = 100;
const NS = '/api/v1/ns/public';
const SERVICES = ['orders', 'users'] as const;
const IDS = ['a', 'b', 'c', 'd'] as const;

/** Short enough that some of the past is forgotten during the test. */
const RETENTION = { ...DEFAULT_RETENTION, maxAgeMs: 600_000 };

/** The answers of plain reads of both services, under one cursor. */
interface Seen {
  cursor: string;
  /** Its revision was committed after this time, by the registry's clock. */
  madeAfter: number;
  lists: unknown[][];
}

/** A registry that is used only over HTTP, with the answers of reads after each event. */
class HttpPast {
  readonly namespace = new NodeNamespace(RETENTION);
  readonly random: SeededRandom;
  readonly seen: Seen[] = [];
  readonly #app: TestApp;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    // Keep the app when the namespace wakes again.
    const calls = new Proxy(this.namespace.api, {
      get: (_first, method: keyof NamespaceApi) => this.namespace.api[method].bind(this.namespace.api),
    });
    this.#app = new TestApp({ calls });
  }

  async live(): Promise<void> {
    await this.#look(0);
    for (let step = 0; step < STEPS; step++) {
      const begunAt = this.namespace.platform.clock.now();
      await this.#act();
      await this.#look(begunAt);
    }
  }

  /** Lists the instances of a service now, or at a revision; undefined if that is no longer kept. */
  async list(service: string, at?: string): Promise<{ cursor: string; instances: unknown[] } | undefined> {
    const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
    const response = await this.#app.ask('GET', `${pathOf(service)}/instances${query}`);
    if (response.status === 410) return undefined;
    expect(response.status).toBe(200);
    const { instances } = (await response.json()) as { instances: InstanceView[] }; // `as`: the route's answer
    // Ignores the flapping mark, which ends by time alone and is not part of the past.
    const lasting = instances.map(({ flapping: _flapping, ...view }) => view);
    return { cursor: response.headers.get('rollcall-cursor') ?? '', instances: lasting };
  }

  async #look(madeAfter: number): Promise<void> {
    const lists = [];
    for (const service of SERVICES) lists.push(await this.list(service));
    const [first, second] = lists;
    // A read may itself detect that a lease has lapsed; then the two reads are of different revisions.
    if (first === undefined || second === undefined || first.cursor !== second.cursor) return;
    if (first.cursor === this.seen.at(-1)?.cursor) return;
    this.seen.push({ cursor: first.cursor, madeAfter, lists: [first.instances, second.instances] });
  }

  async #act(): Promise<void> {
    const { random } = this;
    const service = random.pick(SERVICES);
    const id = random.pick(IDS);
    const one = `${pathOf(service)}/instances/${id}`;
    const port = random.whole(1, 9);
    const place = { address: '10.0.0.7', port };
    const lease = random.chance(0.5) ? { ttlMs: 10_000, removeAfterMs: 20_000 } : { ttlMs: 5_000, removeAfterMs: null };
    const past = random.pick(this.seen as [Seen, ...Seen[]]).cursor; // `as`: the first read comes before the first act
    const actions: Record<string, () => Promise<unknown>> = {
      register: () => this.#ask('PUT', one, { ...place, lease }),
      beat: () => this.#ask('POST', `${one}/heartbeat`),
      patch: () => this.#ask('PATCH', one, { weight: port, metadata: { port: String(port) } }),
      deregister: () => this.#ask('DELETE', one),
      override: () => this.#ask('PUT', `${one}/override`, { enabled: port > 4 }),
      clear: () => this.#ask('DELETE', `${one}/override`),
      service: () => this.#ask('PUT', pathOf(service), { protectThreshold: port / 10 }),
      remove: () => this.#ask('DELETE', `${pathOf(service)}?force`),
      rollback: () => this.#ask('POST', `${pathOf(service)}/rollback`, { to: past }),
      batch: () => this.#ask('POST', `${NS}/batch`, { operations: SERVICES.map((name) => registerIn(name, place)) }),
      pass: () => this.namespace.pass(Math.round(random.magnitude(100, 700_000))),
      restart: () => this.namespace.restart(),
    };
    const weights = { register: 8, beat: 3, patch: 3, deregister: 3, override: 4, clear: 2, service: 2, remove: 1 };
    await actions[random.weighted({ ...weights, rollback: 1, batch: 2, pass: 5, restart: 1 })]?.();
  }

  /** Makes a call. Many find nothing to change and are refused, which is allowed. */
  async #ask(method: string, path: string, body?: unknown): Promise<void> {
    const { status } = await this.#app.ask(method, path, body);
    expect([200, 201, 204, 404, 409, 410], `${method} ${path}`).toContain(status);
  }
}

const pathOf = (service: string): string => `${NS}/groups/DEFAULT_GROUP/services/${service}`;

const registerIn = (service: string, place: object) => ({ op: 'register', service, id: 'a', ...place });

describe('a read as of a cursor over HTTP', () => {
  it('[I7, J6] equals the read at that time, for every retained cursor', async () => {
    let forgotten = 0;
    for (const seed of SEEDS) {
      const past = new HttpPast(seed);
      await past.live();
      const now = past.namespace.platform.clock.now();
      let kept = 0;
      for (const { cursor, madeAfter, lists } of past.seen) {
        for (const [index, service] of SERVICES.entries()) {
          const then = await past.list(service, cursor);
          if (then === undefined) {
            // Compaction forgets only old revisions, the oldest first.
            expect({ seed, kept, isOld: now - madeAfter > RETENTION.maxAgeMs }).toEqual({ seed, kept: 0, isOld: true });
            forgotten += 1;
            continue;
          }
          kept += 1;
          expect({ seed, ...then }).toEqual({ seed, cursor, instances: lists[index] });
        }
      }
      expect(kept, `seed ${seed}`).toBeGreaterThan(20);
    }
    // The run must meet both kept and forgotten revisions.
    expect(forgotten).toBeGreaterThan(0);
  });
});
