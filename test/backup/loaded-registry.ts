import { expect } from 'vitest';
import type { HistoryPage } from '../../src/client/wire/history-answers';
import type { RunningRegistry } from '../programs/registry';
import { SeededRandom } from '../simulation/seeded-random';

/** Address of a registry, and a token that may do everything. */
export type Place = Pick<RunningRegistry, 'url' | 'rootToken'>;

/** Makes one call of the native API. The path starts after `/api/v1`. */
export async function ask(place: Place, method: string, path: string, body?: unknown): Promise<Response> {
  const headers = { Authorization: `Bearer ${place.rootToken}`, 'Content-Type': 'application/json' };
  return fetch(`${place.url}/api/v1${path}`, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
}

/** Returns the body of a call that must succeed. */
export async function answerOf<Body>(place: Place, method: string, path: string, body?: unknown): Promise<Body> {
  const answer = await ask(place, method, path, body);
  const text = await answer.text();
  expect(answer.ok, `${method} ${path}: ${answer.status} ${text}`).toBe(true);
  return (text === '' ? undefined : JSON.parse(text)) as Body; // `as`: the caller knows the response
}

export const servicePath = (ns: string, service: string): string =>
  `/ns/${ns}/groups/DEFAULT_GROUP/services/${service}`;

/** Returns the cursor of a response. */
export const cursorOf = (answer: Response): string => answer.headers.get('rollcall-cursor') ?? '';

/** Returns a service's instances as a plain read shows them, now or at a past time. */
export async function listOf(place: Place, ns: string, service: string, at?: string): Promise<unknown[]> {
  const query = at === undefined ? '' : `?at=${encodeURIComponent(at)}`;
  const path = `${servicePath(ns, service)}/instances${query}`;
  return (await answerOf<{ instances: unknown[] }>(place, 'GET', path)).instances;
}

/** Returns the cursor that the history gives for a revision. */
export async function cursorAt(place: Place, ns: string, revision: number): Promise<string> {
  let after = '';
  for (;;) {
    const page = await answerOf<HistoryPage>(place, 'GET', `/ns/${ns}/history?limit=1000${after}`);
    const entry = page.entries.find((candidate) => candidate.revision === revision);
    if (entry !== undefined) return entry.cursor;
    if (page.next === undefined) throw new Error(`the history of ${ns} has no revision ${revision}`);
    after = `&after=${encodeURIComponent(page.next)}`;
  }
}

/** Writers on namespaces of a registry. Pairs of instances change in one batch, so no state ever had half of one. */
export class Load {
  readonly #place: Place;
  readonly #random: SeededRandom;
  readonly #writers: Promise<void>[];
  #isOver = false;
  /** Number of writes that were acknowledged, and refusals. */
  acknowledged = 0;
  readonly refusals: string[] = [];
  /** Newest cursor received, by namespace. */
  readonly revisions = new Map<string, number>();

  constructor(place: Place, seed: number, namespaces: readonly string[]) {
    this.#place = place;
    this.#random = new SeededRandom(seed);
    this.#writers = namespaces.flatMap((ns) => [this.#write(ns), this.#write(ns)]);
  }

  /** Stops after pending calls are answered. */
  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#writers);
  }

  async #write(ns: string): Promise<void> {
    while (!this.#isOver) {
      const id = this.#random.whole(0, 40);
      const port = this.#random.whole(1, 60_000);
      const register = (name: string) =>
        ({ op: 'register', service: 'pairs', id: `${id}-${name}`, address: '10.0.0.1', port, lease: LEASE }) as const;
      const deregister = (name: string) => ({ op: 'deregister', service: 'pairs', id: `${id}-${name}` }) as const;
      const what = this.#random.chance(0.2) ? deregister : register;
      const answer = await ask(this.#place, 'POST', `/ns/${ns}/batch`, { operations: [what('a'), what('b')] });
      const text = await answer.text();
      if (!answer.ok) this.refusals.push(`${answer.status} ${text}`);
      else {
        const { revision } = JSON.parse(text) as { revision: number };
        this.revisions.set(ns, Math.max(this.revisions.get(ns) ?? 0, revision));
        this.acknowledged += 1;
      }
    }
  }
}

/** Long enough that no instance expires. */
const LEASE = { ttlMs: 3_600_000 };
