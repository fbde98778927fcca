import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { expect, it } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';

it('[M13] publint finds no problem in the package', async () => {
  const { messages, pkg } = await publint({ pkgDir: PROJECT_ROOT, strict: true, pack: 'npm' });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

it('[M13] the changelog has an entry for the packed version, or for the next one', () => {
  const read = (path: string) => readFileSync(join(PROJECT_ROOT, path), 'utf8');
  const { version }: { version: string } = JSON.parse(read('package.json'));
  const headings = [...read('CHANGELOG.md').matchAll(/^## \[(.*?)\]/gm)].map(([, name]) => name);
  expect(headings.some((name) => name === 'Unreleased' || name === version)).toBe(true);
  const kinds = [...read('CHANGELOG.md').matchAll(/^### (.*)$/gm)].map(([, name]) => name);
  for (const kind of kinds) {
    expect(['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security']).toContain(kind);
  }
});
