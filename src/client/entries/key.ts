import { base64, bytesOf, utf8Bytes, utf8Text } from '../../model/bytes';
import { RollcallError } from '../wire/rollcall-error';

/** Key of an entry: a text, which stands for its UTF-8, or any bytes. At most 4 KiB. */
export type Key = string | Uint8Array;

/** Value of an entry: a text, which is stored as UTF-8, or any bytes. At most 512 KiB. */
export type Value = string | Uint8Array;

/** Keys to read or to watch: one key, all keys with a prefix, or those from one up to, but not including, another. */
export type KeyRange = { key: Key } | { prefix: Key } | { from: Key; to?: Key | undefined };

/** Text, or base64 of bytes that are not UTF-8. */
type Shown<Name extends string> = { [Text in Name]: string } | { [Base64 in `${Name}Base64`]: string };

/** Names of the members of a range. */
const RANGE_MEMBERS = ['key', 'prefix', 'from', 'to'] as const;

/** Segments that a URL removes from its path, and NUL, which not every server accepts in one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it is there to find
const NOT_IN_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|\u0000/;

/** Returns the text of a key or value; undefined if it is not UTF-8. */
export function textOf(data: Key | Value): string | undefined {
  if (typeof data !== 'string') return utf8Text(data);
  // An encoder would replace half of a surrogate pair, so that two texts were the same key.
  if (/\p{Cs}/u.test(data)) throw invalid(`${JSON.stringify(data)} has half of a surrogate pair, which has no UTF-8`);
  return data;
}

/** Returns a key or value as JSON has it: `{ key }`, or `{ keyBase64 }` if it is not UTF-8. */
export function shown<Name extends string>(name: Name, data: Key | Value): Shown<Name> {
  const text = textOf(data);
  const member = text === undefined ? { [`${name}Base64`]: base64(data as Uint8Array) } : { [name]: text }; // `as`: a string has a text
  return member as Shown<Name>; // `as`: one of the two
}

/** Returns the bytes that JSON has as text or as base64. */
export function bytesShown(text: string | undefined, encoded: string | undefined): Uint8Array<ArrayBuffer> {
  return encoded === undefined ? utf8Bytes(text ?? '') : bytesOf(atob(encoded));
}

/** Returns the last segments of an entry's path, and the query that says how the key is encoded. */
export function keyInPath(key: Key): { path: string; query: { base64?: true } } {
  assertKey(key);
  const text = textOf(key);
  if (text !== undefined && !NOT_IN_PATH.test(text)) return { path: encodeURIComponent(text), query: {} };
  return { path: urlBase64(bytesOfKey(key)), query: { base64: true } };
}

/** Returns a range as members of a query. */
export function rangeQuery(range: KeyRange): Record<string, string | true> {
  const members = membersOf(range).map(([name, key]) => ({ name, key, text: textOf(key) }));
  if (members.every(({ text }) => text !== undefined)) {
    return Object.fromEntries(members.map(({ name, text = '' }) => [name, text]));
  }
  const encoded = members.map(({ name, key }) => [name, urlBase64(bytesOfKey(key))] as const);
  return { ...Object.fromEntries(encoded), base64: true };
}

/** Returns a range as members of JSON. */
export function rangeInJson(range: KeyRange): Record<string, string | true> {
  const members = membersOf(range).map(([name, key]) => ({ name, key, text: textOf(key) }));
  if (members.every(({ text }) => text !== undefined)) {
    return Object.fromEntries(members.map(({ name, text = '' }) => [name, text]));
  }
  return { ...Object.fromEntries(members.map(({ name, key }) => [name, base64(bytesOfKey(key))])), base64: true };
}

/** Returns the key right after another: there is none between them. */
export function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

/** @throws {RollcallError} `INVALID_REQUEST` for an empty key, which a path cannot have. */
function assertKey(key: Key): void {
  if (key.length === 0) throw invalid('a key must not be empty');
}

function membersOf(range: KeyRange): [name: string, key: Key][] {
  const given: Partial<Record<(typeof RANGE_MEMBERS)[number], Key | undefined>> = range;
  const members = RANGE_MEMBERS.flatMap((name): [string, Key][] => {
    const key = given[name];
    return key === undefined ? [] : [[name, key]];
  });
  const names = members.map(([name]) => name).join(' and ');
  if (!['key', 'prefix', 'from', 'from and to'].includes(names)) {
    throw invalid(`a range has key, or prefix, or from and to; got ${names || 'nothing'}`);
  }
  return members;
}

const bytesOfKey = (key: Key): Uint8Array => (typeof key === 'string' ? utf8Bytes(key) : key);

/** Encodes bytes as base64 for URLs, without padding. */
const urlBase64 = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const invalid = (message: string): RollcallError => new RollcallError('INVALID_REQUEST', message);
