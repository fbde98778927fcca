import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { Sleepers } from './sleepers';
import { nodeSqlite } from './storage/node-sqlite';

describe('the list of sleepers', () => {
  it('lists due ones, and is the same after a restart', async () => {
    const storage = nodeSqlite(new DatabaseSync(':memory:'));
    const sleepers = new Sleepers(storage, () => true);
    sleepers.add('late', 2_000);
    sleepers.add('soon', 1_000);
    sleepers.add('never', null);
    for (const list of [sleepers, new Sleepers(storage, () => true)]) {
      expect([999, 1_000, 2_000].map((now) => list.dueBy(now).sort())).toEqual([[], ['soon'], ['late', 'soon']]);
      expect(['soon', 'never', 'awake'].map((ns) => list.has(ns))).toEqual([true, true, false]);
    }
    await sleepers.remove('soon');
    for (const list of [sleepers, new Sleepers(storage, () => true)]) expect(list.dueBy(1_999)).toEqual([]);
    sleepers.add('late', 5_000);
    expect(sleepers.dueBy(2_000)).toEqual([]);
  });

  it('[L19] stores what it could not store as soon as it can', async () => {
    const storage = nodeSqlite(new DatabaseSync(':memory:'));
    let isFull = false;
    const sleepers = new Sleepers(storage, () => !isFull);
    sleepers.add('woken', null);
    isFull = true;
    await sleepers.remove('woken');
    sleepers.add('later', 1_000);
    expect(['woken', 'later'].map((ns) => new Sleepers(storage, () => true).has(ns))).toEqual([true, false]);
    isFull = false;
    sleepers.catchUp();
    expect(['woken', 'later'].map((ns) => new Sleepers(storage, () => true).has(ns))).toEqual([false, true]);
  });
});
