import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { HandPlatform } from '../../../../test/fixtures/hand-platform';
import { settle } from '../../../../test/simulation/virtual-time';
import { utf8Bytes, utf8Text } from '../../../model/bytes';
import {
  COMPACTION_SLICE_MAX_COUNT,
  COMPACTION_SLICE_MAX_HEADS_COUNT,
  JOURNAL_PART_MAX_BYTES,
} from '../../../model/limits';
import { prepareStorage } from '../../storage/schema';
import { attendAlarm, compact as clearAway } from '../alarm';
import { encodeEntryParts, type JournaledEntry } from '../entries/entry-changes';
import type { EntryRetention } from './entry-journal';
import { DEFAULT_RETENTION, Journal, type Retention } from './journal';
import type { JournaledChange } from './journal-format';
import { type StagedEnd, writeStagedPart } from './staged-parts';

function awakeWith(entries?: EntryRetention, retention: Partial<Retention> = {}, platform = new HandPlatform()) {
  return new AwakeNamespace(platform, { ...DEFAULT_RETENTION, ...retention, entries });
}

function put(awake: AwakeNamespace, key: string, text = ''): void {
  awake.commit(({ entries }) => entries.put(key, { value: utf8Bytes(text), lease: null, facts: null }, 'put'));
}

async function compact(awake: AwakeNamespace): Promise<void> {
  await settle();
  await attendAlarm(awake.state, awake.hub, awake.platform.clock.now());
  await settle();
}

const rowsOf = ({ platform }: AwakeNamespace, query: string) => platform.storage.rows(query);

/** Returns the revisions whose changes of entries are kept, and all revisions that are. */
const kept = (awake: AwakeNamespace) => ({
  entries: rowsOf(awake, 'SELECT DISTINCT revision FROM journal WHERE entries IS NOT NULL').flat(),
  all: rowsOf(awake, 'SELECT DISTINCT revision FROM journal').flat(),
});

const sums = ({ state: { journal } }: AwakeNamespace) => ({
  size: journal.entries.size,
  count: journal.entries.count,
  until: journal.entries.revisionsUntil,
  records: journal.size,
});

describe('a revision with entries', () => {
  it('[KV7, I8] takes two rows for each change of one entry: the entry and the journal', async () => {
    const awake = awakeWith();
    await settle();
    awake.platform.storage.takeWritten();
    for (const work of [
      () => put(awake, 'a', 'new'),
      () => put(awake, 'a', 'changed'),
      () => awake.commit(({ entries }) => entries.delete('a', 'deleted')),
      () => put(awake, 'a', 'again'),
    ]) {
      work();
      await settle();
      expect(awake.platform.storage.takeWritten()).toEqual({ 'insert journal': 1, 'insert entry': 1 });
    }
    awake.commit(({ entries }) => entries.delete('absent', 'deleted'));
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({});
  });

  it('[KV7, I8, C1] shares its row with the records that it changes', async () => {
    const awake = awakeWith();
    awake.put('instance');
    await settle();
    awake.platform.storage.takeWritten();
    awake.commit((draft) => {
      draft.removeInstance({ group: 'DEFAULT_GROUP', service: 'orders', id: 'instance' }, 'deregistered');
      draft.entries.put('a', { value: utf8Bytes('value'), lease: null, facts: null }, 'put');
    });
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({
      'insert record': 1,
      'insert journal': 1,
      'insert entry': 1,
    });
    expect(await awake.story(1)).toEqual(['updated instance']);
    expect(awake.state.journal.entries.changesAt(2)).toMatchObject([{ key: 'a', cause: 'put', before: null }]);
    // It changes a record, so it counts against the budget of records.
    expect(awake.state.journal.entries.count).toBe(0);
  });

  it('[KV6, J1] has the whole entry before and after', async () => {
    const awake = awakeWith();
    put(awake, 'a', 'first');
    put(awake, 'a', 'second');
    awake.commit(({ entries }) => entries.delete('a', 'deleted'));
    const changes = () =>
      [1, 2, 3].map((revision) => {
        const [change] = awake.state.journal.entries.changesAt(revision);
        const text = (entry: JournaledEntry['after'] | undefined) => entry && [entry.version, utf8Text(entry.value)];
        return [change?.cause, change?.previous, text(change?.before), text(change?.after)];
      });
    const expected = [
      ['put', 0, null, [1, 'first']],
      ['put', 1, [1, 'first'], [2, 'second']],
      ['deleted', 2, [2, 'second'], null],
    ];
    expect(changes()).toEqual(expected);
    await settle();
    expect(changes()).toEqual(expected);
  });

  it('[J2] is split into rows that the platform can store, beside the parts of its records', async () => {
    const awake = awakeWith();
    const text = 'x'.repeat(400_000);
    awake.commit((draft) => {
      for (let index = 0; index < 6; index++) {
        draft.entries.put(`key-${index}`, { value: utf8Bytes(text), lease: null, facts: null }, 'put');
      }
    });
    await settle();
    const sizes = rowsOf(awake, 'SELECT octet_length(changes) + octet_length(entries) FROM journal').flat();
    expect(sizes).toHaveLength(3);
    for (const size of sizes) expect(Number(size)).toBeLessThan(1.1 * JOURNAL_PART_MAX_BYTES);
    expect(awake.state.journal.entries.changesAt(1).map(({ key }) => key)).toEqual(
      Array.from({ length: 6 }, (_, index) => `key-${index}`),
    );
    expect(sums(awake)).toEqual(sums(awakeWith(undefined, {}, awake.platform)));
  });
});

