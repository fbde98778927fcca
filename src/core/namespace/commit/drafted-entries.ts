import type { Precondition } from '../../../model/batch';
import { quoteKey } from '../../../model/entry';
import { RegistryError } from '../../../model/errors';
import type { Cause } from '../../../model/history';
import { isWithin, type KeyInterval } from '../../../model/key-interval';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRIES_READ_AT_ONCE_MAX_COUNT,
  ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import type { Caller } from '../../../model/namespace-api';
import { assertShare } from '../access/token-limits';
import { type Entry, type EntryFacts, freed, isSynthetic, type LeaseAlias, type WholeEntry } from '../entries/entry';
import type { JournaledEntry } from '../entries/entry-changes';
import type { EntryStore } from '../entries/entry-store';
import { holderOf } from '../entries/entry-sums';
import type { GrantedLeases } from '../records/granted-leases';
import type { Journal } from './journal';
import { assertPrecondition } from './precondition';

/** The part of an entry that a command puts. The rest follows from the previous one and the revision. */
export interface EntryInput extends Pick<Entry, 'lease'> {
  value: Uint8Array<ArrayBuffer>;
  facts: EntryFacts | null;
}

/** A drafted change of an entry. */
export interface DraftedEntry {
  cause: Cause;
  /** Null if the entry is deleted. */
  after: WholeEntry | null;
}

/** Causes of synthetic entries that the limits apply to. What time or an operator does always succeeds. */
const NEEDS_ROOM: ReadonlySet<Cause> = new Set(['registered', 'updated']);

/** Amounts that the limits of a namespace bound. */
interface Amounts {
  count: number;
  keyBytes: number;
  bytes: number;
}

/**
 * The entries that a command changes: an overlay over the store, in the order of the command. A later change of a key
 * replaces the earlier one, in its place.
 */
export class DraftedEntries {
  readonly #store: EntryStore;
  readonly #journal: Pick<Journal, 'position'>;
  /** Revision that the draft becomes. */
  readonly #revision: number;
  readonly #changes = new Map<string, DraftedEntry>();
  readonly #granted: Pick<GrantedLeases, 'get'>;

  constructor(store: EntryStore, journal: Pick<Journal, 'position' | 'revision'>, granted: Pick<GrantedLeases, 'get'>) {
    this.#store = store;
    this.#granted = granted;
    this.#journal = journal;
    this.#revision = journal.revision + 1;
  }

  get isEmpty(): boolean {
    return this.#changes.size === 0;
  }

