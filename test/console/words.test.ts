import { expect, it } from 'vitest';
import { en } from '../../src/console/words/en';
import { isSource, readProject, withoutComments } from '../house/source-tree';

/** Names in the sources that choose texts: members, parts of destructured objects, and codes of the wire. */
const NAMES = new Set(
  readProject()
    .filter((file) => isSource(file) && /^src\/(console|client\/wire)\/(?!words\/)/.test(file.path))
    .flatMap(({ text }) => [...withoutComments(text).matchAll(/(?:[.{,'|]\s*|\n\s*)([\w-]+)/g)])
    .map(([, name]) => name),
);

/** Returns the paths of texts, and of groups of texts, that no name chooses. */
const unusedIn = (texts: object, path = ''): string[] =>
  Object.entries(texts).flatMap(([name, value]) => [
    ...(NAMES.has(name) ? [] : [path + name]),
    ...(typeof value === 'object' && !Array.isArray(value) ? unusedIn(value, `${path}${name}.`) : []),
  ]);

it('each text of the console is used', () => {
  expect(unusedIn(en)).toEqual([]);
});
