import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Sleepers } from './sleepers';
import { nodeSqlite } from './storage/node-sqlite';

describe('the list of sleepers', () => {
  it('names those that are due, and is the same after a restart', async () => {
    const storage = nodeSqlite(new DatabaseSync(':memory:'));
    const sleepers = new Sleepers(storage);
    sleepers.add('late', 2_000);
    sleepers.add('soon', 1_000);
    sleepers.add('never', null);
    for (const list of [sleepers, new Sleepers(storage)]) {
      expect([999, 1_000, 2_000].map((now) => list.dueBy(now).sort())).toEqual([[], ['soon'], ['late', 'soon']]);
      expect(['soon', 'never', 'awake'].map((ns) => list.has(ns))).toEqual([true, true, false]);
    }
    await sleepers.remove('soon');
    for (const list of [sleepers, new Sleepers(storage)]) expect(list.dueBy(1_999)).toEqual([]);
    sleepers.add('late', 5_000);
    expect(sleepers.dueBy(2_000)).toEqual([]);
  });
});
