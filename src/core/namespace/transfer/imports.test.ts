import { expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
import { Imports } from './imports';

it('[Z11] an import is recognized after a wake, with its staged records, until it is over', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const imports = new Imports(disk);
  expect(imports.isUnderWay).toBe(false);
  imports.keep({ id: 'i', actor: 'admin', phase: 'staging' })();
  const record = { kind: 'instance' as const, group: 'g', service: 's', id: 'a', line: 2, value: 'xyz' };
  const tally = { services: 0, overrides: 0, instances: 1, size: 3 };
  imports.add([record], tally)();
  const woken = new Imports(disk);
  expect(woken).toMatchObject({ tally, isUnderWay: true, isApplying: false });
  expect(woken.require('i', 'staging')).toMatchObject({ actor: 'admin' });
  woken.keep({ id: 'i', actor: 'admin', phase: 'applying', mode: 'replace' })();
  expect(new Imports(disk)).toMatchObject({ isApplying: true, isReplacing: true });
  woken.keep({ id: 'i', actor: 'admin', phase: 'over', mode: 'replace' })();
  expect(new Imports(disk)).toMatchObject({ isUnderWay: false, isApplying: false, tally: { size: 0 } });
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
