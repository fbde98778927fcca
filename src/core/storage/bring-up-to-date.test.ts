import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { bringUpToDate, mayRead, type Schema, type SchemaStep } from './bring-up-to-date';
import type { SqlStorage } from './sql-storage';

const PROPERTY =
  'CREATE TABLE IF NOT EXISTS property (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID';
const THING = 'CREATE TABLE IF NOT EXISTS thing (id TEXT PRIMARY KEY, size INTEGER NOT NULL) STRICT, WITHOUT ROWID';
const WITH_UNIT = THING.replace('size INTEGER NOT NULL', "size INTEGER NOT NULL, unit TEXT NOT NULL DEFAULT 'm'");

/** Adds a column that earlier code does not need. */
const addUnit: SchemaStep = {
  migrate: (storage) => void storage.run("ALTER TABLE thing ADD COLUMN unit TEXT NOT NULL DEFAULT 'm'"),
  readableFrom: 1,
};

/** Changes the meaning of a number. */
const toMillimetres: SchemaStep = {
  migrate: (storage) => void storage.run('UPDATE thing SET size = size * 1000'),
  readableFrom: 3,
};

const schema = (steps: SchemaStep[]): Schema => ({
  name: 'namespace',
  tables: [PROPERTY, steps.length === 0 ? THING : WITH_UNIT],
  steps,
});
const [FIRST, SECOND, THIRD] = [schema([]), schema([addUnit]), schema([addUnit, toMillimetres])];

/** Storage left by one version, with one record. */
function leftBy(version: Schema): HandDisk {
  const disk = new HandDisk();
  open(disk, version);
  disk.run("INSERT INTO thing (id, size) VALUES ('a', 2)");
  return disk;
}

const open = (storage: SqlStorage, version: Schema) => storage.transaction(() => bringUpToDate(storage, version));
const properties = (disk: HandDisk) => disk.rows('SELECT name, value FROM property');

describe('bringUpToDate', () => {
  it('[U8] upgrades storage across all versions it missed', () => {
    const disk = leftBy(FIRST);
    open(disk, THIRD);
    expect(disk.rows('SELECT id, size, unit FROM thing')).toEqual([['a', 2_000, 'm']]);
    expect(properties(disk)).toEqual([
      ['readable-from', '3'],
      ['schema', '3'],
    ]);
    disk.takeWritten();
    open(disk, THIRD);
    expect(disk.takeWritten()).toEqual({});
  });

  it('[U8] takes no step on new storage', () => {
    const disk = leftBy(THIRD);
    expect(disk.rows('SELECT id, size FROM thing')).toEqual([['a', 2]]);
    expect(properties(disk)).toContainEqual(['schema', '3']);
  });

  it('[U8, S1] takes all steps or none', () => {
    const disk = leftBy(FIRST);
    const failing: SchemaStep = { migrate: (storage) => void storage.run('DROP TABLE nothing'), readableFrom: 3 };
    expect(() => open(disk, schema([addUnit, failing]))).toThrow();
    expect(properties(disk)).toEqual([['schema', '1']]);
    expect(() => disk.rows('SELECT unit FROM thing')).toThrow('no such column');
  });

  it('[U9] reads and writes storage of the next version if that is allowed, and never downgrades it', () => {
    const disk = leftBy(SECOND);
    disk.takeWritten();
    open(disk, FIRST);
    expect(disk.takeWritten()).toEqual({});
    disk.run("INSERT INTO thing (id, size) VALUES ('b', 3)");
    open(disk, SECOND);
    expect(disk.rows('SELECT id, size, unit FROM thing ORDER BY id')).toEqual([
      ['a', 2, 'm'],
      ['b', 3, 'm'],
    ]);
  });

  it('[U9] refuses storage of the next version that may not be read, also because of an earlier step', () => {
    const disk = leftBy(THIRD);
    for (const older of [FIRST, SECOND]) {
      expect(() => open(disk, older)).toThrow(
        expect.objectContaining({
          code: 'NOT_CONFIGURED',
          message: expect.stringMatching(
            /has schema 3, readable by schema 3 and later; this version of Rollcall supports/,
          ),
        }),
      );
    }
    const later = leftBy(schema([addUnit, toMillimetres, { migrate: () => {}, readableFrom: 1 }]));
    expect(() => open(later, SECOND)).toThrow('has schema 4, readable by schema 3 and later');
    open(later, THIRD);
  });

  it('[S3] refuses an invalid version', () => {
    for (const version of ['0', '-1', 'two', '']) {
      const disk = leftBy(FIRST);
      disk.run("UPDATE property SET value = ? WHERE name = 'schema'", version);
      expect(() => open(disk, SECOND), version).toThrow('has schema');
    }
  });
});

it('[U9] mayRead checks the version and what the storage allows', () => {
  expect([mayRead(2, 1, undefined), mayRead(2, 2, 2), mayRead(2, 3, 2), mayRead(2, 4, 1)]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([mayRead(2, 3, undefined), mayRead(2, 3, 3), mayRead(2, Number.NaN, 1), mayRead(2, 3, Number.NaN)]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
