import { describe, expect, it } from 'vitest';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { RECORD_ROWS_PER_STATEMENT_COUNT } from '../../../model/limits';
import { prepareStorage } from '../../storage/schema';
import { type RecordRow, readHeadRevision, readHeadsSince, readRecordRows, writeRecordRows } from './record-row';

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

describe('writeRecordRows', () => {
  it('[I8] writes one row, new or changed, that is read as it was written', () => {
    const disk = prepared();
    writeRecordRows(disk, [row()]);
    const changed = row({
      revision: 2,
      flags: 0,
      lease: 7,
      leaseTerms: null,
      value: '{"a":1}',
    });
    writeRecordRows(disk, [changed]);
    expect([...readRecordRows(disk)]).toEqual([changed]);
    expect(disk.takeWritten()).toEqual({ 'insert record': 2 });
  });

  const SIZES = [0, 1, RECORD_ROWS_PER_STATEMENT_COUNT - 1, RECORD_ROWS_PER_STATEMENT_COUNT, 45];
  /** What rows may differ in: in what is bound once for many, and in what never is. */
  const VARIETIES: ((n: number) => Partial<RecordRow>)[] = [
    () => ({}),
    (n) => ({ lease: n, timedAt: n, value: `{"n":${n}}` }),
    (n) => ({ revision: n }),
    (n) => ({ flags: n < 20 ? 3 : 1 }),
    (n) => ({ leaseTerms: n === 30 ? null : '{}' }),
    (n) => ({ group: n < 7 ? 'a' : 'b' }),
    (n) => (n < 21 ? { kind: 'service' } : {}),
    (n) => (n % 22 === 21 ? { value: null, lease: null, leaseTerms: null, flags: 0 } : {}),
  ];
  const CASES = SIZES.flatMap((count) => VARIETIES.map((vary, variety) => ({ count, variety, vary })));

  it.each(CASES)('[I8] writes $count rows that are read as they were written, variety $variety', ({ count, vary }) => {
    const disk = prepared();
    const rows = Array.from({ length: count }, (_, n) => row({ ...key(`i${String(n).padStart(2, '0')}`), ...vary(n) }));
    writeRecordRows(disk, rows);
    expect([...readRecordRows(disk)]).toEqual(rows);
    const changed = rows.map((each) => ({ ...each, revision: each.revision + 100, value: '{"a":1}' }));
    writeRecordRows(disk, changed);
    expect([...readRecordRows(disk)]).toEqual(changed);
    expect(disk.takeWritten()).toEqual(count === 0 ? {} : { 'insert record': 2 * count });
  });

  it('[R9] leaves the head of a record that was removed', () => {
    const disk = prepared();
    writeRecordRows(disk, [row()]);
    writeRecordRows(disk, [head({ revision: 2 })]);
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
    writeRecordRows(disk, ordered.toReversed());
    expect([...readRecordRows(disk)]).toEqual(ordered);
  });

  it('[S3] refuses a kind of record that it does not know', () => {
    const disk = prepared();
    writeRecordRows(disk, [row()]);
    disk.run('UPDATE record SET kind = 9');
    expect(() => [...readRecordRows(disk)]).toThrow('kind 9');
  });
});

describe('readHeadRevision', () => {
  it('is that of the removal, of this very record, and 0 where there is no head', () => {
    const disk = prepared();
    const name = { kind: 'instance', ...key('a') } as const;
    expect(readHeadRevision(disk, name)).toBe(0);
    writeRecordRows(disk, [row()]);
    expect(readHeadRevision(disk, name)).toBe(0);
    writeRecordRows(disk, [head({ revision: 5 })]);
    expect(readHeadRevision(disk, name)).toBe(5);
    expect(readHeadRevision(disk, { ...name, kind: 'override' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, id: 'b' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, service: 'users' })).toBe(0);
    expect(readHeadRevision(disk, { ...name, group: 'other' })).toBe(0);
  });
});

describe('readHeadsSince', () => {
  it('[J6] gives what was removed of one service after a revision', () => {
    const disk = prepared();
    const removed = (id: string, revision: number, kind: RecordRow['kind'] = 'instance') =>
      head({ kind, id, revision });
    writeRecordRows(disk, [
      row(),
      removed('b', 4),
      removed('c', 5),
      removed('c', 6, 'override'),
      removed('', 7, 'service'),
    ]);
    writeRecordRows(disk, [head({ id: 'd', service: 'users', revision: 8 })]);
    const since = (revision: number) =>
      [...readHeadsSince(disk, ORDERS, revision)].map(({ kind, id }) => `${kind} ${id}`);
    expect(since(4)).toEqual(['service ', 'override c', 'instance c']);
    expect(since(3)).toEqual(['service ', 'override c', 'instance b', 'instance c']);
    expect(since(9)).toEqual([]);
  });
});
