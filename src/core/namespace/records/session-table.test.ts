import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { prepareStorage } from '../../storage/schema';
import { Catalog } from './catalog';
import type { InstanceEntry, SessionEntry } from './catalog-entries';
import {
  deleteSessionRow,
  holdInstance,
  isSession,
  readSessionRows,
  SessionTable,
  writeSessionRow,
} from './session-table';

const session = (key: string): SessionEntry => ({
  key,
  secretDigest: `digest of ${key}`,
  tokenId: 'owner',
  ttlMs: 45_000,
  lease: 3,
  instances: new Set(),
  connection: undefined,
  isClosed: false,
});

function instance(id: string): InstanceEntry {
  const catalog = new Catalog();
  return catalog.putInstance(catalog.serviceFor({ group: 'g', service: 's' }), id, '{}', 1, 0);
}

describe('SessionTable', () => {
  it('finds sessions by their key until they are removed', () => {
    const table = new SessionTable();
    const one = session('one');
    table.add(one);
    table.add(session('two'));
    expect([table.size, table.get('one') === one, table.get('')]).toEqual([2, true, undefined]);
    table.remove(one);
    expect([table.size, table.get('one')]).toEqual([1, undefined]);
  });
});

describe('holdInstance', () => {
  it('[T8] gives an instance to one session at most', () => {
    const [one, two, entry] = [session('one'), session('two'), instance('a')];
    holdInstance(entry, one);
    holdInstance(entry, one);
    holdInstance(entry, two);
    expect([one.instances.size, [...two.instances], entry.holder === two]).toEqual([0, [entry], true]);
    holdInstance(entry, undefined);
    expect([two.instances.size, entry.holder]).toEqual([0, undefined]);
  });

  it('distinguishes a session from an instance with its own lease', () => {
    expect([isSession(session('one')), isSession(instance('a'))]).toEqual([true, false]);
  });
});

describe('stored sessions', () => {
  it('[T3] read back as last written, and are gone once deleted', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'epoch');
    const one = session('one');
    writeSessionRow(disk, one, 5);
    writeSessionRow(disk, session('two'), 6);
    writeSessionRow(disk, { ...one, isClosed: true }, 7);
    const { instances: _instances, connection: _connection, ...row } = one;
    expect(readSessionRows(disk)).toEqual([
      { ...row, timedAt: 7, isClosed: true },
      { ...row, key: 'two', secretDigest: 'digest of two', timedAt: 6 },
    ]);
    deleteSessionRow(disk, 'one');
    expect(readSessionRows(disk).map(({ key }) => key)).toEqual(['two']);
  });

  it('[I8] take one row per write', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'epoch');
    disk.takeWritten();
    writeSessionRow(disk, session('one'), 5);
    writeSessionRow(disk, session('one'), 6);
    deleteSessionRow(disk, 'one');
    expect(disk.takeWritten()).toEqual({ 'insert session': 2, 'delete session': 1 });
  });
});
