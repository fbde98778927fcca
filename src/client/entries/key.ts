import { base64, bytesOf as bytesOfString, utf8Bytes, utf8Text } from '../../model/bytes';
import { RollcallError } from '../wire/rollcall-error';

/** Key of an entry: a string, which is encoded as UTF-8, or any bytes. At most 4 KiB. */
export type Key = string | Uint8Array;

/** Value of an entry: a string, which is stored as UTF-8, or any bytes. At most 512 KiB. */
export type Value = string | Uint8Array;

/** Keys to read or to watch: one key, all keys with a prefix, or those from one up to, but not including, another. */
export type KeyRange = { key: Key } | { prefix: Key } | { from: Key; to?: Key | undefined };

/** Text, or base64 of bytes that are not UTF-8. */
type Shown<Name extends string> = { [Text in Name]: string } | { [Base64 in `${Name}Base64`]: string };

/** Longest key of an entry. */
const KEY_MAX_BYTES = 4_096;

/** Names of the members of a range. */
export const RANGE_MEMBERS = ['key', 'prefix', 'from', 'to'] as const;

/** Segments that a URL removes from its path, and NUL, which not every server accepts in one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is what it is there to find
const NOT_IN_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|\u0000/;

/** Returns the text of a key or value; undefined if it is not UTF-8. */
export function textOf(data: Key | Value): string | undefined {
  if (typeof data !== 'string') return utf8Text(checkedBytes(data));
  // An encoder would replace half of a surrogate pair, so that two texts were the same key.
  if (/\p{Cs}/u.test(data)) throw invalid(`${JSON.stringify(data)} has half of a surrogate pair, which has no UTF-8`);
  return data;
}

/** Encodes a key or value for JSON: `{ key }`, or `{ keyBase64 }` if it is not UTF-8. */
export function shown<Name extends string>(name: Name, data: Key | Value): Shown<Name> {
  const text = textOf(data);
  const member = text === undefined ? { [`${name}Base64`]: base64(data as Uint8Array) } : { [name]: text }; // `as`: a string has a text
  return member as Shown<Name>; // `as`: one of the two
}

/** Decodes bytes that JSON has as text or as base64. */
export function bytesShown(text: string | undefined, encoded: string | undefined): Uint8Array<ArrayBuffer> {
  return encoded === undefined ? utf8Bytes(text ?? '') : bytesOfString(atob(encoded));
}

/** Returns the last segments of an entry's path, and the query that says how the key is encoded. */
export function keyInPath(key: Key): { path: string; query: { base64?: true } } {
  const text = textOf(key);
  if (key.length === 0) throw invalid('a key must not be empty');
  if (text !== undefined && !NOT_IN_PATH.test(text)) return { path: encodeURIComponent(text), query: {} };
  return { path: urlBase64(bytesOf(key)), query: { base64: true } };
}

/** Returns a range as members of a query. */
export function rangeQuery(range: KeyRange): Record<string, string | true> {
  const members = membersOf(range).flatMap(([name, key]): [name: Member, key: Key][] => {
    if (name !== 'key') return [[name, key]];
    const bytes = bytesOf(key);
    // No longer key begins with one of the greatest length, and none is between a shorter one and itself with a NUL.
    if (bytes.length >= KEY_MAX_BYTES) return [['prefix', key]];
    return [
      ['from', key],
      ['to', keyAfter(bytes)],
    ];
  });
  const texts = members.map(([name, key]) => [name, textInUrl(key)] as const);
  if (texts.every(([, text]) => text !== undefined)) return Object.fromEntries(texts) as Record<string, string>; // `as`: checked
  return { ...Object.fromEntries(members.map(([name, key]) => [name, urlBase64(bytesOf(key))])), base64: true };
}

/** Returns a range as members of an operation in JSON, each of which is text or base64. */
export function shownRange(range: KeyRange): Partial<Record<Member | `${Member}Base64`, string>> {
  return Object.assign({}, ...membersOf(range).map(([name, key]) => shown(name, key)));
}

/** Returns the bytes of a key or value. */
export function bytesOf(data: Key | Value): Uint8Array<ArrayBuffer> {
  // A copy, since the caller may change its array while the request is sent.
  return typeof data === 'string' ? utf8Bytes(textOf(data) ?? '') : new Uint8Array(checkedBytes(data));
}

/**
 * Returns the bytes of a key or value that is not a string. A caller without types may pass anything, and a typed array made
 * from a number or an object would replace the value by zeros, or by nothing.
 */
function checkedBytes(data: Uint8Array): Uint8Array {
  // By its tag, since bytes may come from another realm.
  if (Object.prototype.toString.call(data) === '[object Uint8Array]') return data;
  throw invalid('a key or a value must be a string or a Uint8Array');
}

/** Returns the key right after another: there is none between them. */
function keyAfter(key: Uint8Array): Uint8Array {
  const after = new Uint8Array(key.length + 1);
  after.set(key);
  return after;
}

/** Returns the text of a key if it can be in a query. */
function textInUrl(key: Key): string | undefined {
  const text = textOf(key);
  return text?.includes('\u0000') ? undefined : text;
}

type Member = (typeof RANGE_MEMBERS)[number];

function membersOf(range: KeyRange): [name: Member, key: Key][] {
  const given: Partial<Record<Member, Key | undefined>> = range;
  const members = RANGE_MEMBERS.flatMap((name): [Member, Key][] => {
    const key = given[name];
    return key === undefined ? [] : [[name, key]];
  });
  const names = members.map(([name]) => name).join(' and ');
  if (!['key', 'prefix', 'from', 'from and to'].includes(names)) {
    throw invalid(`a range has key, or prefix, or from and to; got ${names || 'nothing'}`);
  }
  return members;
}

/** Encodes bytes as base64 for URLs, without padding. */
const urlBase64 = (bytes: Uint8Array): string =>
  base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

const invalid = (message: string): RollcallError => new RollcallError('INVALID_REQUEST', message);
