import * as z from 'zod';
import { base64, isByteString, utf8Of, utf8Text } from './bytes';
import { quote, RegistryError } from './errors';
import { Cause } from './history';
import { ENTRY_CONTENT_TYPE_MAX_CHARACTERS, ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from './limits';
import type { Answer, Asker, Caller, ReadAnswer, ReadOptions, WriteAnswer } from './namespace-api';
import type { PointInTime } from './query-values';

/** Key of an entry, one character a byte: any bytes, also NUL and invalid UTF-8. */
export const EntryKey = z
  .string()
  .refine(isByteString, 'must have one character a byte')
  .min(1, 'a key must not be empty')
  .max(ENTRY_KEY_MAX_BYTES, `a key has at most ${ENTRY_KEY_MAX_BYTES} bytes`);

/** Media type of a value: what the client sent, and is sent back. */
export const EntryContentType = z
  .string()
  .min(1)
  .max(ENTRY_CONTENT_TYPE_MAX_CHARACTERS)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');

/**
 * Checks the size of a value.
 *
 * @throws {RegistryError} `PAYLOAD_TOO_LARGE`.
 */
export function assertEntryValue(value: Uint8Array): void {
  if (value.length <= ENTRY_VALUE_MAX_BYTES) return;
  throw new RegistryError(
    'PAYLOAD_TOO_LARGE',
    `the value has ${value.length} bytes; an entry has at most ${ENTRY_VALUE_MAX_BYTES}`,
  );
}

const count = (description: string) => z.int().meta({ description });

const keyed = {
  key: z.string().optional().meta({ description: 'Key as text; absent if it is not valid UTF-8' }),
  keyBase64: z.string().optional().meta({ description: 'Key as base64, if it is not valid UTF-8' }),
};

/** An entry without its key. */
export const EntryContent = z
  .object({
    value: z
      .string()
      .optional()
      .meta({ description: 'Value as text; absent if it is not valid UTF-8, or not requested' }),
    valueBase64: z.string().optional().meta({ description: 'Value as base64, if it is not valid UTF-8' }),
    contentType: z.string().optional().meta({ description: 'Media type of the value, as it was put' }),
    bytes: count('Length of the value'),
    createdRevision: count('Revision that created the key. It increases from one holder of a lock to the next'),
    revision: count('Revision of the last change'),
    version: count('Number of changes since the key was created, including that'),
  })
  .meta({ id: 'EntryContent' });
export type EntryContent = z.output<typeof EntryContent>;

/** An entry as answers show it. */
export const EntryView = EntryContent.extend(keyed).meta({ id: 'Entry' });
export type EntryView = z.output<typeof EntryView>;

/** Entries of a range. */
export const EntryRange = z
  .object({
    entries: z.array(EntryView),
    count: count('Entries in the range, whatever the limit'),
    more: z.boolean().meta({
      description: 'true: the range has entries that are left out, because of the limit or the size of the answer',
    }),
  })
  .meta({ id: 'EntryRange' });
export type EntryRange = z.output<typeof EntryRange>;

/** One change of an entry, complete before and after it; null if there was none. */
export const EntryChange = z
  .object({
    revision: z.int(),
    cursor: z.string().meta({ description: 'Position right after this revision' }),
    at: z.iso.datetime(),
    cause: Cause,
    actor: z.string().meta({ description: 'Id of the token, or `registry`' }),
    before: EntryContent.nullable(),
    after: EntryContent.nullable(),
  })
  .meta({ id: 'EntryChange' });
export type EntryChange = z.output<typeof EntryChange>;

/** A page of the history of a key, newest change first. */
export const EntryHistory = z
  .object({
    changes: z.array(EntryChange),
    next: z.string().optional().meta({ description: 'Pass it as `after` to continue' }),
    compacted: z.boolean().meta({ description: 'true: this is the end; older changes are no longer kept' }),
  })
  .meta({ id: 'EntryHistory' });
export type EntryHistory = z.output<typeof EntryHistory>;

/** Keys from one up to, but not including, another. */
export interface KeyInterval {
  /** Empty: from the first key. */
  from: string;
  /** Undefined: to the last key. */
  to: string | undefined;
}

/** Returns the interval of a single key. */
export function intervalOf(key: string): KeyInterval {
  return { from: key, to: `${key}\u0000` };
}

/** Returns the interval of all keys that begin with a prefix; every key if it is empty. */
export function intervalOfPrefix(prefix: string): KeyInterval {
  for (let end = prefix.length; end > 0; end--) {
    const last = prefix.charCodeAt(end - 1);
    if (last < 0xff) return { from: prefix, to: prefix.slice(0, end - 1) + String.fromCharCode(last + 1) };
  }
  return { from: prefix, to: undefined };
}

/** Property by which a range is ordered; entries with the same one are in the order of their keys. */
export type EntryOrder = 'key' | 'createdRevision' | 'revision' | 'version';

/** Puts an entry. */
export interface PutEntryCommand {
  /** One character a byte. */
  key: string;
  value: Uint8Array<ArrayBuffer>;
  contentType?: string | undefined;
  precondition: EntryPrecondition;
}

/** Condition under which an entry is put or deleted. */
export interface EntryPrecondition {
  /** True: there must be none; false: there must be one. */
  absent?: boolean | undefined;
  /** Revision that it must have. */
  revision?: number | undefined;
}

/** A read of a page of the history of a key. */
export interface EntryHistoryCommand extends Asker {
  key: string;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** A read of a range of entries. */
export interface EntryRangeCommand extends ReadOptions {
  interval: KeyInterval;
  /** Maximum number of entries. */
  limit?: number | undefined;
  /** By key unless set. */
  orderBy?: EntryOrder | undefined;
  descending?: boolean | undefined;
  /** Leave out values. */
  keysOnly?: boolean | undefined;
  /** Leave out entries: only their number. */
  countOnly?: boolean | undefined;
  /** Read the range as it was then. `COMPACTED`: the history of entries no longer reaches back to it. */
  at?: PointInTime | undefined;
}

/** Returns a key or a value as text, or as base64 if it is not valid UTF-8. */
export function shownKey(key: string): { key: string } | { keyBase64: string } {
  const text = utf8Of(key);
  return text === undefined ? { keyBase64: btoa(key) } : { key: text };
}

/** Formats a key for an error message. */
export function quoteKey(key: string): string {
  return quote(utf8Of(key) ?? key);
}

/** Returns a value as {@link shownKey} returns a key. */
export function shownValue(value: Uint8Array): { value: string } | { valueBase64: string } {
  const text = utf8Text(value);
  return text === undefined ? { valueBase64: base64(value) } : { value: text };
}

/**
 * Operations on the entries of one namespace, with the same guarantees as those of `NamespaceApi`. Keys and values are as
 * their schemas accept them.
 */
export interface EntryApi {
  /** Puts an entry, in a revision of its own, even if nothing differs. `LIMIT_EXCEEDED`: the namespace is full. */
  putEntry(caller: Caller, command: PutEntryCommand): Promise<WriteAnswer<EntryView>>;
  /** Deletes an entry. Succeeds if there is none, unless a precondition requires it. */
  deleteEntry(caller: Caller, command: { key: string; precondition: EntryPrecondition }): Promise<{ cursor: string }>;
  /** Returns an entry. `ENTRY_NOT_FOUND`: there is none. `COMPACTED`: the history does not reach back to `at`. */
  readEntry(command: { key: string; at?: PointInTime | undefined } & ReadOptions): Promise<ReadAnswer<EntryView>>;
  /** Returns entries of a range, as many as fit. */
  rangeEntries(command: EntryRangeCommand): Promise<ReadAnswer<EntryRange>>;
  /** Returns a page of the changes of a key, newest first, also of one that was deleted. */
  entryHistory(command: EntryHistoryCommand): Promise<Answer<EntryHistory>>;
}
