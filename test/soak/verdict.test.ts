import { expect, it } from 'vitest';
import { everyRow } from '../fixtures/every-row';
import type { Measure } from './measures';
import { verdict } from './verdict';

const MEBIBYTE = 1_024 * 1_024;
const usual: Measure = {
  heapBytes: 10 * MEBIBYTE,
  residentBytes: 120 * MEBIBYTE,
  databaseBytes: 7 * MEBIBYTE,
  logBytes: 32 * MEBIBYTE,
  descriptors: 40,
  instances: 0,
  journalRevisions: 800,
};
const run = (last: Partial<Measure>, after: Partial<Measure> = {}) => ({
  days: [[usual, usual], [usual], [usual, { ...usual, ...last }]],
  before: usual,
  after: { ...usual, ...after },
  revisions: 1,
  registered: 1,
  crashed: 1,
});

it('[I12] reports growth of a soak run', () =>
  everyRow(
    [
      [run({}), []],
      [run({ heapBytes: 20 * MEBIBYTE }), ['the heap grew from 10.0 to 20.0 MiB']],
      [run({ databaseBytes: 11 * MEBIBYTE }), ['the databases grew from 7.0 to 11.0 MiB']],
      [run({ logBytes: 200 * MEBIBYTE }), ['the write-ahead logs take 200.0 MiB']],
      [run({}, { descriptors: 120 }), ['40 descriptors before, 120 after all clients had left']],
      [run({}, { instances: 3 }), ['3 instances are left']],
    ],
    ([report, expected]) => expect(verdict(report)).toEqual(expected),
  ));

it('[I12] requires two days', () => {
  expect(verdict({ ...run({}), days: [[usual]] })).toEqual(['too few days to compare']);
});
