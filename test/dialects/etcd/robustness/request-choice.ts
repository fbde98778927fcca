import type { SeededRandom } from '../../../simulation/seeded-random';
import type { Answer, Request, Step } from './history';

/** Keys of all clients: few, so that they meet. */
const KEYS = ['k/a', 'k/b', 'k/c', 'k/d', 'k/e', 'k/f', 'k/g', 'k/h'] as const;

/** Longest distance of a read in the past from the newest revision that its client knows. */
const PAST_MAX_REVISIONS = 400;

/** Chooses the next request of a client. */
export class RequestChoice {
  readonly #client: string;
  readonly #random: SeededRandom;
  /** The last revision that it knows of each key. */
  readonly #known = new Map<string, number>();
  #revision = 1;
  #values = 0;

  constructor(client: string, random: SeededRandom) {
    this.#client = client;
    this.#random = random;
  }

  next(): Request {
    const random = this.#random;
    const kind = random.weighted({ put: 30, delete: 8, clear: 2, cas: 18, multi: 10, range: 16, past: 8, stale: 8 });
    const key = random.pick(KEYS);
    switch (kind) {
      case 'put':
        return plain(this.#put(key));
      case 'delete':
        return plain({ op: 'delete', key, end: '', prevKv: random.chance(0.5) });
      case 'clear':
        return plain({ op: 'delete', key, end: random.pick(KEYS), prevKv: true });
      case 'cas': {
        const operand = this.#known.get(key) ?? 0;
        const failure: Step[] = [{ op: 'range', key, end: '', limit: 0 }];
        return { kind: 'txn', compares: [{ key, target: 'modified', operand }], success: [this.#put(key)], failure };
      }
      case 'multi':
        return this.#multi();
      case 'range':
        return { kind: 'range', step: this.#range(key), revision: 0, serializable: false };
      case 'past': {
        const revision = Math.max(1, this.#revision - random.whole(0, PAST_MAX_REVISIONS));
        return { kind: 'range', step: this.#range(key), revision, serializable: random.chance(0.3) };
      }
      case 'stale':
        return { kind: 'range', step: this.#range(key), revision: 0, serializable: true };
    }
  }

  /** Takes note of an answer, so that later conditions often hold. */
  learn(answer: Answer): void {
    this.#revision = Math.max(this.#revision, answer.revision);
    for (const result of answer.results) {
      if (result.op !== 'range') continue;
      for (const { key, modified } of result.keys) this.#known.set(key, modified);
    }
  }

  #put(key: string): Step {
    return { op: 'put', key, value: `${this.#client}.${++this.#values}`, lease: '0', prevKv: this.#random.chance(0.5) };
  }

  #range(key: string): Extract<Step, { op: 'range' }> {
    const random = this.#random;
    if (random.chance(0.4)) return { op: 'range', key, end: '', limit: 0 };
    return { op: 'range', key: 'k/', end: 'k0', limit: random.chance(0.3) ? random.whole(1, 5) : 0 };
  }

  /** Puts several keys, deletes some, and reads between them. */
  #multi(): Request {
    const random = this.#random;
    const from = random.whole(0, KEYS.length - 4);
    const [first, second, third] = KEYS.slice(from, from + 3);
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are enough keys');
    const success: Step[] = [this.#put(first), { op: 'range', key: 'k/', end: 'k0', limit: 0 }, this.#put(second)];
    if (random.chance(0.5)) success.push({ op: 'delete', key: third, end: 'k0', prevKv: true });
    const failure: Step[] = [this.#put(third)];
    const target = random.pick(['version', 'created'] as const);
    return { kind: 'txn', compares: [{ key: third, target, operand: 0 }], success, failure };
  }
}

const plain = (step: Step): Request => ({ kind: 'txn', compares: [], success: [step], failure: [] });
