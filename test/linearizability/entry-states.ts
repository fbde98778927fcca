import type { Key, ShownEntry, ShownLock } from './operation';

/** A revision, or a name for that of an unanswered change, until an answer shows it. */
export type KnownRevision = number | string;

interface LockState extends Omit<ShownLock, 'acquiredRevision'> {
  acquiredRevision: KnownRevision;
}

export interface EntryState {
  value: string;
  createdRevision: KnownRevision;
  revision: KnownRevision;
  version: number;
  lock: LockState | null;
}

/** Lock delay of a key. */
export interface LockDelay {
  /** Earliest time at which it may be over. */
  from: number;
  /** Latest time at which it may last. */
  to: number;
}

/** Some of the entries of a registry. Immutable: a change creates another one. */
export interface EntriesState {
  /** Highest reported revision: no later answer may report a lower one, and no later change the same. */
  floor: number;
  /** By the index of their key; null if there is none. */
  entries: readonly (EntryState | null)[];
  /** Lock delays, running or past. */
  delays: Readonly<Record<Key, LockDelay>>;
  /** Leases that have ended. */
  ended: readonly string[];
}

/** Returns a name for the revision of a change that no answer reports, after the highest one that was reported. */
export function unknownRevision(name: string | number, { floor }: EntriesState): KnownRevision {
  return `${name}>${floor}`;
}

/**
 * Returns the state once a revision is known: everything that the same change wrote has it. Undefined if it contradicts what
 * was known.
 */
export function learned(state: EntriesState, known: KnownRevision, shown: number): EntriesState | undefined {
  if (known === shown) return state;
  // The name has the highest revision that was reported when the change took effect.
  if (typeof known === 'number' || shown <= Number(known.slice(known.indexOf('>') + 1))) return undefined;
  const replaced = (revision: KnownRevision) => (revision === known ? shown : revision);
  const entries = state.entries.map((entry) => {
    if (entry === null) return null;
    const { revision, createdRevision, lock } = entry;
    return {
      ...entry,
      revision: replaced(revision),
      createdRevision: replaced(createdRevision),
      lock: lock && { ...lock, acquiredRevision: replaced(lock.acquiredRevision) },
    };
  });
  return { ...state, entries };
}

/** Returns the state once the numbers of an entry are shown; undefined if they contradict what was known. */
export function learnedEntry(
  state: EntriesState,
  index: number,
  shown: Omit<ShownEntry, 'value'>,
): EntriesState | undefined {
  const entry = state.entries[index];
  if (entry == null || entry.version !== shown.version) return undefined;
  const { lock } = entry;
  const isSameLock = (lock?.index ?? 0) === (shown.lock?.index ?? 0) && lock?.lease === shown.lock?.lease;
  if (!isSameLock) return undefined;
  let after = learned(state, entry.revision, shown.revision);
  after = after && learned(after, after.entries[index]?.createdRevision ?? 0, shown.createdRevision);
  if (shown.lock === undefined) return after;
  return after && learned(after, after.entries[index]?.lock?.acquiredRevision ?? 0, shown.lock.acquiredRevision);
}

/** Returns the state once a lease has ended: its locks are free, after a delay. */
export function withEnd(
  state: EntriesState,
  keys: readonly Key[],
  lease: string,
  {
    revision,
    earliest,
    latest,
    lockDelayMs,
  }: { revision: KnownRevision; earliest: number; latest: number; lockDelayMs: number },
): EntriesState {
  const delays: Record<Key, LockDelay> = { ...state.delays };
  const entries = state.entries.map((entry, index) => {
    if (entry?.lock?.lease !== lease) return entry;
    if (lockDelayMs > 0) delays[keys[index] ?? ''] = { from: earliest + lockDelayMs, to: latest + lockDelayMs };
    return { ...entry, revision, version: entry.version + 1, lock: { ...entry.lock, lease: null } };
  });
  return { ...state, entries, delays, ended: [...state.ended, lease].sort() };
}
