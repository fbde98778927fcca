import * as z from 'zod';
import { base64, isByteString, utf8ByteString, utf8Of, utf8Text } from './bytes';
import { quote, RegistryError } from './errors';
import { ENTRY_CONTENT_TYPE_MAX_CHARACTERS, ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from './limits';

/** Key of an entry, one character a byte: any bytes, including NUL and invalid UTF-8. */
export const EntryKey = z
  .string()
  .refine(isByteString, 'must have one character a byte')
  .min(1, 'a key must not be empty')
  .max(ENTRY_KEY_MAX_BYTES, `a key has at most ${ENTRY_KEY_MAX_BYTES} bytes`);

/** Media type of a value, stored and returned as the client sent it. */
export const EntryContentType = z
  .string()
  .min(1)
  .max(ENTRY_CONTENT_TYPE_MAX_CHARACTERS)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');

/** Largest number of 64 bits. */
const FLAGS_MOST = '18446744073709551615';

/** Number that a dialect stores with an entry: decimal, as it may have 64 bits. An entry without one has 0. */
export const EntryFlags = z
  .string()
  .regex(/^[1-9]\d{0,19}$/, 'must be a decimal number above 0')
  .refine((text) => text.length < FLAGS_MOST.length || text <= FLAGS_MOST, 'must have at most 64 bits');

/**
 * Checks the sizes of an entry. A surface that has its own error for them checks them before.
 *
 * @param key One character a byte, like `value`.
 * @throws {RegistryError} `INVALID_REQUEST` for the key, `PAYLOAD_TOO_LARGE` for the value.
 */
export function assertEntrySizes(key: string, value: string): void {
  if (key.length === 0 || key.length > ENTRY_KEY_MAX_BYTES) {
    const message = `a key has 1 to ${ENTRY_KEY_MAX_BYTES} bytes; ${quoteKey(key)} has ${key.length}`;
    throw new RegistryError('INVALID_REQUEST', message);
  }
  if (value.length <= ENTRY_VALUE_MAX_BYTES) return;
  throw new RegistryError(
    'PAYLOAD_TOO_LARGE',
    `the value has ${value.length} bytes; an entry has at most ${ENTRY_VALUE_MAX_BYTES}`,
  );
}

const count = (description: string) => z.int().meta({ description });

/** Members that identify an entry. */
export const keyed = {
  key: z.string().optional().meta({ description: 'Key as text; absent if it is not valid UTF-8' }),
  keyBase64: z.string().optional().meta({ description: 'Key as base64, if it is not valid UTF-8' }),
};

/** Lock of an entry. */
export const EntryLock = z
  .object({
    lease: z.string().optional().meta({ description: 'Id of the lease that holds it; absent while it is free' }),
    index: count('Number of acquisitions since the entry was created'),
    acquiredRevision: count(
      'Revision of the last acquisition: a fencing token, which increases from one holder to the next',
    ),
  })
  .meta({ id: 'EntryLock' });
export type EntryLock = z.output<typeof EntryLock>;

/** An entry without its key. */
export const EntryContent = z
  .object({
    value: z
      .string()
      .optional()
      .meta({ description: 'Value as text; absent if it is not valid UTF-8, or was not requested' }),
    valueBase64: z.string().optional().meta({ description: 'Value as base64, if it is not valid UTF-8' }),
    contentType: z.string().optional().meta({ description: 'Media type of the value, as it was put' }),
    flags: z.string().optional().meta({
      description:
        'Number that a client of another protocol stored with the entry, decimal, up to 64 bits; absent if it is 0',
    }),
    bytes: count('Length of the value'),
    createdRevision: count(
      'Revision that created the entry. It is greater than that of every earlier entry with this key, so it can serve as a fencing token',
    ),
    revision: count('Revision of the last change'),
    version: count('Number of puts since the entry was created, counting from 1'),
    layout: z.string().optional().meta({
      description: 'Layout in which the registry shows an instance as this entry; absent if a client put the entry',
    }),
    lease: z.string().optional().meta({ description: 'Id of the lease that holds the entry; absent if none does' }),
    leaseAlias: z.string().optional().meta({
      description: 'Alias of that lease, if a client of another protocol chose one, also once the lease has ended',
    }),
    leaseDoor: z.string().optional().meta({ description: 'That protocol; only with `leaseAlias`' }),
    lock: EntryLock.optional().meta({ description: 'Lock of the entry; absent until it is acquired' }),
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
    count: count(
      'Number of entries in the range, regardless of `limit`. Absent if a read with `at` ends before it has looked at the whole range',
    ).optional(),
    more: z.boolean().meta({
      description:
        'true: some entries of the range are omitted, because of `limit` or the size of the response, or may be, because a read with `at` ended early',
    }),
    next: z.string().optional().meta({
      description: 'Set if `more` is true and the entries are in the order of keys: pass it as `after` to continue',
    }),
  })
  .meta({ id: 'EntryRange' });
export type EntryRange = z.output<typeof EntryRange>;

/** Matches base64 or base64url, padded or not, of whole bytes: unused bits are zero, as in RFC 4648, section 3.5. */
const BASE64 = /^(?:[\w+/-]{4})*(?:[\w+/-][AQgw](?:==)?|[\w+/-]{2}[AEIMQUYcgkosw048]=?)?$/;

/**
 * Returns the bytes of a text that names a key, or a part of one, one character a byte; undefined if the text is not valid
 * or too long.
 *
 * @param isBase64 True if the text is base64 or base64url of the bytes, otherwise it is the key itself.
 */
export function keyIn(text: string, isBase64: boolean): string | undefined {
  const key = isBase64 ? bytesOfBase64(text) : text.isWellFormed() ? utf8ByteString(text) : undefined;
  return key !== undefined && key.length <= ENTRY_KEY_MAX_BYTES ? key : undefined;
}

/** Decodes base64 or base64url to one character a byte; undefined if the text is anything else. */
export function bytesOfBase64(text: string): string | undefined {
  return BASE64.test(text) ? atob(text.replaceAll('-', '+').replaceAll('_', '/')) : undefined;
}

/** Returns a key as base64url without padding, as paths and queries take it. */
export function base64urlKey(key: string): string {
  return btoa(key).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Describes a valid text of {@link keyIn}. */
export function keyProblem(isBase64: boolean): string {
  return `must be ${isBase64 ? 'base64' : 'text'} of at most ${ENTRY_KEY_MAX_BYTES} bytes`;
}

/** Returns a key or a value as text, or as base64 if it is not valid UTF-8. */
export function shownKey(key: string): { key: string } | { keyBase64: string } {
  const text = utf8Of(key);
  return text === undefined ? { keyBase64: btoa(key) } : { key: text };
}

/** Returns the key that {@link shownKey} has shown. */
export function keyOf({ key = '', keyBase64 }: { key?: string | undefined; keyBase64?: string | undefined }): string {
  return keyBase64 === undefined ? utf8ByteString(key) : atob(keyBase64);
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
