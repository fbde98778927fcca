import { LRUCache } from 'lru-cache';
import type { KeyInterval } from '../../../model/entry';
import { ENTRY_CACHE_MAX_BYTES, ENTRY_FACTS_MAX_COUNT } from '../../../model/limits';
import type { SqlStorage } from '../../storage/sql-storage';
import type { Entry, WholeEntry } from './entry';
import { EntryIndex } from './entry-index';
import {
  type EntryRow,
  readEntryHead,
  readEntryHeads,
  readEntryRows,
  readEntryValue,
  readEntryValues,
  removeEntryHead,
  writeEntryRow,
} from './entry-rows';

/** Approximate bytes that the cache needs for a value besides its content. */
const CACHED_OVERHEAD = 200;

/** Share of a range that is read value by value while more of it than this is cached; otherwise it is read as a whole. */
const CACHED_SHARE = 0.5;

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
  readonly #facts = new Map<string, string>();
  #keyBytes = 0;
  #valueBytes = 0;
  #revision = 0;
  /** True if the disk may have heads of deleted entries. */
  #hasHeads = false;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Loads all keys. Called once, by a wake. */
  load(): void {
    for (const { version, ...numbers } of readEntryRows(this.#storage)) {
      this.#revision = Math.max(this.#revision, numbers.revision);
      if (version === 0) this.#hasHeads = true;
      else this.#add({ ...numbers, version, facts: this.#shared(numbers.facts) });
    }
  }

  /** Bytes that the cache takes, with an estimate of its own overhead. */
  get cachedBytes(): number {
    return this.#cache.calculatedSize;
  }

  /** Number of entries. */
  get count(): number {
    return this.#index.size;
  }

  /** Length of all keys, which are in memory. */
  get keyBytes(): number {
    return this.#keyBytes;
  }

  /** Length of all values. */
  get valueBytes(): number {
    return this.#valueBytes;
  }

  /** Revision of the newest change of any entry that the journal or an entry still shows; 0 if there is none. */
  get revision(): number {
    return this.#revision;
  }

  get(key: string): Entry | undefined {
    return this.#index.get(key);
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
   * Yields current entries with their values. Many that are not cached are read with one statement, which takes a fraction
   * of the time of a read for each; those are not added to the cache, as one large range would replace all of it.
   *
   * @param entries In the order of their keys. Nothing may be changed meanwhile.
   */
  *whole(entries: readonly Entry[]): Generator<WholeEntry> {
    const [first, last] = [entries.at(0), entries.at(-1)];
    if (first === undefined || last === undefined) return;
    const cached = entries.filter(({ key }) => this.#keptValue(key) !== undefined).length;
    const isDense = entries.length > 1 && this.countIn({ from: first.key, to: last.key }) < 2 * entries.length;
    if (!isDense || cached > entries.length * CACHED_SHARE) {
      for (const entry of entries) yield { ...entry, value: this.valueOf(entry) };
      return;
    }
    const rows = readEntryValues(this.#storage, { from: first.key, to: `${last.key}\u0000` });
    let row = rows.next();
    for (const entry of entries) {
      while (row.done !== true && row.value.key < entry.key) row = rows.next();
      const isCurrent = row.done !== true && row.value.key === entry.key && row.value.revision === entry.revision;
      const value = isCurrent ? row.value?.value : this.#keptValue(entry.key);
      if (value === undefined) throw new Error('an entry in memory has no row');
      yield { ...entry, value };
    }
    rows.return(undefined);
  }

  /** Returns the revision of the last change of a key: of its entry, or of its deletion as far as the journal has it. */
  changedAt(key: string): number {
    const entry = this.#index.get(key);
    if (entry !== undefined) return entry.revision;
    const unwritten = this.#unwritten.get(key);
    if (unwritten !== undefined) return unwritten.revision;
    return this.#hasHeads ? readEntryHead(this.#storage, key) : 0;
  }

  /** Returns the keys of an interval that were deleted after a revision and do not exist, with their last revision. */
  deletedSince(interval: KeyInterval, revision: number): Map<string, number> {
    const { from, to } = interval;
    const found = this.#hasHeads ? readEntryHeads(this.#storage, interval, revision) : new Map<string, number>();
    for (const [key, row] of this.#unwritten) {
      if (key < from || (to !== undefined && key >= to)) continue;
      if (row.value === null && row.revision > revision) found.set(key, row.revision);
      else found.delete(key);
    }
    return found;
  }

  /** Puts an entry, new or changed. Returns a function that writes its row, once. */
  put(entry: WholeEntry): () => void {
    const { value, ...numbers } = entry;
    const facts = this.#shared(entry.facts);
    this.#take(this.#index.get(entry.key));
    this.#add({ ...numbers, facts });
    return this.#pending({ ...numbers, facts, value });
  }

  /** Removes an entry. Returns a function that writes its head, once. */
  remove(key: string, revision: number): () => void {
    this.#take(this.#index.remove(key));
    this.#hasHeads = true;
    return this.#pending({ key, revision, createdRevision: 0, version: 0, lease: null, facts: null, value: null });
  }

  #add(entry: Entry): void {
    this.#index.put(entry);
    this.#keyBytes += entry.key.length;
    this.#valueBytes += entry.size;
  }

  #take(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#keyBytes -= entry.key.length;
    this.#valueBytes -= entry.size;
  }

  #pending(row: EntryRow): () => void {
    const { key, revision, value } = row;
    this.#revision = Math.max(this.#revision, revision);
    this.#unwritten.set(key, row);
    this.#cache.delete(key);
    return () => {
      writeEntryRow(this.#storage, row);
      if (this.#unwritten.get(key) !== row) return;
      this.#unwritten.delete(key);
      if (value !== null) this.#cache.set(key, value);
    };
  }

  /** Removes the heads of deleted entries that the journal no longer has. Runs inside a commit. */
  removeHeads(heads: readonly { key: string; revision: number }[]): void {
    for (const { key, revision } of heads) removeEntryHead(this.#storage, key, revision);
  }

  /** Returns the same text, of which one copy is kept: there are few. */
  #shared(facts: string | null): string | null {
    if (facts === null) return null;
    const known = this.#facts.get(facts);
    if (known !== undefined) return known;
    if (this.#facts.size >= ENTRY_FACTS_MAX_COUNT) this.#facts.clear();
    this.#facts.set(facts, facts);
    return facts;
  }
}
