import { type EntryContent, type EntryView, shownKey, shownValue } from '../../../model/entry';

/** Members of an entry that only surfaces use, and the token that put it. Equal facts of a namespace are one object. */
export interface EntryFacts {
  /** Id of the token. */
  readonly actor: string;
  readonly contentType?: string | undefined;
  /** Set from the first acquisition on. */
  readonly lock?: EntryLock | undefined;
}

/** Lock of an entry. It stays, free, when it is released, so that acquisitions are counted. */
export interface EntryLock {
  /** Lease that holds it; null while it is free. */
  readonly lease: number | null;
  /** Number of acquisitions since the entry was created. */
  readonly index: number;
  /** Revision of the last acquisition. It increases from one holder to the next, also if the entry is deleted between. */
  readonly acquiredRevision: number;
}

/** Returns the lease that holds the lock of an entry; null if it is free. */
export function lockHolder(entry: Pick<Entry, 'facts'> | null | undefined): number | null {
  return entry?.facts?.lock?.lease ?? null;
}

/** Returns whether a lease holds an entry or its lock. */
export function isHeld(entry: Pick<Entry, 'lease' | 'facts'>): boolean {
  return entry.lease !== null || lockHolder(entry) !== null;
}

/** Returns a lock as it is once its holder has lost it. */
export function freed(lock: EntryLock | undefined): EntryLock | undefined {
  return lock && { ...lock, lease: null };
}

/**
 * An entry in memory: everything but its value. It is never changed in place, so a slow reader can keep it while the index
 * goes on.
 */
export interface Entry {
  /** One character a byte. */
  readonly key: string;
  readonly revision: number;
  readonly createdRevision: number;
  /** Number of changes since it was created, from 1. */
  readonly version: number;
  /** Lease that holds it; null without one. */
  readonly lease: number | null;
  readonly facts: EntryFacts | null;
  /** Length of the value. */
  readonly size: number;
}

/** An entry with its value. */
export interface WholeEntry extends Entry {
  readonly value: Uint8Array<ArrayBuffer>;
}

/** Encodes facts for storage: equal facts have equal text. */
export function encodeFacts(facts: EntryFacts | null): string | null {
  return facts && JSON.stringify({ actor: facts.actor, contentType: facts.contentType, lock: facts.lock });
}

/**
 * Returns an entry as answers show it, without its key.
 *
 * @param value Undefined if the value was not requested.
 */
export function entryContent(entry: Entry, value: Uint8Array | undefined): EntryContent {
  const { createdRevision, revision, version, size: bytes, facts } = entry;
  const lease = entry.lease === null ? undefined : String(entry.lease);
  const lock = shownLock(facts?.lock);
  const numbers = { contentType: facts?.contentType, bytes, createdRevision, revision, version, lease, lock };
  return value === undefined ? numbers : { ...shownValue(value), ...numbers };
}

function shownLock(lock: EntryLock | undefined): EntryContent['lock'] {
  if (lock === undefined) return undefined;
  const { lease, index, acquiredRevision } = lock;
  return { lease: lease === null ? undefined : String(lease), index, acquiredRevision };
}

/** Returns an entry as answers show it. @param value Undefined if it was not requested. */
export function entryView(entry: Entry, value: Uint8Array | undefined): EntryView {
  return { ...shownKey(entry.key), ...entryContent(entry, value) };
}
