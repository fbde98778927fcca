import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ARROWS, FLOORS } from '../house/arrows';
import { isSource, PROJECT_ROOT, readProject } from '../house/source-tree';

const PAGE = readFileSync(join(PROJECT_ROOT, 'docs/architecture.md'), 'utf8');

const chapter = (title: string): string => PAGE.split(/^## /m).find((text) => text.startsWith(`${title}\n`)) ?? '';

const missing = (paths: readonly string[]): string[] => paths.filter((path) => !existsSync(join(PROJECT_ROOT, path)));

/** Returns the entries of the tree, each with its path from `src/`: each level is indented by two spaces. */
function treeEntries(): { path: string; says: string }[] {
  const [, tree = ''] = /^```text\n([\s\S]*?)^```$/m.exec(chapter('Folders')) ?? [];
  const folders: string[] = [];
  return [...tree.matchAll(/^( *)(\S+) *(.*)$/gm)].map(([, indent = '', name = '', says = '']) => {
    folders.splice(indent.length / 2);
    folders.push(name);
    return { path: folders.join(''), says };
  });
}

/** Returns the folders of the source, including parents, from `src/`. */
function sourceFolders(): string[] {
  const folders = readProject()
    .filter((file) => isSource(file) && file.path.startsWith('src/'))
    .flatMap(({ path }) => [...path.matchAll(/\//g)].map(({ index }) => path.slice('src/'.length, index + 1)));
  return [...new Set(folders)].filter((folder) => folder !== '');
}

it('draws folders that exist', () => {
  const drawn = [...chapter('The picture').matchAll(/[a-z]+(?:\/[a-z]+)+/g)].map(([path]) => `src/${path}`);
  expect(drawn.length).toBeGreaterThan(5);
  expect(missing(drawn)).toEqual([]);
});

it('has every folder of the source, with a description of each', () => {
  const entries = treeEntries();
  expect(entries.filter(({ says }) => says === '')).toEqual([]);
  expect(missing(entries.map(({ path }) => `src/${path}`))).toEqual([]);
  const folders = entries.map(({ path }) => path).filter((path) => path.endsWith('/'));
  expect(folders.toSorted()).toEqual(sourceFolders().sort());
});

it('lists the folders of a room from the lowest floor up', () => {
  const paths = treeEntries().map(({ path }) => path);
  for (const [room, floors] of Object.entries(FLOORS)) {
    const shown = floors.map((floor) => floor.split(' ').map((folder) => paths.indexOf(`${room}/${folder}/`)));
    expect(shown.flat(), room).not.toContain(-1);
    const ends = shown.flatMap((indexes) => [Math.min(...indexes), Math.max(...indexes)]);
    expect(ends, room).toEqual(ends.toSorted((one, other) => one - other));
  }
});

it('has the arrows between rooms that the house test checks', () => {
  const rows = [...chapter('Rooms').matchAll(/^\| `([^`]+)` \|.*\| (.*) \|$/gm)].map(
    ([, room = '', imports = '']): [string, string[]] => [room, imports.split(', ').sort()],
  );
  const arrows = Object.entries(ARROWS).map(([room, { rooms, packages }]) => [room, [...rooms, ...packages].sort()]);
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(arrows));
});
