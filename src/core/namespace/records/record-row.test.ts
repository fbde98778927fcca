import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { settle } from '../../../../test/simulation/virtual-time';
import {
  DOCUMENTS_PER_SERVICE_MAX_COUNT,
  RECORD_ROWS_PER_PAGE_COUNT,
  RECORD_ROWS_PER_STATEMENT_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import { prepareStorage } from '../../storage/schema';
import { ServiceEntry } from './catalog-entries';
import type { RecordRow } from './record-kind';
import {
  headName,
  headRevision,
  readDocumentRows,
  readHeadsSince,
  readRecordRows,
  writeDocumentRow,
  writeRecordRows,
} from './record-row';
import type { RecordKey } from './records';

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
  it('[I8] writes one row, new or changed, that reads back as written', () => {
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
  /** Differences between rows, in columns that are bound once for many rows and in others. */
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

  it('[I8] writes rows that read back as written, whatever they share', () => {
    for (const { count, variety, vary } of CASES) {
      const disk = prepared();
      const rows = Array.from({ length: count }, (_, n) =>
        row({ ...key(`i${String(n).padStart(2, '0')}`), ...vary(n) }),
      );
      writeRecordRows(disk, rows);
      expect([...readRecordRows(disk)], `${count} rows, variety ${variety}`).toEqual(rows);
      const changed = rows.map((each) => ({ ...each, revision: each.revision + 100, value: '{"a":1}' }));
      writeRecordRows(disk, changed);
      expect([...readRecordRows(disk)], `${count} rows, variety ${variety}`).toEqual(changed);
      expect(disk.takeWritten(), `${count} rows, variety ${variety}`).toEqual(
        count === 0 ? {} : { 'insert record': 2 * count },
      );
    }
  });

  it('[R9] leaves the head of a removed record', () => {
    const disk = prepared();
    writeRecordRows(disk, [row()]);
    writeRecordRows(disk, [head({ revision: 2 })]);
    expect([...readRecordRows(disk)]).toEqual([head({ revision: 2 })]);
  });
});

describe('readRecordRows', () => {
  it('returns services, then overrides, then instances, each by group, service and id', () => {
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

  it('returns every row once, whether or not the last page is full', () => {
    for (const count of [RECORD_ROWS_PER_PAGE_COUNT, 2 * RECORD_ROWS_PER_PAGE_COUNT + 1]) {
      const disk = prepared();
      const rows = Array.from({ length: count }, (_, n) => row({ id: String(n).padStart(6, '0') }));
      writeRecordRows(disk, rows);
      expect([...readRecordRows(disk)], `${count} rows`).toEqual(rows);
    }
  });

  it('[S3] refuses an unknown kind of record', () => {
    const disk = prepared();
    writeRecordRows(disk, [row()]);
    disk.run('UPDATE record SET kind = 9');
    expect(() => [...readRecordRows(disk)]).toThrow('kind 9');
  });
});

describe('headRevision', () => {
  it('is the revision at which the record was removed, and 0 without a head', () => {
    const disk = prepared();
    const service = new ServiceEntry(ORDERS.group, ORDERS.service);
    service.hasHeads = true;
    const revisionOf = (name: RecordKey) => headRevision(disk, name, service);
    const name = { kind: 'instance', ...key('a') } as const;
    expect(revisionOf(name)).toBe(0);
    writeRecordRows(disk, [row()]);
    expect(revisionOf(name)).toBe(0);
    writeRecordRows(disk, [head({ revision: 5 })]);
    expect(revisionOf(name)).toBe(5);
    expect(revisionOf({ ...name, kind: 'override' })).toBe(0);
    expect(revisionOf({ ...name, id: 'b' })).toBe(0);
    expect(revisionOf({ ...name, service: 'users' })).toBe(0);
    expect(revisionOf({ ...name, group: 'other' })).toBe(0);
  });
});

describe('readHeadsSince', () => {
  it('[J6] returns the records of a service removed after a revision', () => {
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

const INSTANCE = { kind: 'instance', ...key('a') } as const;

describe('headRevision of a service', () => {
  it('[J1] is that of the removal, before and after it is durable', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.remove('a');
    const service = awake.state.catalog.service(ORDERS);
    const revision = () => headRevision(awake.platform.storage, INSTANCE, service);
    expect(service?.unwrittenHeads.size).toBe(1);
    expect(revision()).toBe(3);
    await settle();
    expect(service?.unwrittenHeads.size).toBe(0);
    expect(revision()).toBe(3);
  });

  it('is that of the newer of two removals, even if only the first is durable', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.remove('a');
    await settle();
    awake.put('a');
    awake.remove('a');
    expect(headRevision(awake.platform.storage, INSTANCE, awake.state.catalog.service(ORDERS))).toBe(5);
  });

  it('is 0 for a service that never existed, and reads no storage if nothing was ever removed', () => {
    const awake = new AwakeNamespace();
    awake.put('b');
    const read = () => expect.fail('the disk was asked');
    const asked = { read, run: () => 0, transaction: () => {}, sync: async () => {} };
    expect(headRevision(asked, INSTANCE, awake.state.catalog.service(ORDERS))).toBe(0);
    expect(headRevision(asked, INSTANCE, undefined)).toBe(0);
  });
});

it('headName distinguishes an instance from its override', () => {
  expect(headName({ kind: 'instance', id: 'a' })).not.toBe(headName({ kind: 'override', id: 'a' }));
});

/** A document whose id is a repeated digit. */
const document = (digit: number, text = `text ${digit}`) => ({ id: `${digit}`.padStart(64, '0'), text });

const holding = (digit: number) => instanceRecord({}, { document: document(digit).id });

const idsOnDisk = ({ platform }: AwakeNamespace) => [...readDocumentRows(platform.storage)].map(({ id }) => Number(id));

/** Registers instances that share a document, which the first one contains. */
function register(awake: AwakeNamespace, ids: string, digit: number): void {
  for (const id of ids.split(' ')) {
    awake.commit((draft) => {
      draft.putDocument(ORDERS, document(digit));
      draft.putInstance(key(id), holding(digit), 'registered', true);
    });
  }
}

describe('documents that instances share', () => {
  it('[X11] are one row and one text in memory, removed with the last instance that names them', async () => {
    const awake = new AwakeNamespace();
    const { catalog } = awake.state;
    register(awake, 'a b', 1);
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
    expect(catalog.service(ORDERS)?.documents.get(document(1).id)).toMatchObject({ text: 'text 1', holders: 2 });
    awake.remove('a');
    register(awake, 'b', 2);
    await settle();
    expect(idsOnDisk(awake)).toEqual([2]);
    awake.remove('b');
    await settle();
    expect([idsOnDisk(awake), catalog.size]).toEqual([[], 0]);
  });

  it('[X11] stay if one revision moves them from one instance to another', async () => {
    const awake = new AwakeNamespace();
    register(awake, 'a', 1);
    awake.commit((draft) => {
      draft.removeInstance(key('a'), 'deregistered');
      draft.putDocument(ORDERS, document(1));
      draft.putInstance(key('b'), holding(1), 'registered', true);
    });
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] stay if only other members of their instance change', async () => {
    const awake = new AwakeNamespace();
    register(awake, 'a', 1);
    const unhealthy = instanceRecord({}, { document: document(1).id, healthy: false });
    awake.commit((draft) => draft.putInstance(key('a'), unhealthy, 'unhealthy', false));
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] that no instance names after a wake are removed with the next change', async () => {
    const first = new AwakeNamespace();
    register(first, 'a', 1);
    await settle();
    writeDocumentRow(first.platform.storage, ORDERS, document(2));
    writeDocumentRow(first.platform.storage, { ...ORDERS, service: 'gone' }, document(3));
    const awake = new AwakeNamespace(first.platform);
    expect(awake.state.catalog.service(ORDERS)?.documents.get(document(1).id)?.holders).toBe(1);
    awake.put('b');
    await settle();
    expect(idsOnDisk(awake)).toEqual([1]);
  });

  it('[X11] have a limit for each service, including the new ones of a revision', () => {
    const awake = new AwakeNamespace();
    const put = (from: number, to: number) =>
      awake.commit((draft) => {
        for (let digit = from; digit < to; digit++) {
          draft.putDocument(ORDERS, document(digit));
          draft.putInstance(key(`${digit}`), holding(digit), 'registered', true);
        }
      });
    put(0, 2);
    const tooMany = expect.objectContaining({ code: 'LIMIT_EXCEEDED' });
    expect(() => put(2, DOCUMENTS_PER_SERVICE_MAX_COUNT + 1)).toThrow(tooMany);
    put(0, DOCUMENTS_PER_SERVICE_MAX_COUNT);
    expect(() => put(64, 65)).toThrow(tooMany);
  });

  it('[X11] count towards the size of a namespace', () => {
    const awake = new AwakeNamespace();
    const { catalog, journal } = awake.state;
    const large = 'x'.repeat(RECORDS_PER_NAMESPACE_MAX_BYTES - 1_000);
    const put = (text: string) =>
      awake.commit((draft) => {
        draft.putDocument(ORDERS, document(1, text));
        draft.putInstance(key('a'), holding(1), 'registered', true);
      });
    expect(() => put(`${large}${'x'.repeat(1_000)}`)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
    expect([journal.revision, catalog.size]).toEqual([0, 0]);
    put(large);
    expect(catalog.size).toBeGreaterThan(large.length);
  });
});