  /** Causes of the changes. */
  get causes(): Cause[] {
    return [...this.#changes.values()].map(({ cause }) => cause);
  }

  /** Returns an entry with the changes of the draft; undefined if there is none. */
  get(key: string): Entry | undefined {
    const change = this.#changes.get(key);
    return change === undefined ? this.#store.get(key) : (change.after ?? undefined);
  }

  /** Counts the entries of an interval, with the changes of the draft. */
  countIn(interval: KeyInterval): number {
    let count = this.#store.countIn(interval);
    for (const { key, after } of this.#changesIn(interval)) {
      count += Number(after !== null) - Number(this.#store.get(key) !== undefined);
    }
    return count;
  }

  /** Yields the entries of an interval by key, with the changes of the draft. Nothing may be changed meanwhile. */
  *within(interval: KeyInterval, descending = false): Generator<Entry> {
    const sign = descending ? -1 : 1;
    const changes = this.#changesIn(interval).sort((a, b) => sign * compareKeys(a.key, b.key));
    let at = 0;
    for (const entry of this.#store.within(interval, descending)) {
      for (let next = changes[at]; next && sign * compareKeys(next.key, entry.key) < 0; next = changes[++at]) {
        if (next.after !== null) yield next.after;
      }
      const change = changes[at];
      if (change?.key !== entry.key) yield entry;
      else {
        at += 1;
        if (change.after !== null) yield change.after;
      }
    }
    for (const { after } of changes.slice(at)) if (after !== null) yield after;
  }

  #changesIn(interval: KeyInterval): (DraftedEntry & { key: string })[] {
    const found: (DraftedEntry & { key: string })[] = [];
    for (const [key, change] of this.#changes) if (isWithin(key, interval)) found.push({ key, ...change });
    return found;
  }

  /** Yields entries with their values, with the changes of the draft. */
  *whole(entries: Iterable<Entry>): Generator<WholeEntry> {
    let stored: Entry[] = [];
    for (const entry of entries) {
      const drafted = this.#changes.get(entry.key)?.after;
      if (drafted) {
        yield* this.#store.whole(stored);
        stored = [];
        yield drafted;
      } else if (stored.push(entry) >= ENTRIES_READ_AT_ONCE_MAX_COUNT) {
        yield* this.#store.whole(stored);
        stored = [];
      }
    }
    yield* this.#store.whole(stored);
  }

  /** Returns the value of an entry of the draft. */
  valueOf({ key }: Pick<Entry, 'key'>): Uint8Array<ArrayBuffer> {
    return this.#changes.get(key)?.after?.value ?? this.#store.valueOf({ key });
  }

  /** All changes of the draft, by key. */
  get changes(): Iterable<readonly [key: string, change: DraftedEntry]> {
    return this.#changes;
  }

  /** Returns the change of a key; undefined if there is none. */
  changeOf(key: string): DraftedEntry | undefined {
    return this.#changes.get(key);
  }

  /** Returns an entry that a client has put, with the changes of the draft; undefined if there is none. */
  real(key: string): Entry | undefined {
    const entry = this.get(key);
    return entry === undefined || isSynthetic(entry) ? undefined : entry;
  }

  /**
   * Puts an entry, and returns it. Its version counts from 1 since it was created, also if a synthetic entry had the key.
   *
   * @param input With the lock of the entry from now on; without one it stays as it is.
   */
  put(key: string, input: EntryInput, cause: Cause): WholeEntry {
    const current = this.real(key);
    const lock = input.facts?.lock ?? current?.facts?.lock;
    const leaseAlias = input.lease === null ? undefined : this.#aliasOf(input.lease);
    const facts = input.facts && { ...input.facts, lock, leaseAlias };
    return this.#put(key, current, { ...input, facts }, cause);
  }

  /** Returns the alias of a lease, unless it has none, or one of this API, whose clients know the id. */
  #aliasOf(lease: number): LeaseAlias | undefined {
    const { alias, door = 'native' } = this.#granted.get(lease) ?? {};
    return alias === undefined || door === 'native' ? undefined : { door, alias };
  }

  /**
   * Puts a synthetic entry.
   *
   * @param isSame True if the present synthetic entry shows the same instance, which is then changed and not created.
   */
  show(key: string, input: EntryInput, cause: Cause, isSame: boolean): void {
    this.#put(key, isSame ? this.#store.get(key) : undefined, input, cause);
  }

  /** Deletes a synthetic entry. */
  hide(key: string, cause: Cause): void {
    this.#changes.set(key, { cause, after: null });
  }

  #put(key: string, current: Entry | undefined, { value, lease, facts }: EntryInput, cause: Cause): WholeEntry {
    // A second put in the same revision is still one change.
    const version = current?.revision === this.#revision ? current.version : (current?.version ?? 0) + 1;
    const createdRevision = current?.createdRevision ?? this.#revision;
    const after: WholeEntry = {
      key,
      revision: this.#revision,
      createdRevision,
      version,
      lease,
      facts,
      size: value.length,
      value,
    };
    this.#changes.set(key, { cause, after });
    return after;
  }

  /** Releases the lock of an entry, whose value stays. */
  unlock(key: string, cause: Cause): void {
    const entry = this.get(key);
    if (!entry?.facts) return;
    const facts = { ...entry.facts, lock: freed(entry.facts.lock) };
    this.put(key, { value: this.valueOf(entry), lease: entry.lease, facts }, cause);
  }

  /** Deletes an entry that a client has put, if there is one. */
  delete(key: string, cause: Cause): void {
    const stored = this.#store.get(key);
    if (stored === undefined || isSynthetic(stored)) this.#changes.delete(key);
    else this.#changes.set(key, { cause, after: null });
  }

