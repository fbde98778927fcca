import { expect, it } from 'vitest';
import { COMPACTION_SLICE_MAX_COUNT } from '../../../model/limits';
import { compactionOf } from './compaction';

const KEEP_ALL = { isBeyondCount: () => false, sizeByBytes: 0, stampByAge: 0, head: 1_000_000 };
const upTo = (newest: number) => (revision: number) => revision <= newest;
const row = (revision: number, part = 0) => [revision, revision, revision * 10, '[]', null, null, part];

it('[J3] removes revisions beyond any bound, and stops at the first one within all of them', () => {
  const rows = [row(1), row(2), row(3), row(4)];
  expect(compactionOf(rows, KEEP_ALL)).toBeUndefined();
  expect(compactionOf(rows, { ...KEEP_ALL, isBeyondCount: upTo(2) })?.revision).toBe(2);
  expect(compactionOf(rows, { ...KEEP_ALL, stampByAge: 3 })?.revision).toBe(3);
  expect(compactionOf(rows, { ...KEEP_ALL, sizeByBytes: 9 })?.revision).toBe(1);
  expect(compactionOf(rows, { ...KEEP_ALL, isBeyondCount: upTo(4), head: 4 })?.revision).toBe(3);
});

it('[J3] ends a slice within a revision that is larger, and removes its rest next, whatever the bounds are then', () => {
  let read = 0;
  function* rows(from: number) {
    for (let part = from; part < COMPACTION_SLICE_MAX_COUNT + 5; part++) {
      read += 1;
      yield row(1, part);
    }
    for (;;) {
      read += 1;
      yield row(2);
    }
  }
  const first = compactionOf(rows(0), { ...KEEP_ALL, isBeyondCount: upTo(1) });
  expect(first).toMatchObject({ revision: 1, part: COMPACTION_SLICE_MAX_COUNT - 1 });
  expect(read).toBe(COMPACTION_SLICE_MAX_COUNT + 1);
  const rest = compactionOf(rows(COMPACTION_SLICE_MAX_COUNT), KEEP_ALL);
  expect(rest).toEqual({ revision: 1, removed: [], removedEntries: [] });
});
