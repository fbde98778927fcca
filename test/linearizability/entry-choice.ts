import type { SeededRandom } from '../simulation/seeded-random';
import { type Answer, type Call, type EntryStep, type Key, keyOf } from './operation';

/** Groups of entries: no transaction uses keys of two. */
export const ENTRY_GROUPS = ['e0', 'e1'] as const;

/** Few keys, so that several clients compare and swap the same ones. */
export const ENTRY_IDS = ['a', 'b', 'c'] as const;

/** Returns the call that reads a group. */
export function readingOf(group: string): Call {
  return { kind: 'transact', if: [], do: [{ op: 'range', group }], else: [] };
}

/** Chooses the next transaction of a client. Its compares use what the client last saw, so that they often hold. */
export class EntryChoice {
  readonly #client: string;
  readonly #random: SeededRandom;
  readonly #seen = new Map<Key, string | null>();
  #asked: Extract<Call, { kind: 'transact' }> | undefined;
  #marks = 0;

  constructor(client: string, random: SeededRandom) {
    this.#client = client;
    this.#random = random;
  }

  next(): Call {
    const group = this.#random.pick(ENTRY_GROUPS);
    const keys = ENTRY_IDS.map((id) => keyOf(group, id));
    const key = keyOf(group, this.#random.pick(ENTRY_IDS));
    const range: EntryStep = { op: 'range', group };
    const compared = keys.filter((each) => each === key || this.#random.chance(0.2));
    const compares = compared.map((each) => ({ key: each, value: this.#seen.get(each) ?? null }));
    const changes = keys.filter((each) => each === key || this.#random.chance(0.4)).map((each) => this.#change(each));
    const kind = this.#random.weighted({ swap: 6, blind: 2, read: 2 });
    this.#asked =
      kind === 'swap'
        ? { kind: 'transact', if: compares, do: changes, else: [range] }
        : { kind: 'transact', if: [], do: kind === 'blind' ? [range, ...changes, range] : [range], else: [] };
    return this.#asked;
  }

  /** Remembers the values that an answer shows, and those that it confirms. */
  learn(answer: Answer): void {
    const asked = this.#asked;
    if (answer.kind !== 'transacted' || asked === undefined) return;
    for (const [index, step] of (answer.succeeded ? asked.do : asked.else).entries()) {
      const result = answer.results[index];
      if (step.op === 'put') this.#seen.set(step.key, step.value);
      else if (step.op === 'delete') this.#seen.set(step.key, null);
      else if (result?.op === 'range') {
        for (const id of ENTRY_IDS) this.#seen.set(keyOf(step.group, id), null);
        for (const { key, value } of result.entries) this.#seen.set(key, value);
      }
    }
  }

  #change(key: Key): EntryStep {
    if (this.#random.chance(0.2)) return { op: 'delete', key };
    return { op: 'put', key, value: `${this.#client}.${++this.#marks}` };
  }
}