  /** Returns the changes as the journal keeps them. Reads the previous values. */
  committed(): JournaledEntry[] {
    const stored = new Map<string, WholeEntry>();
    const keys = [...this.#changes.keys()].sort();
    // In the order of the keys, many are read at once.
    for (const entry of this.#store.whole(keys.flatMap((key) => this.#store.get(key) ?? []))) {
      stored.set(entry.key, entry);
    }
    return [...this.#changes].map(([key, { cause, after }]) => {
      const before = stored.get(key) ?? null;
      return { key, cause, previous: before?.revision ?? this.#store.changedAt(key), before, after };
    });
  }

  /**
   * Checks that the namespace has room for the changes. It always has for those that make it smaller, for synthetic entries
   * that no registration adds, and for an import, which has counted its entries before it began.
   *
   * @param by The caller whose share has to have room for the entries that it puts; undefined if no share applies.
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  assertRoom(limits: NamespaceLimits, by?: Caller): void {
    const growth: Amounts = { count: 0, keyBytes: 0, bytes: 0 };
    const own: Amounts = { count: 0, keyBytes: 0, bytes: 0 };
    for (const [key, { cause, after }] of this.#changes) {
      if (cause === 'imported' || (after !== null && isSynthetic(after) && !NEEDS_ROOM.has(cause))) continue;
      const before = this.#store.get(key);
      addChange(growth, key, before, after);
      if (by !== undefined) addChange(own, key, heldBy(by, before), heldBy(by, after));
    }
    const { count, keyBytes, valueBytes } = this.#store;
    assertWithin(growth.count, count, ENTRIES_PER_NAMESPACE_MAX_COUNT, 'entries', 'entries', limits.entries);
    assertWithin(growth.keyBytes, keyBytes, ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES, 'bytes of keys');
    const bytes = keyBytes + valueBytes;
    const most = ENTRIES_PER_NAMESPACE_MAX_BYTES;
    assertWithin(growth.bytes, bytes, most, 'bytes of entries', 'entryBytes', limits.entryBytes);
    if (by !== undefined) this.#assertShare(by, limits, own);
  }

  #assertShare(by: Caller, limits: NamespaceLimits, own: Amounts): void {
    const held = this.#store.sums.of(by.tokenId);
    if (own.count > 0) assertShare(by, limits, 'entries', held.count, own.count);
    if (own.keyBytes > 0) assertShare(by, limits, 'entryKeyBytes', held.keyBytes, own.keyBytes);
    if (own.bytes > 0) assertShare(by, limits, 'entryBytes', held.bytes, own.bytes);
  }

  /**
   * Checks the precondition of a change.
   *
   * @throws {RegistryError} `REVISION_MISMATCH` if it does not hold.
   */
  require(key: string, precondition: Precondition): void {
    const current = this.get(key);
    const isDrafted = current?.revision === this.#revision;
    assertPrecondition(this.#journal, `entry ${quoteKey(key)}`, isDrafted ? { revision: 0 } : current, precondition);
  }
}

const compareKeys = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Adds the change of an entry to amounts. */
function addChange(
  amounts: Amounts,
  key: string,
  before: Entry | null | undefined,
  after: Entry | null | undefined,
): void {
  const isNew = Number(Boolean(after)) - Number(Boolean(before));
  amounts.count += isNew;
  amounts.keyBytes += isNew * key.length;
  amounts.bytes += (after?.size ?? 0) - (before?.size ?? 0) + isNew * key.length;
}

/** Returns an entry that counts towards the share of a caller; undefined if it does not. */
const heldBy = ({ tokenId }: Caller, entry: Entry | null | undefined): Entry | undefined =>
  entry && holderOf(entry) === tokenId ? entry : undefined;

/** @param set Limit of the namespace, if it has one, which is the member of `limits` with that name. */
function assertWithin(growth: number, held: number, most: number, what: string, name?: string, set = most): void {
  const bound = Math.min(most, set);
  if (growth <= 0 || held + growth <= bound) return;
  const isSet = bound < most;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace would have ${held + growth} ${what}, more than the ${isSet ? `${bound} that its limit limits.${name} allows` : `maximum of ${bound}`}; delete some first, or ${isSet ? 'ask its admin to raise it' : 'use another namespace'}`,
  );
}