it('[KV7, C4] the changes of a revision that is not written include those that are drafted and those that are staged', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'epoch');
  const journal = new Journal(disk, 'epoch', { retention: DEFAULT_RETENTION });
  const entry = (key: string): JournaledEntry => {
    const value = utf8Bytes(key);
    const before = { key, revision: 1, createdRevision: 1, version: 1, lease: 7, facts: null, size: 1, value };
    return { key, cause: 'revoked', previous: 1, before, after: null };
  };
  const [part = new ArrayBuffer(0)] = encodeEntryParts([entry('b'), entry('c')]);
  writeStagedPart(disk, 7, 3, part);
  const staged: StagedEnd = {
    lease: 7,
    keys: new Set(['b', 'c']),
    released: [],
    cause: 'revoked',
    rows: [{ row: 3, bytes: part.byteLength }],
  };
  const write = journal.append([], 'revoked', 'owner', 0, 1, [entry('a')], staged);
  const keys = () => journal.entries.changesAt(1).map(({ key }) => key);
  expect(keys()).toEqual(['a', 'b', 'c']);
  expect(journal.entries.changeAt(1, 'c')?.before?.value).toEqual(utf8Bytes('c'));
  write();
  expect(keys()).toEqual(['a', 'b', 'c']);
});

describe('the budget of entries', () => {
  it('[KV8, J3] removes the oldest changes beyond its number of revisions, and leaves the revisions', async () => {
    const awake = awakeWith({ maxCount: 3, maxBytes: 1e9 });
    awake.put('a');
    for (let index = 0; index < 5; index++) put(awake, `key-${index}`);
    awake.put('b');
    await compact(awake);
    expect(kept(awake)).toEqual({ entries: [4, 5, 6], all: [1, 2, 3, 4, 5, 6, 7] });
    expect(awake.state.journal.entries).toMatchObject({ emptiedRevision: 3, count: 3 });
  });

  it('[KV8, J3] removes the oldest changes beyond its bytes', async () => {
    const awake = awakeWith({ maxCount: 1e9, maxBytes: 3_000 });
    for (let index = 0; index < 6; index++) put(awake, `key-${index}`, 'x'.repeat(900));
    await compact(awake);
    expect(kept(awake).entries).toEqual([5, 6]);
    expect(awake.state.journal.entries.size).toBeLessThanOrEqual(3_000);
  });

  it('[KV8] takes nothing from the budget of records, in bytes or in revisions', async () => {
    const awake = awakeWith({ maxCount: 5, maxBytes: 1e9 }, { maxCount: 3, maxBytes: 3_000 });
    awake.put('a b c');
    for (let index = 0; index < 40; index++) put(awake, 'key', 'x'.repeat(200));
    await compact(awake);
    const { entries, all } = kept(awake);
    expect([entries.length, all.length]).toEqual([5, 43]);
    // Two more records push out the first two.
    awake.put('d e');
    await compact(awake);
    expect(kept(awake).all.at(0)).toBe(3);
    // No revision is kept without all later ones, so the history of entries is never longer than that of records.
    awake.put('f');
    await compact(awake);
    expect(kept(awake)).toEqual({ entries: [], all: [44, 45, 46] });
  });

  it('[KV8, I8] writes a row for each revision that it empties, one for each head, and one for the state', async () => {
    const awake = awakeWith({ maxCount: 1, maxBytes: 1e9 });
    put(awake, 'a');
    awake.commit(({ entries }) => entries.delete('a', 'deleted'));
    put(awake, 'b');
    await settle();
    awake.platform.storage.takeWritten();
    await compact(awake);
    expect(awake.platform.storage.takeWritten()).toEqual({
      'update journal': 2,
      'delete entry': 1,
      'insert property': 1,
    });
    expect(rowsOf(awake, 'SELECT COUNT(*) FROM entry')).toEqual([[1]]);
  });

  it('[J3] loses the heads of entries with the rows of the journal, too', async () => {
    const awake = awakeWith(undefined, { maxCount: 1 });
    put(awake, 'a');
    awake.commit(({ entries }) => entries.delete('a', 'deleted'));
    awake.put('x y z');
    await compact(awake);
    expect(rowsOf(awake, 'SELECT COUNT(*) FROM entry')).toEqual([[0]]);
    expect(kept(awake)).toEqual({ entries: [], all: [5] });
    expect(sums(awake)).toMatchObject({ size: 0, count: 0 });
  });

  it('[J3] is kept in slices', async () => {
    const awake = awakeWith({ maxCount: 2, maxBytes: 1e9 });
    for (let index = 0; index < COMPACTION_SLICE_MAX_COUNT + 10; index++) put(awake, 'a', `${index}`);
    await settle();
    const { journal } = awake.state;
    expect(journal.entries.planEmptying(journal.storedRevision)?.revision).toBe(COMPACTION_SLICE_MAX_COUNT);
    await compact(awake);
    expect(kept(awake).entries).toEqual([COMPACTION_SLICE_MAX_COUNT + 9, COMPACTION_SLICE_MAX_COUNT + 10]);
  });

  it('[J3, KV8] removes the heads of a large revision in slices, and no reader finds it from the first one on', async () => {
    const perSlice = COMPACTION_SLICE_MAX_HEADS_COUNT;
    const count = 2 * perSlice + 5;
    for (const retention of [
      { entries: { maxCount: 1, maxBytes: 1e9 } },
      { entries: { maxCount: 1e9, maxBytes: 1e9 }, maxCount: 1, isOld: true },
    ]) {
      const { entries: budget, isOld = false, ...rest } = retention;
      const awake = awakeWith(budget, rest);
      awake.commit(({ entries }) => {
        for (let n = 0; n < count; n++) entries.put(`k${n}`, { value: utf8Bytes(''), lease: null, facts: null }, 'put');
      });
      awake.commit(({ entries }) => {
        for (let n = 0; n < count; n++) entries.delete(`k${n}`, 'deleted');
      });
      put(awake, 'last');
      if (isOld) awake.put('a b');
      await settle();
      const heads = () => Number(rowsOf(awake, 'SELECT COUNT(*) FROM entry WHERE version = 0')[0]?.[0]);
      const gone = ({ state: { journal } }: AwakeNamespace) =>
        isOld ? journal.compactedRevision : journal.entries.emptiedRevision;
      const left: number[] = [];
      while (clearAway(awake.state)) {
        await settle();
        const before = left.at(-1) ?? count;
        expect(before - heads()).toBeLessThanOrEqual(perSlice);
        left.push(heads());
        if (heads() === count || heads() === 0) continue;
        expect(gone(awake)).toBe(2);
        const { journal } = awake.state;
        expect(journal.entries.planEmptying(journal.storedRevision)?.revision ?? 2).toBe(2);
        if (isOld) expect([journal.entryAt(2), [...journal.entriesUpTo(2)]]).toEqual([undefined, []]);
        // A wake in between finds the same.
        awake.platform.loseMemory();
        expect(gone(awakeWith(budget, rest, awake.platform))).toBe(2);
      }
      expect(left.filter((number) => number > 0 && number < count)).toHaveLength(2);
      expect(heads()).toBe(0);
      expect(kept(awake).entries).toEqual(isOld ? [] : [3]);
    }
  });

  it('[S2] is the same after a wake, also of storage that has been emptied and compacted', async () => {
    const retention = { maxCount: 6 };
    const budget = { maxCount: 4, maxBytes: 2_000 };
    const awake = awakeWith(budget, retention);
    for (let round = 0; round < 12; round++) {
      awake.put('a', { weight: round });
      put(awake, `key-${round % 3}`, 'x'.repeat(round * 30));
      await compact(awake);
      expect(sums(awakeWith(budget, retention, awake.platform)), `round ${round}`).toEqual(sums(awake));
    }
  });
});

