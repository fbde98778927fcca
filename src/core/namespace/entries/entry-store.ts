import { LRUCache } from 'lru-cache';
import { isWithin, type KeyInterval, splitAt } from '../../../model/key-interval';
import {
  ENTRIES_READ_AT_ONCE_MAX_BYTES,
  ENTRIES_READ_AT_ONCE_MAX_COUNT,
  ENTRY_CACHE_MAX_BYTES,
  ENTRY_DELETIONS_KNOWN_MAX_COUNT,
  ENTRY_FACTS_MAX_COUNT,
  PAST_SLICE_MAX_COUNT,
} from '../../../model/limits';
import type { SqlStorage } from '../../storage/sql-storage';
import {
  decodeFacts,
  type Entry,
  type EntryFacts,
  encodeFacts,
  isHeld,
  sharedFactsText,
  type WholeEntry,
} from './entry';
import { EntryIndex } from './entry-index';
import {
  type EntryRow,
  readEntryFacts,
  readEntryHead,
  readEntryHeadAt,
  readEntryHeads,
  readEntryRows,
  readEntryValue,
  readEntryValues,
  removeEntryHead,
  updateEntryRow,
  writeEntryHeads,
  writeEntryRow,
} from './entry-rows';
import { EntrySums } from './entry-sums';

/** Approximate bytes that the cache needs for a value besides its content. */
const CACHED_OVERHEAD = 200;

/**
 * All entries of a namespace: keys and numbers in memory, values on disk and in a bounded cache. It enforces no rules:
 * commands do.
 */
