import { byteString, bytesOf } from '../../../model/bytes';
import type { SqlStorage } from '../../storage/sql-storage';
import { compare } from '../records/catalog';

/** An instance with a layout that would show it. */
export interface Shower {
  /** Kind of the layout. */
  readonly layout: string;
  readonly group: string;
  readonly service: string;
  readonly id: string;
}

/** Returns a name that no other shower has. */
export const nameOfShower = ({ layout, group, service, id }: Shower): string =>
  `${layout}\u0000${group}\u0000${service}\u0000${id}`;

/** Number of the space of shadowed entries, in the column `space` of the table `entry`. */
const SHADOWED = 3;

const PUT = `INSERT INTO entry (space, key, revision, created_revision, version, facts) VALUES (${SHADOWED}, ?, 0, 0, 1, ?)
  ON CONFLICT (space, key) DO UPDATE SET facts = excluded.facts`;

/**
 * The instances that layouts would show under a key that another entry has: one that a client put, or that of another
 * instance. They are few, and stored, so that a wake does not have to show every instance to find them.
 */
export class Shadowed {
  readonly #storage: SqlStorage;
  readonly #byKey = new Map<string, readonly Shower[]>();

  /** @param hasAny False if there are none, which saves looking for them. */
  constructor(storage: SqlStorage, hasAny: boolean) {
    this.#storage = storage;
    if (!hasAny) return;
    for (const [key, facts] of storage.read(`SELECT key, facts FROM entry WHERE space = ${SHADOWED}`)) {
      if (key instanceof ArrayBuffer) this.#byKey.set(byteString(new Uint8Array(key)), decode(String(facts)));
    }
  }

  get size(): number {
    return this.#byKey.size;
  }

  keys(): Iterable<string> {
    return this.#byKey.keys();
  }

  /** Returns the instances under a key, in the order in which they take it over. */
  at(key: string): readonly Shower[] {
    return this.#byKey.get(key) ?? [];
  }

  /** Replaces the instances under a key. Returns a function that writes the row, inside a commit. */
  set(key: string, showers: readonly Shower[]): () => void {
    const ordered = showers.toSorted((a, b) => compare(nameOfShower(a), nameOfShower(b)));
    if (ordered.length === 0) this.#byKey.delete(key);
    else this.#byKey.set(key, ordered);
    const blob = bytesOf(key).buffer;
    if (ordered.length > 0) return () => this.#storage.run(PUT, blob, encode(ordered));
    return () => this.#storage.run(`DELETE FROM entry WHERE space = ${SHADOWED} AND key = ?`, blob);
  }
}

const encode = (showers: readonly Shower[]): string =>
  JSON.stringify(showers.map(({ layout, group, service, id }) => [layout, group, service, id]));

function decode(text: string): Shower[] {
  const showers = JSON.parse(text) as [string, string, string, string][]; // `as`: only encode writes these texts
  return showers.map(([layout, group, service, id]) => ({ layout, group, service, id }));
}
