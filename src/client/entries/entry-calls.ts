import type { ClientCore } from '../wire/client-core';
import { RollcallError } from '../wire/rollcall-error';
import { type CallSettings, type EntryCall, send } from './attempts';
import { type Entry, type EntryFacts, type EntryJson, entryOf, factsOf } from './entry';
import { bytesOf, type Key, type KeyRange, keyInPath, rangeQuery, shown, type Value } from './key';
import { sendTransaction, type Transaction, type TransactionResult } from './transaction';

/** Condition of a change. If it does not hold, nothing changes and the call throws `REVISION_MISMATCH`. */
export interface EntryCondition {
  /** Requires that the entry has this `revision`: it has not changed since it was read. */
  ifRevision?: number | undefined;
  /** True: requires that there is no entry with this key. */
  ifAbsent?: boolean | undefined;
}

export interface PutOptions extends CallSettings, EntryCondition {
  /** Media type to store with the value. */
  contentType?: string | undefined;
  /** Id of a lease: the entry is deleted when it ends. Without it, no lease holds the entry, even if one did before. */
  lease?: string | undefined;
  /**
   * Id of a lease that acquires the lock of the entry. The entry stays when the lease ends, and the lock is released. A
   * put without `acquire` and `release` leaves the lock as it is.
   */
  acquire?: string | undefined;
  /** Id of the lease that releases the lock. */
  release?: string | undefined;
}

export interface ReadOptions extends CallSettings {
  /** Reads the state at an earlier moment: a cursor, or a time in RFC 3339. */
  at?: string | undefined;
}

export interface RangeOptions extends ReadOptions {
  /** Maximum number of entries; by default as many as fit into 8 MiB. */
  limit?: number | undefined;
  /** Member to sort by. Default: `key`, in the order of bytes. */
  order?: 'key' | 'createdRevision' | 'revision' | 'version' | undefined;
  descending?: boolean | undefined;
  /** `next` of the previous page; only in the order of keys. */
  after?: string | undefined;
}

/** Options of a list, which has all pages of a range in the order of keys. */
export interface ListOptions extends ReadOptions {
  descending?: boolean | undefined;
  /** Maximum number of entries in a page; by default as many as fit into 8 MiB. */
  pageSize?: number | undefined;
}

/** A page of a range. */
export interface EntryPage<Item extends EntryFacts = Entry> {
  entries: Item[];
  /** Number of entries in the whole range; undefined if a read of an earlier moment ended before all of it was examined. */
  count: number | undefined;
  /** Set if there are more entries and the order is that of keys: pass it as `after`. */
  next: string | undefined;
  /** Cursor of this read; pass it as `at` to read further pages as of the same moment. */
  cursor: string;
}

/** One change of an entry. */
export interface EntryChange {
  revision: number;
  cursor: string;
  /** RFC 3339. */
  at: string;
  /** Cause, such as `put`, `deleted` or `expired`. */
  cause: string;
  /** Id of the token, or `registry`. */
  actor: string;
  /** Null if there was no entry. */
  before: Entry | null;
  /** Null if the entry was deleted. */
  after: Entry | null;
}

/** A page of the history of a key, newest change first. */
export interface KeyHistory {
  changes: EntryChange[];
  /** Set if there are more: pass it as `after`. */
  next: string | undefined;
  /** True: this is the last page, and older changes are no longer kept. */
  compacted: boolean;
}

/** Calls for the entries of a namespace. */
export interface EntryCalls {
  /** Returns an entry; undefined if there is none. */
  get(key: Key, options?: ReadOptions): Promise<Entry | undefined>;
  /**
   * Puts an entry. Every put is a revision, even of the same value.
   *
   * A put without a condition is retried if it was not answered. A put with a condition is sent only once: the refusal of a
   * retry could be caused by the first attempt. If it fails with `UNREACHABLE`, `UNAVAILABLE` or `DEADLINE_EXCEEDED`, it may
   * have been carried out; read the entry to find out.
   *
   * One that acquires a lock may be repeated, as a lease that holds it succeeds again; one that releases it is sent once.
   *
   * @throws {RollcallError} `REVISION_MISMATCH`, `LOCK_HELD`, `LEASE_NOT_FOUND`, `PAYLOAD_TOO_LARGE`, `LIMIT_EXCEEDED`.
   */
  put(key: Key, value: Value, options?: PutOptions): Promise<EntryFacts & { created: boolean }>;
  /** Deletes an entry. Succeeds even if there is none, unless a condition requires one. Retried like {@link put}. */
  delete(key: Key, options?: CallSettings & Pick<EntryCondition, 'ifRevision'>): Promise<void>;
  /** Returns a page of a range. */
  range(range: KeyRange, options?: RangeOptions): Promise<EntryPage>;
  /**
   * Iterates over a range in the order of keys, page by page, as of the moment at which the first page is read.
   *
   * @throws {RollcallError} `COMPACTED` if the iteration takes longer than the history reaches back.
   */
  list(range: KeyRange, options?: ListOptions): AsyncIterable<Entry>;
  /** Iterates over the keys of a range like {@link list}, without values. */
  keys(range: KeyRange, options?: ListOptions): AsyncIterable<EntryFacts>;
  /** Counts the entries of a range. */
  count(range: KeyRange, options?: ReadOptions): Promise<number>;
  /** Returns a page of the history of a key, even if its entry was deleted. */
  history(key: Key, options?: CallSettings & { limit?: number; after?: string | undefined }): Promise<KeyHistory>;
  /**
   * Carries out one list of operations if all conditions hold, and another list otherwise, in one revision: see
   * {@link Transaction}. Sent only once unless it only reads: see {@link put}.
   */
  transaction(transaction: Transaction, options?: CallSettings): Promise<TransactionResult>;
}

