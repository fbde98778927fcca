import { describe, expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { readJournal } from '../../../../test/simulation/journal-rows';
import { decodeCursor, encodeCursor } from '../../../model/cursor';
import { COMPACTION_SLICE_MAX_COUNT, JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { prepareStorage } from '../../storage/schema';
import type { RecordRow } from '../records/record-kind';
import { writeRecordRows } from '../records/record-row';
import type { RecordKey } from '../records/records';
import { wake } from '../wake';
import { DEFAULT_RETENTION, Journal, type Retention } from './journal';
import { decodeChanges, type JournaledChange } from './journal-format';
import { recordAt } from './record-past';

const DAY_MS = 24 * 3_600_000;

const change = (id: string, given: Partial<JournaledChange> = {}): JournaledChange => ({
  kind: 'instance',
  ...key(id),
  cause: 'registered',
  previous: 0,
  servicePrevious: 0,
  before: null,
  after: '{}',
  ...given,
});

function begin(retention: Partial<Retention> = {}) {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  disk.takeWritten();
  const settings = { retention: { ...DEFAULT_RETENTION, ...retention } };
  const journal = new Journal(disk, 'epoch', settings);
  const append = (changes: JournaledChange[], at = 0, check = journal.revision + 100) => {
    journal.append(changes, 'registered', 'owner', at, check)();
    return journal.cursor;
  };
  return { disk, journal, append, reopened: () => new Journal(disk, 'epoch', settings) };
}

describe('append', () => {
  it('[J1, C1] writes a revision with its time, cause, actor and changes, in order', () => {
    const { disk, journal } = begin();
    const changes = [
      change('b', { before: '{"weight":1}', after: null, cause: 'expired', previous: 3, servicePrevious: 4 }),
      change('a', { kind: 'override', after: '{"weight":2}' }),
    ];
    const write = journal.append(changes, 'updated', 'owner', 77, 5);
    expect(journal.revision).toBe(1);
    expect(disk.rows('SELECT 1 FROM journal')).toEqual([]);
    write();
    expect(readJournal(disk, 0, 1)).toEqual([
      { revision: 1, at: 77, cause: 'updated', actor: 'owner', check: 5, parts: 1, changes },
    ]);
    expect(disk.takeWritten()).toEqual({ 'insert journal': 1 });
  });

  it('[J2, I8] stores a revision over 1 MiB in parts of at most 1 MiB, one row each, and reads it as one', () => {
    const { disk, append } = begin();
    const text = JSON.stringify('x'.repeat(100_000));
    const changes = Array.from({ length: 25 }, (_, index) => change(`i-${index}`, { after: text }));
    append(changes);
    expect(disk.takeWritten()).toEqual({ 'insert journal': 3 });
    expect(readJournal(disk, 0, 1)).toMatchObject([{ parts: 3, changes }]);
    for (const [bytes] of disk.rows('SELECT octet_length(changes) FROM journal'))
      expect(bytes).toBeLessThanOrEqual(JOURNAL_PART_MAX_BYTES);
  });

  it('[J2] counts parts in bytes, as the platform does', () => {
    const { disk, append } = begin();
    const text = JSON.stringify('日'.repeat(30_000));
    append(Array.from({ length: 30 }, (_, index) => change(`i-${index}`, { after: text })));
    const sizes = disk.rows('SELECT octet_length(changes) FROM journal').map(Number);
    expect(sizes).toHaveLength(3);
    for (const bytes of sizes) expect(bytes).toBeLessThanOrEqual(JOURNAL_PART_MAX_BYTES);
  });
});

describe('a journal that is reopened', () => {
  it('[S2, I2] continues where it stopped', () => {
    const { append, journal, reopened } = begin();
    append([change('a', { after: '{"note":"日本 🦀"}' })], 10);
    append([change('b')], 20);
    const again = reopened();
    const stateOf = ({ revision, cursor, size, latestStamp, compactedRevision, epoch }: Journal) => {
      return { revision, cursor, size, latestStamp, compactedRevision, epoch };
    };
    expect(stateOf(again)).toEqual(stateOf(journal));
    expect(stateOf(again)).toMatchObject({ revision: 2, latestStamp: 20, compactedRevision: 0 });
  });

  it('starts at zero on empty storage', () => {
    const { journal } = begin();
    expect(journal).toMatchObject({ revision: 0, compactedRevision: 0, size: 0, latestStamp: 0 });
    expect(journal.position(journal.cursor)).toEqual({ epoch: 'epoch', revision: 0, check: 0 });
  });
});

describe('reaches', () => {
  it('[Q2, Q3] is true for the revisions after which every change is retained', () => {
    const { append, journal } = begin({ maxCount: 1 });
    const reached = () => [-1, 0, 1, 2, 3, 4, 5_000, 5_001].filter((revision) => journal.reaches(revision));
    expect(reached()).toEqual([0]);
    for (const id of ['a', 'b', 'c']) append([change(id)]);
    expect(reached()).toEqual([0, 1, 2, 3]);
    const plan = journal.planCompaction(0);
    if (plan !== undefined) journal.compact(plan);
    expect(journal.compactedRevision).toBe(2);
    expect(reached()).toEqual([2, 3]);
    journal.beginEpoch('next', 'restored', 'registry', 5, 9)();
    expect(reached()).toEqual([2, 3, 5_000]);
  });
});

describe('position', () => {
  it('[Q2] accepts every cursor it returned whose revision is retained', () => {
    const { append, journal, reopened } = begin();
    const cursors = [journal.cursor, append([change('a')]), append([change('b')]), append([change('c')])];
    for (const each of [journal, reopened()]) {
      expect(cursors.map((cursor) => each.position(cursor)?.revision)).toEqual([0, 1, 2, 3]);
    }
  });

  it('[Q3] rejects every other cursor', () => {
    const { append, journal } = begin();
    const cursor = append([change('a')], 0, 7);
    append([change('b')], 0, 8);
    const position = decodeCursor(cursor) ?? { epoch: '', revision: 0, check: 0 };
    for (const wrong of [
      { epoch: 'Epoch' },
      { check: 8 },
      { revision: 2 },
      { revision: 3 },
      { revision: 0 },
      { revision: 0, check: 1 },
      { revision: 1e15 },
    ]) {
      expect(journal.position(encodeCursor({ ...position, ...wrong })), JSON.stringify(wrong)).toBeUndefined();
    }
    expect(journal.position('nonsense')).toBeUndefined();
  });

  it('[Q3] rejects a cursor whose revision was compacted', () => {
    const { append, journal } = begin({ maxCount: 1 });
    const cursors = [journal.cursor, append([change('a')]), append([change('b')]), append([change('c')])];
    const plan = journal.planCompaction(0);
    if (plan !== undefined) journal.compact(plan);
    expect(cursors.map((cursor) => journal.position(cursor)?.revision)).toEqual([undefined, undefined, undefined, 3]);
  });
});

describe('planCompaction', () => {
  const appendMany = (count: number, append: (changes: JournaledChange[], at: number) => unknown) => {
    for (let index = 1; index <= count; index++) append([change(`i-${index}`)], index * DAY_MS);
  };

  it('[J3] plans nothing while everything is within bounds', () => {
    const { append, journal } = begin({ maxCount: 3, maxAgeMs: 3 * DAY_MS });
    expect(journal.planCompaction(0)).toBeUndefined();
    appendMany(3, append);
    expect(journal.planCompaction(3 * DAY_MS)).toBeUndefined();
  });

  it('[J3] keeps the configured number of revisions', () => {
    const { append, journal } = begin({ maxCount: 3 });
    appendMany(8, append);
    expect(journal.planCompaction(0)?.revision).toBe(5);
  });

  it('[J3] keeps revisions younger than the configured age', () => {
    const { append, journal } = begin({ maxAgeMs: 2 * DAY_MS });
    appendMany(8, append);
    expect(journal.planCompaction(8 * DAY_MS - 1)?.revision).toBe(5);
    expect(journal.planCompaction(8 * DAY_MS)?.revision).toBe(6);
  });

  it('[J3] keeps the configured number of bytes', () => {
    const { append, journal } = begin({ maxBytes: 1_000 });
    const after = JSON.stringify('x'.repeat(300));
    for (let index = 0; index < 8; index++) append([change('a', { after })]);
    const plan = journal.planCompaction(0);
    expect(plan?.revision).toBe(6);
    if (plan !== undefined) journal.compact(plan);
    expect(journal.size).toBeLessThanOrEqual(1_000);
  });

  it('[J3] removes all but the newest revision if the journal is too large for its namespace', () => {
    const { append, journal } = begin();
    appendMany(8, append);
    journal.append([change('on its way')], 'registered', 'owner', 9 * DAY_MS, 9);
    expect(journal.planCompaction(0)).toBeUndefined();
    expect(journal.planCompaction(0, true)?.revision).toBe(7);
  });

  it('[J3] never removes the newest revision, which is the namespace’s own', () => {
    const { append, journal } = begin({ maxCount: 0, maxBytes: 0, maxAgeMs: 0 });
    append([change('a')]);
    expect(journal.planCompaction(9 * DAY_MS)).toBeUndefined();
    append([change('b')]);
    expect(journal.planCompaction(9 * DAY_MS)?.revision).toBe(1);
  });

  it('[J3] removes one slice at a time', () => {
    const { append, journal } = begin({ maxCount: 1 });
    appendMany(COMPACTION_SLICE_MAX_COUNT + 10, append);
    const first = journal.planCompaction(0);
    expect(first?.revision).toBe(COMPACTION_SLICE_MAX_COUNT);
    if (first !== undefined) journal.compact(first);
    expect(journal.planCompaction(0)?.revision).toBe(COMPACTION_SLICE_MAX_COUNT + 9);
  });

  it('[J3] removes fewer large rows at a time, and counts a revision as compacted with the first of them', () => {
    const { append, journal, disk, reopened } = begin({ maxCount: 1 });
    const after = JSON.stringify('x'.repeat(900_000));
    const large = [change('a', { after }), change('b', { after }), change('c', { after })];
    for (let index = 0; index < 4; index++) append(large);
    const compact = () => {
      const plan = journal.planCompaction(0);
      if (plan !== undefined) journal.compact(plan);
      return disk.rows('SELECT revision, COUNT(*) FROM journal GROUP BY revision');
    };
    expect(compact()).toEqual([
      [2, 1],
      [3, 3],
      [4, 3],
    ]);
    for (const each of [journal, reopened()]) {
      expect(each.compactedRevision).toBe(2);
      expect([each.changesAt(2), each.entryAt(2)]).toEqual([[], undefined]);
      expect([...each.entriesUpTo(3)].map(({ revision }) => revision)).toEqual([3]);
      expect(each.size).toBeGreaterThan(7 * 900_000);
    }
    expect(compact()).toEqual([[4, 3]]);
  });
});

describe('compact', () => {
  const headOf = (id: string, revision: number): RecordRow => {
    const plain = { flags: 0, lease: null, leaseTerms: null, timedAt: 0, value: null };
    return { kind: 'instance', ...key(id), revision, ...plain };
  };

  it('[J3, I8] removes the rows, and the heads of records removed in them', () => {
    const { append, journal, disk } = begin({ maxCount: 1 });
    append([change('gone', { before: '{}', after: null }), change('again', { before: '{}', after: null })]);
    append([change('again')]);
    append([change('again', { before: '{}', after: null })]);
    append([change('other')]);
    writeRecordRows(disk, [headOf('gone', 1)]);
    writeRecordRows(disk, [headOf('again', 3)]);
    disk.takeWritten();
    const plan = journal.planCompaction(0);
    expect(plan?.revision).toBe(3);
    if (plan !== undefined)
      journal.compact({ ...plan, revision: 2, removed: plan.removed.filter(({ revision }) => revision <= 2) });
    expect(disk.takeWritten()).toEqual({ 'delete journal': 2, 'delete record': 1 });
    expect(disk.rows('SELECT id FROM record')).toEqual([['again']]);
    expect(journal.compactedRevision).toBe(2);
  });

  it('keeps the head of a record that was removed again later, and a record that was registered again', () => {
    const { append, journal, disk } = begin({ maxCount: 1 });
    append([change('back', { before: '{}', after: null })]);
    append([change('back')]);
    writeRecordRows(disk, [{ ...headOf('back', 2), value: '{}' }]);
    const plan = journal.planCompaction(0);
    if (plan !== undefined) journal.compact(plan);
    expect(disk.rows('SELECT id, revision FROM record')).toEqual([['back', 2]]);
  });

  it('keeps an exact size, in any script', () => {
    const { append, journal, disk, reopened } = begin({ maxCount: 2 });
    for (const text of ['plain', '日本', '🦀🦀🦀', 'é']) append([change('a', { after: JSON.stringify(text) })]);
    const plan = journal.planCompaction(0);
    if (plan !== undefined) journal.compact(plan);
    const left = disk.rows('SELECT changes FROM journal').map(([changes]) => String(changes).length);
    expect(left).toHaveLength(2);
    expect(journal.size).toBe(left.reduce((sum, length) => sum + length));
    expect(reopened().size).toBe(journal.size);
  });
});

describe('the next compaction', () => {
  it('is due at once if a slice too much is retained, by count or by size', () => {
    const { append, journal } = begin({ maxCount: 10 });
    for (let index = 0; index < 10 + COMPACTION_SLICE_MAX_COUNT; index++) append([change('a')]);
    expect(journal.isOverfull).toBe(false);
    append([change('a')]);
    expect(journal.isOverfull).toBe(true);
    const large = begin({ maxBytes: 10 });
    // The newest revision stays, so another alarm would change nothing.
    large.append([change('a')]);
    expect(large.journal.isOverfull).toBe(false);
    large.append([change('b')]);
    expect(large.journal.isOverfull).toBe(true);
  });

  it('is due when the oldest revision exceeds the age by a hundredth, and never while only the newest remains', () => {
    const { append, journal } = begin({ maxAgeMs: 100_000 });
    expect(journal.overdueAt).toBe(Number.POSITIVE_INFINITY);
    append([change('a')], 1_000);
    expect(journal.overdueAt).toBe(Number.POSITIVE_INFINITY);
    append([change('b')], 9_000);
    expect(journal.overdueAt).toBe(1_000 + 101_000);
  });
});

describe('reads of the history', () => {
  const far = () => {
    const { journal, append, disk } = begin();
    append([change('a')], 10);
    const text = JSON.stringify('x'.repeat(100_000));
    append(
      Array.from({ length: 25 }, (_, index) => change(`i-${index}`, { after: text })),
      20,
    );
    append([change('b')], 30);
    return { journal, disk };
  };

  it('[J2, J4] return revisions newest first, and the parts of one in order', () => {
    const { journal } = far();
    const entries = [...journal.entriesUpTo(3)];
    expect(entries.map(({ revision, at }) => [revision, at])).toEqual([
      [3, 30],
      [2, 20],
      [1, 10],
    ]);
    expect(entries[1]?.parts.flatMap(decodeChanges).map(({ id }) => id)).toEqual(
      journal.changesAt(2).map(({ id }) => id),
    );
    expect([...journal.entriesUpTo(1)].map(({ revision }) => revision)).toEqual([1]);
    expect(journal.entryAt(2)).toEqual(entries[1]);
    expect(journal.entryAt(4)).toBeUndefined();
  });

  it('[J6] return cursors and stamps of retained revisions', () => {
    const { journal } = far();
    expect([0, 1, 2, 3].map((revision) => journal.position(journal.cursorAt(revision) ?? '')?.revision)).toEqual([
      0, 1, 2, 3,
    ]);
    expect([0, 1, 2, 3, 4].map((revision) => journal.stampAt(revision))).toEqual([10, 10, 20, 30, undefined]);
    journal.compact({ revision: 1, removed: [], removedEntries: [] });
    expect([0, 1].map((revision) => journal.cursorAt(revision))).toEqual([undefined, undefined]);
  });
});

const record = (id: string, kind: RecordKey['kind'] = 'instance'): RecordKey => {
  return { kind, group: 'DEFAULT_GROUP', service: 'orders', id };
};

/** Wakes a namespace with this history. Returns a function that reads a record at a revision. */
async function pastOf(act: (stage: WatchStage) => Promise<void>) {
  const stage = new WatchStage();
  await act(stage);
  const { state } = wake(stage.namespace.platform, DEFAULT_RETENTION);
  return (key: RecordKey, revision: number) => {
    const found = recordAt(state, key, revision);
    const weight = /"weight":(\d+)/.exec(found?.text ?? '')?.[1];
    return found && { weight, revision: found.revision };
  };
}

describe('recordAt', () => {
  it('[W11] walks back through the states of a record, including its absence', async () => {
    const at = await pastOf(async ({ scene }) => {
      await scene.register('a', { weight: 11 });
      await scene.register('other');
      await scene.patch('a', { weight: 13 });
      await scene.deregister('a');
      await scene.register('a', { weight: 15 });
      await scene.deregister('a');
      await scene.register('other', { weight: 99 });
    });
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((revision) => at(record('a'), revision))).toEqual([
      undefined,
      { weight: '11', revision: 1 },
      { weight: '11', revision: 1 },
      { weight: '13', revision: 3 },
      undefined,
      { weight: '15', revision: 5 },
      undefined,
      undefined,
    ]);
  });

  it('[W11] distinguishes the kinds of record that share an id', async () => {
    const at = await pastOf(async ({ scene }) => {
      await scene.register('a', { weight: 11 });
      await scene.override('a', { weight: 12 });
      await scene.putService();
      await scene.clearOverride('a');
    });
    const kinds = (revision: number) => [
      at(record('a'), revision)?.weight,
      at(record('a', 'override'), revision)?.weight,
    ];
    expect([1, 2, 3, 4].map(kinds)).toEqual([
      ['11', undefined],
      ['11', '12'],
      ['11', '12'],
      ['11', undefined],
    ]);
    expect([2, 3].map((revision) => at(record('', 'service'), revision)?.revision)).toEqual([undefined, 3]);
  });

  it('finds nothing for a record or a service that never existed', async () => {
    const at = await pastOf(async ({ scene }) => void (await scene.register('a')));
    expect(at(record('b'), 1)).toBeUndefined();
    expect(at({ ...record('a'), service: 'users' }, 1)).toBeUndefined();
  });
});
