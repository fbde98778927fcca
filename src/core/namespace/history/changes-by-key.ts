import { LRUCache } from 'lru-cache';
import type { Journal } from '../commit/journal';
import { changeHeads, decodeEntryChanges, type JournaledEntry } from '../entries/entry-changes';

/** Bytes of the parts that are kept decoded: keys that follow one another may be in parts that don't. */
const DECODED_MAX_BYTES = 4 * 1024 * 1024;

/**
 * The changes of entries, by key. It keeps the keys of the last revision, and the changes in the last few parts of it: many
 * keys may have changed in the same revision, and all their values may be larger than the memory.
 */
export class ChangesByKey {
  readonly #journal: Journal['entries'];
  #revision = -1;
  #isStaged = false;
  /** Places of the parts of the revision, by the keys in them. */
  readonly #places = new Map<string, number>();
  /** Changes that are not on the disk. */
  #drafted = new Map<string, JournaledEntry>();
  /** Changes in some of the parts, by their places. */
  readonly #parts = new LRUCache<number, Map<string, JournaledEntry>>({ maxSize: DECODED_MAX_BYTES });

  constructor({ entries }: Pick<Journal, 'entries'>) {
    this.#journal = entries;
  }

  at(revision: number, key: string): JournaledEntry | undefined {
    const isStaged = this.#journal.isStaged(revision);
    if (revision !== this.#revision || isStaged !== this.#isStaged) this.#turnTo(revision, isStaged);
    const place = this.#places.get(key);
    if (place === undefined) return this.#drafted.get(key);
    const known = this.#parts.get(place);
    if (known !== undefined) return known.get(key);
    const part = this.#journal.partAt(revision, place);
    return part && this.#decode(part, place).get(key);
  }

  #turnTo(revision: number, isStaged: boolean): void {
    this.#revision = revision;
    this.#isStaged = isStaged;
    this.#places.clear();
    this.#parts.clear();
    this.#drafted = byKey(this.#journal.draftedAt(revision));
    for (const { place, part } of this.#journal.placedParts(revision)) {
      // Most revisions have one part, which is then not read again.
      const keys = this.#parts.size === 0 ? this.#decode(part, place).values() : changeHeads(part);
      for (const { key } of keys) this.#places.set(key, place);
    }
  }

  #decode(part: ArrayBuffer, place: number): Map<string, JournaledEntry> {
    const changes = byKey(decodeEntryChanges(part, this.#revision));
    this.#parts.set(place, changes, { size: part.byteLength });
    return changes;
  }
}

const byKey = (changes: readonly JournaledEntry[]) => new Map(changes.map((change) => [change.key, change]));
