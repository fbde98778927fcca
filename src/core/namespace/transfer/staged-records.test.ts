import { expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
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

it('[Z10] returns services first, then overrides, then instances, each by name and id, starting after a record', () => {
  const { staged } = begin();
  const all = [
    record('service', 'b', ''),
    record('override', 'a', 'x'),
    record('instance', 'a', 'x'),
    record('instance', 'a', 'y'),
  ];
  staged.add(all.toReversed());
  expect(staged.after(undefined, 9)).toEqual(all);
  expect(staged.after(all[1], 9)).toEqual(all.slice(2));
  expect(staged.after(all[0], 1)).toEqual([all[1]]);
  expect(staged.after(all[3], 9)).toEqual([]);
});

it('[Z7] stores the line of a record, and accepts each record once', () => {
  const { staged } = begin();
  staged.add([record('instance', 'a', 'x', 7)]);
  expect(staged.lineOf(record('instance', 'a', 'x'))).toBe(7);
  expect(staged.lineOf(record('override', 'a', 'x'))).toBeUndefined();
  expect(() => staged.add([record('instance', 'a', 'x', 8)])).toThrow();
});

it('[Z11] counts staged records, and forgets them', () => {
  const { disk, staged } = begin();
  expect(staged.tally()).toEqual(EMPTY_TALLY);
  staged.add([record('instance', 'a', 'x'), record('instance', 'a', 'y'), record('service', 'b', '')]);
  expect(staged.tally()).toEqual({ ...EMPTY_TALLY, services: 1, instances: 2, size: 28 });
  expect(countOf('override')).toBe('overrides');
  staged.clear();
  expect(disk.rows('SELECT 1 FROM staged')).toEqual([]);
});

it('[Z7] writes many records of a service in few statements, each once', () => {
  const { staged } = begin();
  const many = Array.from({ length: 100 }, (_, index) =>
    record('instance', index < 70 ? 'a' : 'b', `i${index}`, index),
  );
  staged.add(many);
  expect(staged.tally()).toMatchObject({ instances: 100 });
  expect(
    staged
      .after(undefined, 200)
      .map(({ line }) => line)
      .sort((a, b) => a - b),
  ).toEqual(many.map(({ line }) => line));
  for (const each of many) expect(staged.lineOf(each)).toBe(each.line);
  expect(staged.lineOf(record('instance', 'a', 'i99'))).toBeUndefined();
});
