import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { everyRow } from '../fixtures/every-row';
import { PROJECT_ROOT, readProject } from '../house/source-tree';
import { quotedIds, readSpec } from '../house/spec-ids';

const read = (path: string): string => readFileSync(join(PROJECT_ROOT, path), 'utf8');

/** Rows of the threat model: the claim, its promises, and the files that show it. */
const rows = [...read('SECURITY.md').matchAll(/^\| (can(?:'t)? (?!or can't).*?) \| (.*?) \|$/gm)].map(
  ([, claim = '', by = '']) => ({
    claim,
    ids: (/\[([A-Z]\d+(?:, [A-Z]\d+)*)\]/.exec(claim)?.[1] ?? '').split(', ').filter((id) => id !== ''),
    files: [...by.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
    isMute: by === 'nothing to show',
  }),
);

describe('the threat model', () => {
  it('names for each claim existing tests that quote its ids', () =>
    everyRow(rows, ({ ids, files, isMute }) => {
      expect(files.length > 0 || isMute).toBe(true);
      for (const path of files) expect(existsSync(join(PROJECT_ROOT, path)), path).toBe(true);
      const { promised } = readSpec(read('design/spec.md'));
      const quoted = quotedIds(files.map((path) => ({ path, text: read(path) })));
      for (const id of ids) {
        expect(promised, id).toContain(id);
        expect([...quoted.keys()], `${id} in ${files.join()}`).toContain(id);
      }
    }));

  it('covers every foothold', () => expect(rows.length).toBeGreaterThan(30));
});

it('the registry never calls a registered address: no room of the server fetches or connects', () => {
  const calls = /(?:await|return|=|\() ?(?:globalThis\.)?(?:fetch|connect)\(/;
  const rooms = readProject().filter(({ path }) => /^src\/(auth|host|http|model|core)\//.test(path));
  const callers = rooms
    .filter(({ path, text }) => !path.includes('.test.') && calls.test(text))
    .map(({ path }) => path);
  expect(rooms.length).toBeGreaterThan(100);
  // A listener connects to itself to check that it still accepts.
  expect(callers).toEqual(['src/host/resident/listener/accept-watch.ts']);
});