describe('storage of the previous version', () => {
  const change: JournaledChange = {
    kind: 'instance',
    group: 'g',
    service: 's',
    id: 'a',
    cause: 'registered',
    previous: 0,
    servicePrevious: 0,
    before: null,
    after: '{}',
  };

  it('[U8] counts on over rows without sums, written before or in between', () => {
    const disk = new HandDisk();
    prepareStorage(disk, () => 'epoch');
    const settings = { retention: DEFAULT_RETENTION };
    const open = () => new Journal(disk, 'epoch', settings);
    const value = utf8Bytes('value');
    const entry = { key: 'a', revision: 0, createdRevision: 1, version: 1, lease: null, facts: null, size: 5, value };
    const putting: JournaledEntry = { key: 'a', cause: 'put', previous: 0, before: null, after: entry };
    const asBefore = () =>
      disk.run('UPDATE journal SET entries_until = NULL, entry_revisions = NULL WHERE entries IS NULL');
    open().append([change], 'registered', 'owner', 0, 1)();
    asBefore();
    disk.run(`INSERT INTO property VALUES ('entry-journal', '{"begun":2,"emptied":0}')`);
    const first = open();
    first.append([], 'put', 'owner', 0, 2, [putting])();
    const { size } = first.entries;
    open().append([change], 'registered', 'owner', 0, 3)();
    asBefore();
    const second = open();
    expect([second.entries.size, second.entries.count]).toEqual([size, 1]);
    second.append([], 'put', 'owner', 0, 4, [putting])();
    const third = open();
    expect([third.entries.size, third.entries.count]).toEqual([2 * size, 2]);
    expect(third.isOverfull).toBe(false);
  });
});
