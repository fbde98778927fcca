import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyRow } from '../fixtures/every-row';
import { PROJECT_ROOT } from '../house/source-tree';
import { quotedIds, readSpec } from '../house/spec-ids';

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8');

const page = read('docs/guarantees.md');

/** Rows of the table of promises: the promise, the tests that check it, and the commands. */
const rows = [...page.matchAll(/^\| \*\*([A-Z]+\d+)\*\* .*? \| (.*?) \| (.*?) ?\|$/gm)].map(
  ([, id = '', tests = '', commands = '']) => ({
    id,
    files: [...tests.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, path = '']) => path),
    scripts: [...commands.matchAll(/`npm run ([a-z:-]+)/g)].map(([, name = '']) => name),
  }),
);

describe('the page on guarantees', () => {
  it('lists every invariant of the specification', () => {
    const invariants = readSpec(read('design/spec.md')).promised.filter((id) => /^I\d+$/.test(id));
    expect(rows.map(({ id }) => id).filter((id) => /^I\d+$/.test(id))).toEqual(invariants);
  });

  it('promises only what the specification does', () => {
    const { promised } = readSpec(read('design/spec.md'));
    expect(rows.map(({ id }) => id).filter((id) => !promised.includes(id))).toEqual([]);
    expect(rows.filter(({ id }) => !id.startsWith('I')).length).toBeGreaterThan(5);
  });

  it('names for each id existing tests that quote it, and existing commands', () =>
    everyRow(rows, ({ id, files, scripts }) => {
      expect(files.length).toBeGreaterThan(0);
      for (const path of files) {
        expect(existsSync(join(PROJECT_ROOT, path)), path).toBe(true);
        expect([...quotedIds([{ path, text: read(path) }]).keys()], path).toContain(id);
      }
      const manifest = JSON.parse(read('package.json')) as { scripts: Record<string, string> }; // `as`: npm requires it
      for (const script of scripts) expect(Object.keys(manifest.scripts)).toContain(script);
    }));
});
