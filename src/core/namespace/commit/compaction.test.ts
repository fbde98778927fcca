import { expect, it } from 'vitest';
import { COMPACTION_SLICE_MAX_COUNT } from '../../../model/limits';
import { compactionOf } from './compaction';

const KEEP_ALL = { isBeyondCount: () => false, sizeByBytes: 0, stampByAge: 0, head: 1_000_000 };
const upTo = (newest: number) => (revision: number) => revision <= newest;
const row = (revision: number, changes = '[]') => [revision, revision, revision * 10, changes];

it('[J3] removes revisions beyond any bound, and stops at the first one within all of them', () => {
  const rows = [row(1), row(2), row(3), row(4)];
  expect(compactionOf(rows, KEEP_ALL)).toBeUndefined();
  expect(compactionOf(rows, { ...KEEP_ALL, isBeyondCount: upTo(2) })?.revision).toBe(2);
  expect(compactionOf(rows, { ...KEEP_ALL, stampByAge: 3 })?.revision).toBe(3);
  expect(compactionOf(rows, { ...KEEP_ALL, sizeByBytes: 9 })?.revision).toBe(1);
  expect(compactionOf(rows, { ...KEEP_ALL, isBeyondCount: upTo(4), head: 4 })?.revision).toBe(3);
});

it('[J3] removes all parts of a revision, even beyond a slice, and reads no row after them', () => {
  let read = 0;
  function* rows() {
    for (let part = 0; part <= COMPACTION_SLICE_MAX_COUNT; part++) {
      read += 1;
      yield row(1);
    }
    for (;;) {
      read += 1;
      yield row(2);
    }
  }
  expect(compactionOf(rows(), { ...KEEP_ALL, isBeyondCount: upTo(2) })?.revision).toBe(1);
  expect(read).toBe(COMPACTION_SLICE_MAX_COUNT + 2);
});
