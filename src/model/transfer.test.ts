import { expect, it } from 'vitest';
import { ImportAnswerLine, ImportQuery } from './transfer';

it('[Z6] an import names its mode, and is no dry run by default', () => {
  expect(ImportQuery.parse({ mode: 'merge' })).toEqual({ mode: 'merge', dryRun: false });
  expect(ImportQuery.parse({ mode: 'replace', dryRun: 'true' })).toEqual({ mode: 'replace', dryRun: true });
  for (const query of [{}, { mode: 'both' }, { mode: 'merge', dryRun: 'yes' }, { mode: 'merge', dry: 'true' }]) {
    expect(ImportQuery.safeParse(query).success).toBe(false);
  }
});

it('[Z6] a line of a response is identified by its kind', () => {
  expect(ImportAnswerLine.parse({ kind: 'progress', done: 1, of: 2 })).toEqual({ kind: 'progress', done: 1, of: 2 });
  expect(ImportAnswerLine.safeParse({ kind: 'other' }).success).toBe(false);
});
