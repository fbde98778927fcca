import { gunzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import { expect, it } from 'vitest';
import { bundleConsole } from '../../src/launcher/console-bundle';
import { PROJECT_ROOT } from '../house/source-tree';

/** Most that the files of a first visit may weigh together, compressed; 1 KB is 1,000 bytes. */
const VISIT_MAX_KB = 55;

/** Most that all files may weigh together, compressed: all pages, in all languages. */
const ALL_MAX_KB = 105;

const files = [...bundleConsole(esbuild, PROJECT_ROOT).files].map(([name, { gzip }]) => {
  const content = Buffer.from(gzip, 'base64');
  return { name, content, size: content.length / 1_000 };
});

/** Returns the problem of files that are too large together; undefined if they fit. */
function problemOf(what: string, measured: typeof files, most: number): string | undefined {
  const total = measured.reduce((sum, { size }) => sum + size, 0);
  if (total <= most) return undefined;
  const list = measured
    .sort((one, other) => other.size - one.size)
    .map(({ name, size }) => `${size.toFixed(1)} ${name}`)
    .join('\n');
  return `${what} weighs ${total.toFixed(1)} KB of at most ${most} KB, compressed:\n${list}`;
}

it('the files of a first visit fit into 55 KB, compressed', () => {
  const page = files.find(({ name }) => name === 'index.html');
  const text = page === undefined ? '' : gunzipSync(page.content).toString();
  const visited = files.filter(({ name }) => name === page?.name || text.includes(`/${name}"`));
  // The page itself, its script, its style sheet, its icon, and at least one part that the script imports.
  expect(visited.length).toBeGreaterThan(4);
  expect(problemOf('a first visit', visited, VISIT_MAX_KB)).toBeUndefined();
});

it('all files of the console fit into 105 KB, compressed', () => {
  expect(problemOf('the console', files, ALL_MAX_KB)).toBeUndefined();
});