/** A range as the registry returns it. */
interface RangeJson {
  entries: EntryJson[];
  count?: number | undefined;
  next?: string | undefined;
}

/** A page of a history as the registry returns it. */
interface HistoryJson {
  changes: (Omit<EntryChange, 'before' | 'after'> & { before: EntryJson | null; after: EntryJson | null })[];
  next?: string | undefined;
  compacted: boolean;
}

/** Returns the parts of a change that follow from its key and its condition. */
function changeOf(key: Key, { ifRevision, ifAbsent, ...settings }: EntryCondition & CallSettings) {
  const { path, query } = keyInPath(key);
  return {
    path: `/kv/${path}`,
    query: { ...query, ifRevision },
    ...(ifAbsent && { headers: { 'If-None-Match': '*' } }),
    isRepeatable: ifRevision === undefined && !ifAbsent,
    ...settings,
  };
}

/** Options of all calls for entries. */
export interface EntryCallOptions {
  /** Maximum number of attempts at a call that is not answered, if it is safe to retry. Default: 3. */
  attempts?: number | undefined;
}

/** Creates the calls for entries. */
export function entryCalls(core: ClientCore, { attempts }: EntryCallOptions = {}): EntryCalls {
  const read = (path: string, query: EntryCall['query'], settings: CallSettings) =>
    send(core, { method: 'GET', path, query, isRepeatable: true, attempts, ...settings });

  const page = async <Item extends EntryFacts>(
    range: KeyRange,
    { limit, order, descending, after, at, ...settings }: RangeOptions,
    decode: (json: EntryJson) => Item,
    flags: EntryCall['query'] = {},
  ): Promise<EntryPage<Item>> => {
    const options = { limit, order, descending: descending || undefined, after, at, ...flags };
    const { body, cursor } = await read('/kv', { ...rangeQuery(range), ...options }, settings);
    const { entries, count, next } = body as RangeJson; // `as`: what this route returns
    return { entries: entries.map(decode), count, next, cursor };
  };

  async function* all<Item extends EntryFacts>(
    range: KeyRange,
    { pageSize, ...options }: ListOptions,
    decode: (json: EntryJson) => Item,
    flags?: EntryCall['query'],
  ): AsyncGenerator<Item, void, void> {
    let { at } = options;
    let after: string | undefined;
    do {
      const { entries, next, cursor } = await page(range, { ...options, limit: pageSize, at, after }, decode, flags);
      yield* entries;
      at ??= cursor;
      after = next;
    } while (after !== undefined);
  }

  return {
    get: async (key, { at, ...settings } = {}) => {
      const { path, query } = keyInPath(key);
      try {
        const { body } = await read(`/kv/${path}`, { ...query, as: 'entry', at }, settings);
        return entryOf(body as EntryJson); // `as`: what this route returns
      } catch (error) {
        if (error instanceof RollcallError && error.code === 'ENTRY_NOT_FOUND') return undefined;
        throw error;
      }
    },
    put: async (key, value, { contentType, lease, acquire, release, ...options } = {}) => {
      const { query, headers = {}, isRepeatable, ...change } = changeOf(key, options);
      const { status, body } = await send(core, {
        ...change,
        attempts,
        method: 'PUT',
        // A repeated release would be refused, as the first one has freed the lock.
        isRepeatable: isRepeatable && release === undefined,
        query: { ...query, lease, acquire, release },
        // Without a type the registry stores none.
        headers: { ...headers, ...(contentType !== undefined && { 'Content-Type': contentType }) },
        raw: bytesOf(value),
      });
      return { ...factsOf(body as EntryJson), created: status === 201 }; // `as`: what this route returns
    },
    delete: async (key, options = {}) => {
      await send(core, { method: 'DELETE', attempts, ...changeOf(key, options) });
    },
    range: (range, options = {}) => page(range, options, entryOf),
    list: (range, options = {}) => all(range, options, entryOf),
    keys: (range, options = {}) => all(range, options, factsOf, { keysOnly: true }),
    count: async (range, options = {}) => (await page(range, options, factsOf, { countOnly: true })).count ?? 0,
    history: async (key, { limit, after, ...settings } = {}) => {
      const { path, query } = keyInPath(key);
      const { body } = await read(`/history/kv/${path}`, { ...query, limit, after }, settings);
      const { changes, next, compacted } = body as HistoryJson; // `as`: what this route returns
      const name = shown('key', key);
      const content = (json: EntryJson | null) => json && entryOf({ ...json, ...name });
      return {
        changes: changes.map((each) => ({ ...each, before: content(each.before), after: content(each.after) })),
        next,
        compacted,
      };
    },
    transaction: (transaction, options = {}) => sendTransaction(core, transaction, { ...options, attempts }),
  };
}
