import { describe, expect, it } from 'vitest';
import { key } from '../../test/fixtures/definition';
import { HandDisk } from '../../test/fixtures/hand-disk';
import { type RecordRow, readHeadRevision, readRecordRows, writeRecordRow } from './record-row';
import { prepareStorage } from './schema';

function prepared(): HandDisk {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  disk.takeWritten();
  return disk;
}

const row = (given: Partial<RecordRow> = {}): RecordRow => ({
  kind: 'instance',
  ...key('a'),
  revision: 1,
  flags: 3,
  lease: 0,
  leaseTerms: '{"ttlMs":15000,"removeAfterMs":null,"intervalMs":5000}',
  timedAt: 1_893_456_000_000,
  value: '{}',
  ...given,
});

const head = (given: Partial<RecordRow> = {}): RecordRow =>
  row({ lease: null, leaseTerms: null, flags: 0, value: null, ...given });

describe('writeRecordRow', () => {
  it('[I8] writes one row, new or changed, that is read as it was written', () => {
    const disk = prepared();
    writeRecordRow(disk, row());
    const changed = row({
      revision: 2,
      flags: 0,
      lease: 7,
      leaseTerms: null,
      value: '{"a":1}',
    });
    writeRecordRow(disk, changed);
    expect([...readRecordRows(disk)]).toEqual([changed]);
    expect(disk.takeWritten()).toEqual({ 'insert record': 2 });
  });

  it('[R9] leaves the head of a record that was removed', () => {
    const disk = prepared();
    writeRecordRow(disk, row());
    writeRecordRow(disk, head({ revision: 2 }));
    expect([...readRecordRows(disk)]).toEqual([head({ revision: 2 })]);
  });
});

describe('readRecordRows', () => {
  it('gives services, then overrides, then instances, each by group, service and id', () => {
    const disk = prepared();
    const at = (kind: RecordRow['kind'], group: string, service: string, id: string) =>
      row({ kind, group, service, id });
    const ordered = [
      at('service', 'a', 'z', ''),
      at('service', 'b', 'a', ''),
      at('override', 'a', 'a', 'b'),
      at('instance', 'a', 'a', 'a'),
      at('instance', 'a', 'a', 'b'),
      at('instance', 'a', 'b', 'a'),
      at('instance', 'b', 'a', 'a'),
    ];
    for (const each of ordered.toReversed()) writeRecordRow(disk, each);
    expect([...readRecordRows(disk)]).toEqual(ordered);
  });

  it('[S3] refuses a kind of record that it does not know', () => {
    const disk = prepared();
    writeRecordRow(disk, row());
    disk.run('UPDATE record SET kind = 9');
    expect(() => [...readRecordRows(disk)]).toThrow('kind 9');
  });
});

describe('readHeadRevision', () => {
  it('is that of the removal, of this very record, and 0 where there is no head', () => {
    const disk = prepared();
    const name = { kind: 'instance', ...key('a') } as const;
    expect(readHeadRevision(disk, name)).toBe(0);
    writeRecordRow(disk, row());
    expect(readHeadRevision(disk, name)).toBe(0);
    writeRecordRow(disk, head({ revision: 5 }));
    expect(readHeadRevision(disk, name)).toBe(5);
    expect(readHeadRevision(disk, { ...name, kind: 'override' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, id: 'b' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, service: 'users' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, group: 'other' })).toBe(0);
  });
});
