import type { EntryContent } from '../../../model/entry';
import { shownValue } from '../../../model/entry';

/** Members of an entry that only surfaces use, and the token that put it. */
export interface EntryFacts {
  /** Id of the token. */
  actor: string;
  contentType?: string | undefined;
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
  /** Text of {@link encodeFacts}. */
  readonly facts: string | null;
  /** Length of the value. */
  readonly size: number;
}

/** An entry with its value. */
export interface WholeEntry extends Entry {
  readonly value: Uint8Array<ArrayBuffer>;
}

/** Encodes facts: equal facts have equal text. */
export function encodeFacts({ actor, contentType }: EntryFacts): string {
  return JSON.stringify({ actor, contentType });
}

/** Decodes text of {@link encodeFacts}. */
export function decodeFacts(text: string | null): EntryFacts {
  return text === null ? { actor: '' } : (JSON.parse(text) as EntryFacts); // `as`: only encodeFacts writes these texts
}

/**
 * Returns an entry as answers show it, without its key.
 *
 * @param value Undefined if the value was not requested.
 */
export function entryContent(entry: Entry, value: Uint8Array | undefined): EntryContent {
  return {
    ...(value === undefined ? {} : shownValue(value)),
    contentType: decodeFacts(entry.facts).contentType,
    bytes: entry.size,
    createdRevision: entry.createdRevision,
    revision: entry.revision,
    version: entry.version,
  };
}
