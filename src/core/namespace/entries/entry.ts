import { type EntryContent, type EntryView, shownKey, shownValue } from '../../../model/entry';
import type { LeaseDoor } from '../../../model/granted-lease';

/** Members of an entry that only surfaces use, and the token that put it. Equal facts of a namespace are one object. */
export interface EntryFacts {
  /** Id of the token. */
  readonly actor: string;
  readonly contentType?: string | undefined;
  /** Number that a dialect stores with the entry, decimal; absent: 0. */
  readonly flags?: string | undefined;
  /** Alias of the lease that holds the entry. It stays here when the lease has ended, as the past still shows it. */
  readonly leaseAlias?: LeaseAlias | undefined;
  /** Set from the first acquisition on. */
  readonly lock?: EntryLock | undefined;
  /** Kind of the layout of a synthetic entry, by which the registry shows an instance. */
  readonly layout?: string | undefined;
  /** Group, service and id of that instance. On the disk only, as each entry has another one. */
  readonly shows?: readonly [group: string, service: string, id: string] | undefined;
}

/** Alias that a client of another surface chose for a lease. */
export interface LeaseAlias {
  readonly door: LeaseDoor;
  readonly alias: string;
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

/** Returns whether the registry shows an instance as this entry, which no client has put. */
export function isSynthetic({ facts }: Pick<Entry, 'facts'>): boolean {
  return facts?.layout !== undefined;
}

/** Returns whether an entry belongs to nothing else: a client has put it, and no lease holds it. Exports have these. */
export function standsAlone(entry: Pick<Entry, 'lease' | 'facts'>): boolean {
  return entry.lease === null && !isSynthetic(entry);
}

/** Encodes facts for storage: equal facts have equal text. */
export function encodeFacts(facts: EntryFacts | null): string | null {
  if (facts === null) return null;
  const { actor, contentType, flags, leaseAlias, lock, layout, shows } = facts;
  return JSON.stringify({ actor, contentType, flags, leaseAlias, lock, layout, shows });
}

/** Returns the text of facts without the instance that the entry shows. No string in it contains the unescaped name. */
export function sharedFactsText(text: string): string {
  const at = text.lastIndexOf(',"shows":[');
  return at < 0 ? text : `${text.slice(0, at)}}`;
}

/** Returns flags as facts have them: 0 is absent. */
export function factFlags(flags: string | undefined): string | undefined {
  return flags === '0' ? undefined : flags;
}

/** Decodes text of {@link encodeFacts}. */
export function decodeFacts(text: string): EntryFacts {
  return JSON.parse(text) as EntryFacts; // `as`: only encodeFacts writes these texts
}

/**
 * Returns an entry as answers show it, without its key.
 *
 * @param value Undefined if the value was not requested.
 */
export function entryContent(entry: Entry, value: Uint8Array | undefined): EntryContent {
  const { createdRevision, revision, version, size: bytes, facts } = entry;
  const { contentType, flags, layout } = facts ?? {};
  const lease = entry.lease === null ? undefined : String(entry.lease);
  const held = { lease, leaseAlias: facts?.leaseAlias?.alias, leaseDoor: facts?.leaseAlias?.door };
  const lock = shownLock(facts?.lock);
  const numbers = { contentType, flags, bytes, createdRevision, revision, version, ...held, lock, layout };
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
