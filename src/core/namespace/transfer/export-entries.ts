import { base64, utf8Text } from '../../../model/bytes';
import { shownKey } from '../../../model/entry';
import { ENTRIES_READ_AT_ONCE_MAX_COUNT, EXPORT_PART_MAX_BYTES } from '../../../model/limits';
import type { ExportPart } from '../../../model/transfer';
import { standsAlone, type WholeEntry } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';
import { withEntriesAt } from '../history/entry-past';
import type { Moment } from '../history/moment';
import type { TurnState } from '../turn/turn-state';

/** Counts the entries that an export contains: those that no lease holds, without synthetic ones. */
export function countExported(store: EntryStore): number {
  let count = 0;
  for (const entry of store.within({ from: '' })) if (standsAlone(entry)) count += 1;
  return count;
}

/**
 * Reads a part of the entries, as they were at a moment. An entry that a lease holds is left out: it ends with its lease,
 * and a file has no leases: an entry is exported without its lock. A synthetic one is left out, as the file has its instance.
 *
 * @param from First key of the part.
 * @throws {RegistryError} `COMPACTED`.
 */
export async function entriesPart(state: TurnState, { revision, cursor }: Moment, from: string): Promise<ExportPart> {
  const interval = { from, to: endOfPart(state.entries, from) };
  const counts = { services: 0, overrides: 0, instances: 0, entries: 0 };
  return withEntriesAt(state, interval, revision, (source) => {
    let lines = '';
    for (const entry of source.whole(source.within(interval))) {
      // Values may have been larger then than now.
      if (lines.length >= EXPORT_PART_MAX_BYTES) return { lines, counts, next: encodeKeyPlace(cursor, entry.key) };
      if (!standsAlone(entry)) continue;
      lines += `${lineOf(entry)}\n`;
      counts.entries += 1;
    }
    const { to } = interval;
    return to === undefined ? { lines, counts } : { lines, counts, next: encodeKeyPlace(cursor, to) };
  });
}

/** Returns the first key after those that make a part, by their current sizes; undefined if all do. */
function endOfPart(store: EntryStore, from: string): string | undefined {
  let bytes = 0;
  let count = 0;
  for (const { key, size } of store.within({ from })) {
    if (bytes >= EXPORT_PART_MAX_BYTES || count >= ENTRIES_READ_AT_ONCE_MAX_COUNT) return key;
    bytes += key.length + size;
    count += 1;
  }
  return undefined;
}

function lineOf({ key, value, facts }: WholeEntry): string {
  const shown = shownKey(key);
  const content = { ...shownAsText(value), contentType: facts?.contentType, flags: facts?.flags };
  const { key: text } = { key: undefined, ...shown };
  const name = text !== undefined && isLong(text, key.length) ? { keyBase64: btoa(key) } : shown;
  return JSON.stringify({ kind: 'entry', ...name, ...content });
}

/** Returns a value as text if it is UTF-8 and its text, escaped as JSON, is not much longer. */
function shownAsText(value: Uint8Array): { value: string } | { valueBase64: string } {
  const text = utf8Text(value);
  return text === undefined || isLong(text, value.length) ? { valueBase64: base64(value) } : { value: text };
}

const encoder = new TextEncoder();

/**
 * Reports whether a text takes more than twice its length as JSON, as most control characters take six: a line has to stay
 * below its limit.
 */
function isLong(text: string, bytes: number): boolean {
  const json = JSON.stringify(text);
  // Only escapes are ASCII and longer than the characters that they encode.
  return json.length > 2 * bytes + 2 && encoder.encode(json).length > 2 * bytes + 2;
}

function encodeKeyPlace(cursor: string, key: string): string {
  return JSON.stringify([cursor, key]);
}

/** Encodes the place of the first key. */
export const firstKeyPlace = (cursor: string): string => encodeKeyPlace(cursor, '');

/** Decodes a place among the entries; undefined if it is one among the records, or none. */
export function decodeKeyPlace(text: string): { cursor: string; from: string } | undefined {
  if (!/^\["c[^"\\]*","/.test(text)) return undefined;
  try {
    const parts: unknown = JSON.parse(text);
    if (!Array.isArray(parts) || parts.length !== 2) return undefined;
    const [cursor, from]: unknown[] = parts;
    return typeof cursor === 'string' && typeof from === 'string' ? { cursor, from } : undefined;
  } catch {
    return undefined;
  }
}