export class EntryStore {
  readonly #storage: SqlStorage;
  readonly #index = new EntryIndex<Entry>();
  /** Values on the disk. A change removes the value of its key. */
  readonly #cache = new LRUCache<string, Uint8Array<ArrayBuffer>>({
    maxSize: ENTRY_CACHE_MAX_BYTES,
    sizeCalculation: (value, key) => value.length + key.length + CACHED_OVERHEAD,
  });
  /** Rows that are not on the disk yet, by key. */
  readonly #unwritten = new Map<string, EntryRow>();
  #unwrittenBytes = 0;
  /** Removals of all entries of a lease that are not on the disk yet, in their order. */
  readonly #removing = new Set<{ keys: ReadonlySet<string>; revision: number }>();
  /** Facts by their text. */
  readonly #facts = new Map<string, EntryFacts>();
  readonly #sums = new EntrySums();
  #revision = 0;
  /** True if the disk may have heads of deleted entries. */
  #hasHeads = false;
  /** The last deletions, oldest first. */
  readonly #deletions: { readonly key: string; readonly revision: number }[] = [];
  /** Revision of the newest deletion that is not among them any more. */
  #forgottenDeletion = 0;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Loads all keys. Called once, by a wake. */
  load(): void {
    for (const { key, revision, createdRevision, version, lease, facts, size } of readEntryRows(this.#storage)) {
      this.#revision = Math.max(this.#revision, revision);
      if (version === 0) this.#noteHead(revision);
      else this.#add({ key, revision, createdRevision, version, lease, facts: this.#sharedFacts(facts), size });
    }
  }

  /** Yields the entries that are held, or locked, by a lease. */
  *held(): Generator<Entry> {
    for (const entry of this.#index.within({ from: '' })) if (isHeld(entry)) yield entry;
  }

  #noteHead(revision: number): void {
    this.#hasHeads = true;
    this.#forgottenDeletion = Math.max(this.#forgottenDeletion, revision);
  }

  /** Bytes that the cache takes, with an estimate of its own overhead. */
  get cachedBytes(): number {
    return this.#cache.calculatedSize;
  }

  /** Length of the values that are not on the disk yet. */
  get unwrittenBytes(): number {
    return this.#unwrittenBytes;
  }

  /** Number of entries. */
  get count(): number {
    return this.#index.size;
  }

  /** Length of all keys, which are in memory. */
  get keyBytes(): number {
    return this.#sums.all.keyBytes;
  }

  /** Length of all values. */
  get valueBytes(): number {
    return this.#sums.all.bytes - this.#sums.all.keyBytes;
  }

  /** Amounts that tokens hold. */
  get sums(): Pick<EntrySums, 'of' | 'holdings'> {
    return this.#sums;
  }

  /** Revision of the newest change of any entry that the journal or an entry still shows; 0 if there is none. */
  get revision(): number {
    return this.#revision;
  }

  /**
   * Returns whether an entry of an interval may have changed after a revision. A deletion leaves nothing in memory, so that
   * only the last ones are known: if others came after the revision, the answer is true.
   */
  hasChangedSince(interval: KeyInterval, revision: number): boolean {
    if (this.#revision <= revision) return false;
    if (this.#forgottenDeletion > revision) return true;
    if (this.#deletions.some((each) => each.revision > revision && isWithin(each.key, interval))) return true;
    for (const entry of this.within(interval)) if (entry.revision > revision) return true;
    return false;
  }

  get(key: string): Entry | undefined {
    return this.#index.get(key);
  }

  /** Returns group, service and id of the instance that a synthetic entry shows. */
  shownBy(key: string): EntryFacts['shows'] {
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return unwritten.facts?.shows;
    const text = readEntryFacts(this.#storage, key);
    return text === null ? undefined : decodeFacts(text).shows;
  }

  /** Counts the entries of an interval. */
  countIn(interval: KeyInterval): number {
    return this.#index.count(interval);
  }

  /** Yields the entries of an interval by key. Nothing may be changed meanwhile. */
  within(interval: KeyInterval, descending = false): Generator<Entry> {
    return descending ? this.#index.backwards(interval) : this.#index.within(interval);
  }

  /** Returns the value of a current entry. */
  valueOf({ key }: Pick<Entry, 'key'>): Uint8Array<ArrayBuffer> {
    const kept = this.#keptValue(key);
    if (kept !== undefined) return kept;
    const value = readEntryValue(this.#storage, key);
    this.#cache.set(key, value);
    return value;
  }

  #keptValue(key: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#unwritten.get(key)?.value ?? this.#cache.get(key);
  }

  /**
   * Yields current entries with their values. Those that follow one another are read with one statement, which takes a
   * fraction of the time of a read for each; they are not added to the cache, as one large range would replace all of it.
   *
   * @param entries In any order. Nothing may be changed meanwhile.
   */
  *whole(entries: Iterable<Entry>): Generator<WholeEntry> {
    for (const slice of slices(entries)) {
      const values = this.#valuesOf(slice);
      for (const [index, entry] of slice.entries()) {
        yield { ...entry, value: values?.[index] ?? this.valueOf(entry) };
      }
    }
  }

  /**
   * Reads the values of entries with one statement. Returns undefined if they don't follow one another in either direction,
   * if some are not on the disk yet, or if they are few and some are cached.
   */
  #valuesOf(entries: readonly Entry[]): Uint8Array<ArrayBuffer>[] | undefined {
    const [first, last] = [entries[0], entries.at(-1)];
    if (first === undefined || last === undefined || entries.length === 1) return undefined;
    const isAscending = first.key < last.key;
    const [low, high] = isAscending ? [first.key, last.key] : [last.key, first.key];
    const interval = { from: low, to: `${high}\u0000` };
    if (!isInOrder(entries, isAscending) || this.countIn(interval) !== entries.length) return undefined;
    if (this.#isUnwritten(interval)) return undefined;
    if (entries.every(({ key }) => this.#cache.has(key))) return undefined;
    const values = readEntryValues(this.#storage, interval, entries.length);
    if (values.length !== entries.length) throw new Error('the entries in memory differ from those on the disk');
    return isAscending ? values : values.reverse();
  }

  /** Returns whether an entry of an interval is not on the disk yet, or is still there although it was deleted. */
  #isUnwritten({ from, to }: KeyInterval): boolean {
    if (this.#removing.size > 0) return true;
    for (const key of this.#unwritten.keys()) if (key >= from && (to === undefined || key < to)) return true;
    return false;
  }

  /** Returns the revision of the last change of a key: of its entry, or of its deletion as far as the journal has it. */
  changedAt(key: string): number {
    const entry = this.#index.get(key);
    if (entry !== undefined) return entry.revision;
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return unwritten.revision;
    for (const removal of this.#removing) if (removal.keys.has(key)) return removal.revision;
    return this.#hasHeads ? readEntryHead(this.#storage, key) : 0;
  }

  /** Returns the keys of an interval that were deleted after a revision and do not exist, with their last revision. */
  deletedSince(interval: KeyInterval, revision: number): Map<string, number> {
    const { from, to } = interval;
    const found = this.#hasHeads ? readEntryHeads(this.#storage, interval, revision) : new Map<string, number>();
    for (const removal of this.#removing) {
      if (removal.revision <= revision) continue;
      for (const key of removal.keys) {
        if (key >= from && (to === undefined || key < to) && this.get(key) === undefined)
          found.set(key, removal.revision);
      }
    }
    for (const [key, row] of this.#unwritten) {
      if (key < from || (to !== undefined && key >= to)) continue;
      if (row.value === null && row.revision > revision) found.set(key, row.revision);
      else found.delete(key);
    }
    return found;
  }

  /**
   * Returns the last key of the first piece of an interval that is read as it was at a revision; undefined if that is all of
   * it. A piece has a bounded number of keys that have changed since, and of others.
   */
  endOfPiece(interval: KeyInterval, revision: number, visited: number, descending = false): string | undefined {
    let left = { visited, changed: PAST_SLICE_MAX_COUNT };
    let end: string | undefined;
    for (const entry of this.within(interval, descending)) {
      left = { visited: left.visited - 1, changed: left.changed - Number(entry.revision > revision) };
      if (left.visited > 0 && left.changed > 0) continue;
      end = entry.key;
      break;
    }
    if (!this.#hasHeads) return end;
    const piece = end === undefined ? interval : splitAt(interval, end, descending).piece;
    return readEntryHeadAt(this.#storage, piece, revision, PAST_SLICE_MAX_COUNT - 1, descending) ?? end;
  }

  /** Puts an entry, new or changed. Returns a function that writes its row, once. */
  put(entry: WholeEntry): () => void {
    const { value, ...numbers } = entry;
    const facts = this.#sharedFacts(encodeFacts(entry.facts));
    this.#take(this.#index.get(entry.key));
    this.#add({ ...numbers, facts });
    return this.#pending({ ...numbers, facts: entry.facts, value });
  }

  /** Removes an entry. Returns a function that writes its head, once. */
  remove(key: string, revision: number): () => void {
    this.#take(this.#index.remove(key));
    this.#hasHeads = true;
    this.#deletions.push({ key, revision });
    if (this.#deletions.length > ENTRY_DELETIONS_KNOWN_MAX_COUNT) {
      this.#forgottenDeletion = this.#deletions.shift()?.revision ?? 0;
    }
    return this.#pending({ key, revision, createdRevision: 0, version: 0, lease: null, facts: null, value: null });
  }

  /**
   * Removes all entries of a lease. Returns a function that turns their rows into heads, once.
   *
   * @param keys Not changed from now on.
   */
  removeHeld(lease: number, keys: ReadonlySet<string>, revision: number): () => void {
    for (const entry of this.#index.removeAll(keys)) this.#take(entry);
    for (const key of [...this.#unwritten.keys()]) if (keys.has(key)) this.#unwritten.delete(key);
    for (const key of [...this.#cache.keys()]) if (keys.has(key)) this.#cache.delete(key);
    this.#noteHead(revision);
    this.#revision = Math.max(this.#revision, revision);
    const removal = { keys, revision };
    this.#removing.add(removal);
    return () => {
      writeEntryHeads(this.#storage, lease, revision);
      this.#removing.delete(removal);
    };
  }

  /**
   * Replaces entries by others with the same values. Returns a function that writes their rows, without the values.
   *
   * @param entries As they are from the revision on.
   */
  replaceFacts(entries: readonly Entry[], revision: number): () => void {
    for (const entry of entries) this.#index.put(entry);
    this.#revision = Math.max(this.#revision, revision);
    return () => {
      for (const entry of entries) updateEntryRow(this.#storage, entry);
    };
  }

  #add(entry: Entry): void {
    this.#index.put(entry);
    this.#sums.add(entry);
  }

  #take(entry: Entry | undefined): void {
    if (entry !== undefined) this.#sums.take(entry);
  }

  #pending(row: EntryRow): () => void {
    const { key, revision, value } = row;
    this.#revision = Math.max(this.#revision, revision);
    this.#unwritten.set(key, row);
    this.#unwrittenBytes += value?.length ?? 0;
    this.#cache.delete(key);
    return () => {
      writeEntryRow(this.#storage, row);
      this.#unwrittenBytes -= value?.length ?? 0;
      if (this.#unwritten.get(key) !== row) return;
      this.#unwritten.delete(key);
      if (value !== null) this.#cache.set(key, value);
    };
  }

  /** Removes the heads of deleted entries that the journal no longer has. Runs inside a commit. */
  removeHeads(heads: readonly { key: string; revision: number }[]): void {
    for (const { key, revision } of heads) removeEntryHead(this.#storage, key, revision);
  }

  /** Decodes facts. The result is shared by all entries with the same text: there are few. */
  #sharedFacts(text: string | null): EntryFacts | null {
    if (text === null) return null;
    const shared = sharedFactsText(text);
    const known = this.#facts.get(shared);
    if (known !== undefined) return known;
    if (this.#facts.size >= ENTRY_FACTS_MAX_COUNT) this.#facts.clear();
    const facts = decodeFacts(shared);
    this.#facts.set(shared, facts);
    return facts;
  }
}

/** Yields entries in slices that are small enough to be read at once, in their order. */
function* slices(entries: Iterable<Entry>): Generator<Entry[]> {
  let slice: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFull =
      slice.length >= ENTRIES_READ_AT_ONCE_MAX_COUNT || bytes + entry.size > ENTRIES_READ_AT_ONCE_MAX_BYTES;
    if (isFull && slice.length > 0) {
      yield slice;
      slice = [];
      bytes = 0;
    }
    slice.push(entry);
    bytes += entry.size;
  }
  if (slice.length > 0) yield slice;
}

/** Returns whether the keys of entries only rise, or only fall. */
function isInOrder(entries: readonly Entry[], isAscending: boolean): boolean {
  return entries.every(({ key }, index) => {
    const before = entries[index - 1];
    return before === undefined || (isAscending ? before.key < key : before.key > key);
  });
}
