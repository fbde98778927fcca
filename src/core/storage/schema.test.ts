import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { prepareStorage, SCHEMA_VERSION, writeProperty } from './schema';

const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";

/** Marks the storage as one of the next version, readable by a given version. */
function leaveNewer(disk: HandDisk, readableFrom: number): void {
  writeProperty(disk, 'schema', String(SCHEMA_VERSION + 1));
  writeProperty(disk, 'readable-from', String(readableFrom));
}

describe('prepareStorage', () => {
  it('creates the tables and an epoch on first use', () => {
    const disk = new HandDisk();
    expect(prepareStorage(disk, () => 'first')).toEqual({ epoch: 'first' });
    expect(disk.rows(TABLES).flat()).toEqual([
      'checkpoint',
      'document',
      'entry',
      'journal',
      'lease',
      'lease_part',
      'lock_delay',
      'property',
      'record',
      'session',
      'staged',
      'staged_entry',
    ]);
    expect(disk.rows('SELECT name, value FROM property')).toEqual([
      ['epoch', 'first'],
      ['readable-from', '1'],
      ['schema', String(SCHEMA_VERSION)],
    ]);
  });

  it('[S2, I8] keeps the epoch when it is reopened, and writes nothing', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'first');
    disk.takeWritten();
    expect(prepareStorage(disk, () => 'second')).toEqual({ epoch: 'first' });
    expect(disk.takeWritten()).toEqual({});
  });

  it('[I8] has no second index: each changed row is billed once', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'first');
    const indexes = disk.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite_auto%'");
    expect(indexes).toEqual([]);
    const tables = disk.rows("SELECT sql FROM sqlite_schema WHERE type = 'table'").flat().map(String);
    for (const table of tables) expect(table).toMatch(/WITHOUT ROWID|INTEGER PRIMARY KEY/);
  });

  it('[U9] reads storage of the next version that allows it, and leaves it unchanged', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'first');
    leaveNewer(disk, SCHEMA_VERSION);
    disk.takeWritten();
    expect(prepareStorage(disk, () => 'second')).toEqual({ epoch: 'first' });
    expect(disk.takeWritten()).toEqual({});
  });

  it('[S3] refuses storage of a newer version, and leaves it unchanged', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'first');
    leaveNewer(disk, SCHEMA_VERSION + 1);
    expect(() => prepareStorage(disk, () => 'second')).toThrow(`schema ${SCHEMA_VERSION + 1}`);
    expect(disk.rows("SELECT value FROM property WHERE name = 'schema'")).toEqual([[String(SCHEMA_VERSION + 1)]]);
  });
});
