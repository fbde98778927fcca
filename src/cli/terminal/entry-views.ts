import type { Entry, EntryFacts } from '../../client/kv';
import type { EntryContent } from '../../client/wire/entry-frames';
import { base64, bytesOf, utf8Bytes, utf8Text } from '../../model/bytes';
import { keyText as wireKeyText } from './phrases';
import { type Cell, fitted, type Table } from './table';
import { fieldTable } from './views';

/** Width of a value in a table, in cells. */
const VALUE_CELLS = 60;

/** An entry with its value, or without it. */
export type AnyEntry = EntryFacts & Partial<Pick<Entry, 'value'>>;

/** Returns an entry as the API has it: text where it is UTF-8, base64 otherwise. */
export function entryJson({ keyBytes, value, ...entry }: AnyEntry): object {
  const { contentType, bytes, createdRevision, revision, version, lease, lock } = entry;
  const numbers = { contentType, bytes, createdRevision, revision, version, lease, lock };
  return { ...keyJson(keyBytes), ...(value && shown('value', value)), ...numbers };
}

/** Returns a key as the API has it. */
export const keyJson = (bytes: Uint8Array): object => shown('key', bytes);

/** Returns a key as lists show it. */
export const keyText = (bytes: Uint8Array): string => wireKeyText(shown('key', bytes));

function shown<Name extends string>(name: Name, bytes: Uint8Array): { [Member in Name | `${Name}Base64`]?: string } {
  const text = utf8Text(bytes);
  const member = text === undefined ? { [`${name}Base64`]: base64(bytes) } : { [name]: text };
  return member as { [Member in Name | `${Name}Base64`]?: string }; // `as`: one of the two
}

/** Matches characters that a terminal would interpret, apart from tabs and line breaks. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it is there to find
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

/** Returns the text of a value; undefined if it is not text, or has characters that a terminal would interpret. */
export function plainText(value: Uint8Array): string | undefined {
  const text = utf8Text(value);
  return text === undefined || CONTROL.test(text) ? undefined : text;
}

/** Shows the beginning of a value in one line. */
export function valueCell({ value, bytes, contentType }: Pick<AnyEntry, 'value' | 'bytes' | 'contentType'>): Cell {
  if (value === undefined) return '';
  const text = plainText(value);
  if (text === undefined) return { text: `(${bytes} bytes of ${contentType ?? 'data'})`, tone: 'faint' };
  return fitted(text.replace(/\s+/g, ' ').slice(0, 4 * VALUE_CELLS), VALUE_CELLS);
}

/** Shows the beginning of a value as the API has it. */
export function contentCell({ value, valueBase64, bytes, contentType }: EntryContent): Cell {
  return valueCell({
    value: value === undefined ? bytesOf(atob(valueBase64 ?? '')) : utf8Bytes(value),
    bytes,
    contentType,
  });
}

/** Shows entries of a range. */
export function entryTable(entries: readonly AnyEntry[]): Table {
  const hasValues = entries.some(({ value }) => value !== undefined);
  const hasLocks = entries.some(({ lock }) => lock?.lease !== undefined);
  return {
    titles: [
      'KEY',
      'BYTES',
      'VERSION',
      'REVISION',
      'TYPE',
      'LEASE',
      ...(hasLocks ? ['LOCKED BY'] : []),
      ...(hasValues ? ['VALUE'] : []),
    ],
    spare: [hasLocks ? 7 : 6, 4, 2],
    rows: entries.map((each): Cell[] => [
      keyText(each.keyBytes),
      each.bytes,
      each.version,
      `${each.revision}`,
      each.contentType ?? '',
      each.lease ?? '',
      ...(hasLocks ? [each.lock?.lease ?? ''] : []),
      ...(hasValues ? [valueCell(each)] : []),
    ]),
  };
}

/** Shows the details of an entry. */
export function entryFields(entry: Entry): Table {
  return fieldTable([
    ['key', keyText(entry.keyBytes)],
    ['value', valueCell(entry)],
    ['bytes', `${entry.bytes}`],
    ['type', entry.contentType],
    ['lease', entry.lease],
    ['locked by', entry.lock?.lease],
    ['acquired', entry.lock?.lease && `${entry.lock.acquiredRevision}`],
    ['version', `${entry.version}`],
    ['revision', `${entry.revision}`],
    ['created', `${entry.createdRevision}`],
  ]);
}
