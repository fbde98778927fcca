import { expect, it } from 'vitest';
import {
  byFolderAndKey,
  bytesOfKey,
  foldersOf,
  keyTitle,
  placeOfQuery,
  queryOfPlace,
  shownKey,
  treeRows,
} from './entry-keys';

it.each(['config/db', 'ключ/日本', 'a\u0000b', 'a b&c=d+e/%2F', '../x'])(
  'the key %j is the same after its address and its JSON',
  (text) => {
    const key = bytesOfKey({ key: text });
    expect(bytesOfKey(shownKey(key))).toBe(key);
    const query = new URLSearchParams(queryOfPlace({ prefix: '', key }) as Record<string, string>); // `as`: no member is undefined
    expect(placeOfQuery(new URLSearchParams(query.toString())).key).toBe(key);
  },
);

it('a key that is not text is shown and addressed by its bytes', () => {
  const key = 'a/\u00ff\u0000';
  expect(shownKey(key)).toEqual({ keyBase64: btoa(key) });
  expect(keyTitle(key)).toBe('a/\\xff\\x00');
  expect(placeOfQuery(new URLSearchParams(queryOfPlace({ prefix: '', key }) as Record<string, string>))).toEqual({
    prefix: 'a/',
    key,
  });
});

it('invisible characters are shown by their numbers', () => {
  expect(keyTitle(bytesOfKey({ key: 'a\u0000\u202eb\n' }))).toBe('a\\u0000\\u202eb\\u000a');
  expect(keyTitle(bytesOfKey({ key: '日本' }))).toBe('日本');
});

it('an address that was cut names the whole namespace', () => {
  expect(placeOfQuery(new URLSearchParams({ key: '%%%', base64: 'true' }))).toEqual({ prefix: '', key: undefined });
  expect(placeOfQuery(new URLSearchParams())).toEqual({ prefix: '', key: undefined });
});

it('a prefix is in its folders, the outermost first', () => {
  expect(foldersOf('a/b/')).toEqual(['a/', 'a/b/']);
  expect(foldersOf('a/b/c')).toEqual(['a/', 'a/b/', 'a/b/c']);
  expect(foldersOf('')).toEqual([]);
});

const KEYS = ['b', 'a/x', 'a/y/1', 'a', 'a//z', 'a/'];
const rows = (prefix: string, isFound?: (name: string) => boolean) =>
  treeRows(
    KEYS.filter((key) => key.startsWith(prefix)).map((key) => [key, 0] as const),
    prefix,
    isFound,
  )
    .sort(byFolderAndKey)
    .map((row) => (row.kind === 'folder' ? `${row.name} ${row.count}` : row.name));

it('the tree has folders with their counts, then the entries', () => {
  expect(rows('')).toEqual(['a/ 4', 'a', 'b']);
  expect(rows('a/')).toEqual(['/ 1', 'y/ 1', 'a/', 'x']);
  expect(rows('a')).toEqual(['/ 4', 'a']);
});

it('a search finds entries of all folders', () => {
  expect(rows('', (name) => name.includes('/'))).toEqual(['a/', 'a//z', 'a/x', 'a/y/1']);
});
