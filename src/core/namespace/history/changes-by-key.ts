import type { Journal } from '../commit/journal';
import { changeHeads, decodeEntryChanges, type JournaledEntry } from '../entries/entry-changes';

/**
 * The changes of entries, by key. It keeps the keys of the last revision, and the changes in the last part of it: many keys
 * may have changed in the same revision, and all their values may be larger than the memory.
 */
export class ChangesByKey {
  readonly #journal: Journal['entries'];
  #revision = -1;
  #isStaged = false;
  /** Places of the parts of the revision, by the keys in them. */
  readonly #places = new Map<string, number>();
  /** Changes that are in memory: those in one part, or those that are not on the disk. */
  #changes = new Map<string, JournaledEntry>();

  constructor({ entries }: Pick<Journal, 'entries'>) {
    this.#journal = entries;
  }

  at(revision: number, key: string): JournaledEntry | undefined {
    const isStaged = this.#journal.isStaged(revision);
    if (revision !== this.#revision || isStaged !== this.#isStaged) this.#turnTo(revision, isStaged);
    const known = this.#changes.get(key);
    const place = this.#places.get(key);
    if (known !== undefined || place === undefined) return known;
    const part = this.#journal.partAt(revision, place);
    if (part === undefined) return undefined;
    this.#keep(decodeEntryChanges(part, revision));
    return this.#changes.get(key);
  }

  #turnTo(revision: number, isStaged: boolean): void {
    this.#revision = revision;
    this.#isStaged = isStaged;
    this.#places.clear();
    this.#keep(this.#journal.draftedAt(revision));
    let first: ArrayBuffer | undefined;
    for (const { place, part } of this.#journal.placedParts(revision)) {
      // Most revisions have one part, which is then not read again.
      if (first === undefined) {
        first = part;
        this.#keep(decodeEntryChanges(part, revision));
      }
      for (const { key } of first === part ? this.#changes.values() : changeHeads(part)) this.#places.set(key, place);
    }
  }

  #keep(changes: readonly JournaledEntry[]): void {
    this.#changes = new Map(changes.map((change) => [change.key, change]));
  }
}
