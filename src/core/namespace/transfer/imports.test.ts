import { expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { utf8Bytes } from '../../../model/bytes';
import { prepareStorage } from '../../storage/schema';
import { Imports } from './imports';
import { EMPTY_TALLY } from './staged-records';

it('[Z11] an import is recognized after a wake, with its staged records, until it is over', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const imports = new Imports(disk);
  expect(imports.isUnderWay).toBe(false);
  imports.keep({ id: 'i', actor: 'admin', phase: 'staging' })();
  const record = { kind: 'instance' as const, group: 'g', service: 's', id: 'a', line: 2, value: 'xyz' };
  const entry = { key: 'k', line: 3, contentType: undefined, value: utf8Bytes('four') };
  const tally = { services: 0, overrides: 0, instances: 1, size: 3, entries: 1, keyBytes: 1, entryBytes: 5 };
  imports.add([record], [entry], tally)();
  const woken = new Imports(disk);
  expect(woken).toMatchObject({ tally, isUnderWay: true, isApplying: false });
  expect(woken.lineOfEntry('k')).toBe(3);
  expect(woken.require('i', 'staging')).toMatchObject({ actor: 'admin' });
  woken.keep({ id: 'i', actor: 'admin', phase: 'applying', mode: 'replace' })();
  expect(new Imports(disk)).toMatchObject({ isApplying: true, isReplacing: true });
  woken.keep({ id: 'i', actor: 'admin', phase: 'over', mode: 'replace' })();
  expect(new Imports(disk)).toMatchObject({ isUnderWay: false, isApplying: false, tally: { size: 0 } });
});

it('[Z11] entries that another import has left behind are not those of an import', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const imports = new Imports(disk);
  imports.keep({ id: 'earlier', actor: 'admin', phase: 'staging' })();
  const entry = (line: number) => ({ key: 'k', line, contentType: undefined, value: utf8Bytes('value') });
  imports.add([], [entry(2)], { ...EMPTY_TALLY, entries: 1 })();
  // A version of the registry that does not know entries begins the next one.
  imports.keep({ id: 'later', actor: 'admin', phase: 'staging' })();
  const woken = new Imports(disk);
  expect(woken.tally.entries).toBe(0);
  woken.add([], [entry(7)], { ...EMPTY_TALLY, entries: 1 })();
  expect([woken.lineOfEntry('k'), woken.entriesAfter('', 9).rows.length]).toEqual([7, 1]);
  woken.clear();
  expect(disk.rows('SELECT 1 FROM staged_entry')).toEqual([]);
});

it('[Z11] another import, or another phase, is a conflict', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const imports = new Imports(disk);
  const conflict = expect.objectContaining({ code: 'CONFLICT' });
  expect(() => imports.require('i', 'staging')).toThrow(conflict);
  imports.keep({ id: 'i', actor: 'admin', phase: 'dropped' });
  expect(() => imports.require('i', 'staging', 'applying', 'over')).toThrow(conflict);
  imports.keep({ id: 'j', actor: 'admin', phase: 'staging' });
  expect(() => imports.require('i', 'staging')).toThrow(conflict);
});
