import { type EntryContent, type EntryView, shownKey, shownValue } from '../../../model/entry';

/** Members of an entry that only surfaces use, and the token that put it. Equal facts of a namespace are one object. */
export interface EntryFacts {
  /** Id of the token. */
  readonly actor: string;
  readonly contentType?: string | undefined;
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
  return facts && JSON.stringify({ actor: facts.actor, contentType: facts.contentType });
}

/**
 * Returns an entry as answers show it, without its key.
 *
 * @param value Undefined if the value was not requested.
 */
export function entryContent(entry: Entry, value: Uint8Array | undefined): EntryContent {
  const { createdRevision, revision, version, size: bytes, facts } = entry;
  const lease = entry.lease === null ? undefined : String(entry.lease);
  const numbers = { contentType: facts?.contentType, bytes, createdRevision, revision, version, lease };
  return value === undefined ? numbers : { ...shownValue(value), ...numbers };
}

/** Returns an entry as answers show it. @param value Undefined if it was not requested. */
export function entryView(entry: Entry, value: Uint8Array | undefined): EntryView {
  return { ...shownKey(entry.key), ...entryContent(entry, value) };
}
