import { expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { prepareStorage } from '../schema';
import { countOf, EMPTY_TALLY, type StagedRecord, StagedRecords } from './staged-records';

const record = (kind: StagedRecord['kind'], service: string, id: string, line = 2): StagedRecord => ({
  kind,
  group: 'g',
  service,
  id,
  line,
  value: `${kind} ${id}`,
});

function begin() {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  return { disk, staged: new StagedRecords(disk) };
}

it('[Z10] gives services first, then overrides, then instances, each by name and id, from a record on', () => {
  const { staged } = begin();
  const all = [
    record('service', 'b', ''),
    record('override', 'a', 'x'),
    record('instance', 'a', 'x'),
    record('instance', 'a', 'y'),
  ];
  for (const each of all.toReversed()) staged.add(each);
  expect(staged.after(undefined, 9)).toEqual(all);
  expect(staged.after(all[1], 9)).toEqual(all.slice(2));
  expect(staged.after(all[0], 1)).toEqual([all[1]]);
  expect(staged.after(all[3], 9)).toEqual([]);
});

it('[Z7] knows the line of a record, and takes none twice', () => {
  const { staged } = begin();
  staged.add(record('instance', 'a', 'x', 7));
  expect(staged.lineOf(record('instance', 'a', 'x'))).toBe(7);
  expect(staged.lineOf(record('override', 'a', 'x'))).toBeUndefined();
  expect(() => staged.add(record('instance', 'a', 'x', 8))).toThrow();
});

it('[Z11] counts what is there, and forgets it', () => {
  const { disk, staged } = begin();
  expect(staged.tally()).toEqual(EMPTY_TALLY);
  for (const id of ['x', 'y']) staged.add(record('instance', 'a', id));
  staged.add(record('service', 'b', ''));
  expect(staged.tally()).toEqual({ services: 1, overrides: 0, instances: 2, size: 28 });
  expect(countOf('override')).toBe('overrides');
  staged.clear();
  expect(disk.rows('SELECT 1 FROM staged')).toEqual([]);
});
