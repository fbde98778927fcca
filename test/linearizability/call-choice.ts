import type { Position } from '../../src/model/cursor';
import type { SeededRandom } from '../simulation/seeded-random';
import { type Answer, type Call, type Condition, type Content, type Key, keyOf, type Step } from './operation';

const IDS = ['a', 'b', 'c'] as const;

/** Two services that are called together, separate from all others. */
export interface Quarter {
  services: readonly [string, string];
}

export function quartersOf(count: number): [Quarter, ...Quarter[]] {
  const quarter = (number: number): Quarter => ({ services: [`s${number}-x`, `s${number}-y`] });
  return [quarter(0), ...Array.from({ length: count - 1 }, (_, index) => quarter(index + 1))];
}

/** Chooses a client's next call. Conditions use what the client last saw, so that they often hold, but not always. */
export class CallChoice {
  readonly #client: string;
  readonly #random: SeededRandom;
  readonly #quarters: readonly [Quarter, ...Quarter[]];
  /** Its last registration by key: repeating it renews. */
  readonly #said = new Map<Key, Content>();
  readonly #revisions = new Map<Key, number>();
  #seen: Position | undefined;
  #marks = 0;

  constructor(client: string, random: SeededRandom, quarters: readonly [Quarter, ...Quarter[]]) {
    this.#client = client;
    this.#random = random;
    this.#quarters = quarters;
  }

  next(): Call {
    const random = this.#random;
    const quarter = random.pick(this.#quarters);
    const service = random.pick(quarter.services);
    const key = keyOf(service, random.pick(IDS));
    const kind = random.weighted({ change: 8, batch: 4, read: 4, list: 4, renew: 4, renewMany: 1 });
    switch (kind) {
      case 'change':
        return { kind: 'change', steps: [this.#step(key, this.#singleCondition())] };
      case 'batch':
        return { kind: 'change', steps: this.batch(quarter) };
      case 'read':
        return { kind, key, since: random.chance(0.3) ? this.#seen : undefined };
      case 'list':
        return { kind, service, since: random.chance(0.3) ? this.#seen : undefined };
      case 'renew':
        return { kind, keys: [key] };
      case 'renewMany':
        return { kind: 'renew', keys: this.#some(quarter) };
    }
  }

  /** Returns changes of one to all records of a quarter, some with a condition. */
  batch(quarter: Quarter): Step[] {
    return this.#some(quarter).map((key) => this.#step(key, this.#batchCondition(key)));
  }

  /** Remembers the records and the cursor of an answer. */
  learn(answer: Answer): void {
    if ('at' in answer) this.#seen = answer.at;
    const shown = answer.kind === 'shown' ? answer.records : [];
    const confirmed = answer.kind === 'changed' ? answer.results.flatMap((result) => result.shown ?? []) : [];
    for (const { key, revision } of [...shown, ...confirmed]) this.#revisions.set(key, revision);
  }

  #some(quarter: Quarter): Key[] {
    const services = this.#random.chance(0.3) ? quarter.services : [this.#random.pick(quarter.services)];
    const keys = services.flatMap((service) => IDS.map((id) => keyOf(service, id)));
    const chosen = keys.filter(() => this.#random.chance(0.5));
    return chosen.length === 0 ? keys.slice(0, 1) : chosen;
  }

  #step(key: Key, condition: Condition): Step {
    const op = this.#random.weighted({ register: 6, repeat: 1, update: 3, deregister: 2 });
    const mark = `${this.#client}.${++this.#marks}`;
    if (op === 'deregister') return { op, key, condition };
    if (op === 'update') return { op, key, condition, weight: this.#weight(), metadata: { patched: mark } };
    const said = op === 'repeat' ? this.#said.get(key) : undefined;
    const content = said ?? { weight: this.#weight(), metadata: { mark }, lease: this.#lease() };
    this.#said.set(key, content);
    return { op: 'register', key, condition, content };
  }

  #singleCondition(): Condition {
    const kind = this.#random.weighted({ none: 6, absent: 1, present: 1, unchanged: 3 });
    if (kind === 'absent') return { absent: true };
    if (kind === 'present') return { absent: false };
    return kind === 'unchanged' && this.#seen !== undefined ? { since: this.#seen } : {};
  }

  #batchCondition(key: Key): Condition {
    const kind = this.#random.weighted({ none: 8, absent: 1, revision: 2 });
    if (kind === 'absent') return { absent: true };
    const revision = this.#revisions.get(key);
    return kind === 'revision' && revision !== undefined ? { revision } : {};
  }

  /** Short leases, so that some expire within a history; one instance in four has none. */
  #lease(): Content['lease'] {
    if (this.#random.chance(0.25)) return null;
    const ttlMs = this.#random.whole(1_000, 2_500);
    return { ttlMs, removeAfterMs: ttlMs + (this.#random.chance(0.5) ? 0 : this.#random.whole(1, 1_500)) };
  }

  #weight(): number {
    return this.#random.whole(1, 1_000);
  }
}
