import { utf8ByteString, utf8Of } from '../../model/bytes';

/**
 * Keys of entries as the page has them: strings of one character a byte. JavaScript compares those in the order of the
 * registry, and they hold any key.
 */

/** Ends the name of a folder in a key. */
const SEPARATOR = '/';

/** Characters that are not visible, or that change the direction of a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** A key or a part of one in JSON. */
export interface ShownKey {
  key?: string | undefined;
  keyBase64?: string | undefined;
}

/** Returns a key that the registry has shown. */
export const bytesOfKey = ({ key = '', keyBase64 }: ShownKey): string =>
  keyBase64 === undefined ? utf8ByteString(key) : atob(keyBase64);

/** Returns a key as JSON has it. */
export function shownKey(bytes: string): ShownKey {
  const key = utf8Of(bytes);
  return key === undefined ? { keyBase64: btoa(bytes) } : { key };
}

/** Formats a key, or a part of one, for people: bytes that are not text, and invisible characters, by their numbers. */
export function keyTitle(bytes: string): string {
  const text = utf8Of(bytes);
  const escaped = (mark: string) => (character: string) =>
    `\\${mark}${(character.codePointAt(0) ?? 0).toString(16).padStart(mark === 'x' ? 2 : 4, '0')}`;
  return text === undefined ? bytes.replace(/[^ -~]/g, escaped('x')) : text.replace(INVISIBLE, escaped('u'));
}

/** Place among the entries of a namespace: those that begin with a prefix, or one of them. */
export interface EntryPlace {
  prefix: string;
  /** Undefined: the list. */
  key?: string | undefined;
}

/** Returns a place as the page's address names it. */
export function queryOfPlace({ prefix, key }: EntryPlace): Record<string, string | undefined> {
  const name = key === undefined ? 'prefix' : 'key';
  const text = utf8Of(key ?? prefix);
  // A server may refuse an address with NUL.
  if (text === undefined || text.includes('\u0000')) return { [name]: btoa(key ?? prefix), base64: 'true' };
  return { [name]: text };
}

/** Returns the place that an address names. The prefix of a key is its folder. */
export function placeOfQuery(query: URLSearchParams): EntryPlace {
  const bytes = (name: string): string | undefined => {
    const text = query.get(name);
    if (!text) return undefined;
    try {
      return query.has('base64') ? atob(text) : utf8ByteString(text);
    } catch {
      // An address that was cut.
      return undefined;
    }
  };
  const key = bytes('key');
  return { prefix: key === undefined ? (bytes('prefix') ?? '') : folderOf(key), key };
}

/** Returns the folder of a key; empty at the top. */
export const folderOf = (key: string): string => key.slice(0, key.lastIndexOf(SEPARATOR) + 1);

/** Returns the folders around a place, the outermost first, and the rest of its prefix if that ends in no separator. */
export function foldersOf(prefix: string): string[] {
  const ends = [...prefix.matchAll(/\//g)].map(({ index }) => index + 1);
  if (prefix !== '' && ends.at(-1) !== prefix.length) ends.push(prefix.length);
  return ends.map((end) => prefix.slice(0, end));
}

/** A row of the tree: a folder, with the number of entries in it, or an entry. */
export type TreeRow<Item> =
  | { kind: 'folder'; key: string; name: string; count: number }
  | { kind: 'entry'; key: string; name: string; item: Item };

/**
 * Returns the rows below a prefix, in any order: its entries, and its folders with all that is in them.
 *
 * @param isFound Searches: only the entries whose names match, and no folders.
 */
export function treeRows<Item>(
  items: Iterable<readonly [key: string, item: Item]>,
  prefix: string,
  isFound?: (name: string) => boolean,
): TreeRow<Item>[] {
  const folders = new Map<string, { kind: 'folder'; key: string; name: string; count: number }>();
  const rows: TreeRow<Item>[] = [];
  for (const [key, item] of items) {
    const end = isFound ? -1 : key.indexOf(SEPARATOR, prefix.length);
    // A key that is a folder's own name is an entry in it.
    if (end < 0) {
      const name = keyTitle(key.slice(prefix.length) || key);
      if (isFound?.(name) ?? true) rows.push({ kind: 'entry', key, name, item });
      continue;
    }
    const path = key.slice(0, end + 1);
    const known = folders.get(path);
    if (known) known.count += 1;
    else folders.set(path, { kind: 'folder', key: path, name: keyTitle(path.slice(prefix.length)), count: 1 });
  }
  return [...folders.values(), ...rows];
}

/** Compares rows: folders first, then by key. */
export const byFolderAndKey = <Item>(one: TreeRow<Item>, other: TreeRow<Item>): number =>
  one.kind === other.kind ? (one.key < other.key ? -1 : one.key > other.key ? 1 : 0) : one.kind === 'folder' ? -1 : 1;
