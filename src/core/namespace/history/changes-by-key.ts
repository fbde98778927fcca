import { LRUCache } from 'lru-cache';
import { PAST_KEYS_KEPT_MAX_COUNT, PAST_PARTS_DECODED_MAX_BYTES } from '../../../model/limits';
import type { Journal } from '../commit/journal';
import { changeHeads, decodeEntryChanges, type JournaledEntry } from '../entries/entry-changes';

/** Changes of a revision. */
interface ChangesAt {
  isStaged: boolean;
  /** Those that are not on the disk. */
  drafted: ReadonlyMap<string, JournaledEntry>;
  /** Places of the parts, by the keys in them. */
  places: ReadonlyMap<string, number>;
}

/**
 * The changes of entries, by key. It keeps the keys of the last few revisions, and the changes in the last few parts of them:
 * keys that follow one another alternate between the same revisions, and between parts of one, but all the values of a
 * revision may be larger than the memory.
 */
export class ChangesByKey {
  readonly #journal: Journal['entries'];
  readonly #revisions = new LRUCache<number, ChangesAt>({
    maxSize: PAST_KEYS_KEPT_MAX_COUNT,
    sizeCalculation: ({ drafted, places }) => 1 + drafted.size + places.size,
  });
  /** Changes in some of the parts, by revision and place. */
  readonly #parts = new LRUCache<string, ReadonlyMap<string, JournaledEntry>>({
    maxSize: PAST_PARTS_DECODED_MAX_BYTES,
  });

  constructor({ entries }: Pick<Journal, 'entries'>) {
    this.#journal = entries;
  }

  at(revision: number, key: string): JournaledEntry | undefined {
    const isStaged = this.#journal.isStaged(revision);
    const known = this.#revisions.get(revision);
    const { drafted, places } = known?.isStaged === isStaged ? known : this.#read(revision, isStaged);
    const place = places.get(key);
    if (place === undefined) return drafted.get(key);
    const kept = this.#parts.get(nameOf(revision, isStaged, place));
    if (kept !== undefined) return kept.get(key);
    const part = this.#journal.partAt(revision, place);
    return part && this.#decode(revision, isStaged, place, part).get(key);
  }

  #read(revision: number, isStaged: boolean): ChangesAt {
    const places = new Map<string, number>();
    for (const { place, part } of this.#journal.placedParts(revision)) {
      // Most revisions have one part, which is then not read again.
      const keys = places.size === 0 ? this.#decode(revision, isStaged, place, part).values() : changeHeads(part);
      for (const { key } of keys) places.set(key, place);
    }
    const read = { isStaged, drafted: byKey(this.#journal.draftedAt(revision)), places };
    this.#revisions.set(revision, read);
    return read;
  }

  #decode(revision: number, isStaged: boolean, place: number, part: ArrayBuffer): ReadonlyMap<string, JournaledEntry> {
    const changes = byKey(decodeEntryChanges(part, revision));
    this.#parts.set(nameOf(revision, isStaged, place), changes, { size: part.byteLength });
    return changes;
  }
}

const nameOf = (revision: number, isStaged: boolean, place: number) => `${revision} ${isStaged} ${place}`;

const byKey = (changes: readonly JournaledEntry[]) => new Map(changes.map((change) => [change.key, change]));
