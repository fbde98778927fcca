import { type Entry, isSynthetic } from './entry';

/** Amounts of entries that a token holds. */
export interface EntryHolding {
  /** Id of the token. */
  readonly token: string;
  count: number;
  /** Length of the keys. */
  keyBytes: number;
  /** Length of keys and values. */
  bytes: number;
}

/** Returns the token that holds an entry: the one that put it last. Synthetic entries belong to none. */
export function holderOf({ facts }: Pick<Entry, 'facts'>): string {
  return facts === null || isSynthetic({ facts }) ? '' : facts.actor;
}

/** Sums over the entries of a namespace: of all, and of each token. */
export class EntrySums {
  /** Those of all entries. */
  readonly all: EntryHolding = newHolding('');
  readonly #byToken = new Map<string, EntryHolding>();
  /** The holding that was looked up last: entries of one token often follow one another. */
  #last: EntryHolding = newHolding('');

  add(entry: Entry): void {
    const token = holderOf(entry);
    if (this.#last.token !== token || this.#last.count === 0) this.#last = this.#holdingFor(token);
    addTo(this.all, entry, 1);
    addTo(this.#last, entry, 1);
  }

  take(entry: Entry): void {
    const holding = this.#holdingFor(holderOf(entry));
    addTo(this.all, entry, -1);
    addTo(holding, entry, -1);
    if (holding.count === 0) this.#byToken.delete(holding.token);
  }

  /** Returns what a token holds. */
  of(token: string): Readonly<EntryHolding> {
    return this.#byToken.get(token) ?? newHolding(token);
  }

  /** Yields what each token holds. */
  holdings(): Iterable<Readonly<EntryHolding>> {
    return this.#byToken.values();
  }

  #holdingFor(token: string): EntryHolding {
    let holding = this.#byToken.get(token);
    if (holding === undefined) {
      holding = newHolding(token);
      this.#byToken.set(token, holding);
    }
    return holding;
  }
}

function newHolding(token: string): EntryHolding {
  return { token, count: 0, keyBytes: 0, bytes: 0 };
}

function addTo(holding: EntryHolding, { key, size }: Entry, sign: 1 | -1): void {
  holding.count += sign;
  holding.keyBytes += sign * key.length;
  holding.bytes += sign * (key.length + size);
}
