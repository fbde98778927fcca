import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileRecords } from '../../src/http/transfer/file-records';
import { PROJECT_ROOT } from '../house/source-tree';

it('[D4] the export file on the page can be imported', async () => {
  const page = readFileSync(join(PROJECT_ROOT, 'docs/export.md'), 'utf8');
  const [, file = ''] = /^```jsonl\n([\s\S]*?)^```$/m.exec(page) ?? [];
  async function* lines() {
    for (const [index, text] of file.trim().split('\n').entries())
      yield { number: index + 1, text, bytes: text.length };
  }
  const kinds: string[] = [];
  for await (const records of fileRecords(lines())) kinds.push(...records.map(({ kind }) => kind));
  expect(kinds).toEqual(['service', 'override', 'instance', 'entry', 'entry']);
});
