import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { OPERATOR } from '../../../../test/fixtures/callers';
import { settle } from '../../../../test/simulation/virtual-time';
import { byteString, utf8Bytes } from '../../../model/bytes';
import { base64urlKey, type EntryRange, type EntryView, shownKey, shownValue } from '../../../model/entry';
import { readJsonText } from '../../../model/json';
import { type KeyInterval, splitAt } from '../../../model/key-interval';
import { PAST_RANGE_STEPS_MAX_COUNT, PAST_SLICE_MAX_COUNT } from '../../../model/limits';
import type { EntryOrder, EntryRangeCommand } from '../../../model/namespace-api';
import { attendAlarm } from '../alarm';
import type { Draft } from '../commit/draft';
import { completeFrom, entryFloor } from '../commit/entry-floor';
import { DEFAULT_RETENTION } from '../commit/journal';
import { readEntry, readEntryRange } from '../read-calls';
import { compactEntries } from './entry-compaction';
import { readEntryHistory } from './entry-reads';

/** Few different keys, so that they are changed often, of bytes that are hard to keep. */
const KEY = fc.string({ unit: fc.constantFrom('\u0000', 'a', '\u00c3', '\u00ff'), minLength: 1, maxLength: 2 });
const VALUE = fc.uint8Array({ maxLength: 5 }).map((bytes) => new Uint8Array(bytes));

const CHANGE = fc.oneof(fc.record({ put: KEY, value: VALUE }), fc.record({ remove: KEY }));
const SELECTION = fc.record({
  interval: fc.record({ from: fc.oneof(fc.constant(''), KEY), to: fc.option(KEY, { nil: undefined }) }),
  limit: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  order: fc.constantFrom<EntryOrder>('key', 'createdRevision', 'revision', 'version'),
  descending: fc.boolean(),
});

type Change = typeof CHANGE extends fc.Arbitrary<infer Value> ? Value : never;
type Selection = typeof SELECTION extends fc.Arbitrary<infer Value> ? Value : never;

const STEP = fc.oneof(
  { weight: 6, arbitrary: fc.record({ revision: fc.array(CHANGE, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ other: fc.constant('an instance') }) },
  {
    weight: 2,
    arbitrary: fc.record({
      select: SELECTION,
      back: fc.nat({ max: 9 }),
      meanwhile: fc.array(CHANGE, { maxLength: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ trace: KEY }) },
  { weight: 1, arbitrary: fc.record({ wake: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ compact: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ compactAt: fc.nat({ max: 6 }) }) },
);

/** An entry of the model. */
interface Modelled {
  value: Uint8Array;
  createdRevision: number;
  revision: number;
  version: number;
}

type State = ReadonlyMap<string, Modelled>;

const viewOf = (key: string, { value, ...numbers }: Modelled): EntryView => ({
  ...shownKey(key),
  ...shownValue(value),
  bytes: value.length,
  ...numbers,
});

const inKeyOrder = (state: State): [string, Modelled][] => [...state].sort(([a], [b]) => (a < b ? -1 : 1));

const isWithin = (key: string, { from, to }: KeyInterval) => key >= from && (to === undefined || key < to);

/** Returns what a read of a range shows in a state of the model. */
function expectedRange(state: State, { interval, limit = 1_000, order, descending }: Selection) {
  const inRange = inKeyOrder(state).filter(([key]) => isWithin(key, interval));
  const sign = descending ? -1 : 1;
  if (order !== 'key') inRange.sort(([, a], [, b]) => sign * (a[order] - b[order]));
  else if (descending) inRange.reverse();
  const shown = inRange.slice(0, limit);
  const last = shown.at(-1)?.[0];
  const more = shown.length < inRange.length;
  // A page in the order of the keys names its last one, to continue from.
  const next = more && order === 'key' && last !== undefined ? { next: base64urlKey(last) } : {};
  return { entries: shown.map(([key, entry]) => viewOf(key, entry)), count: inRange.length, more, ...next };
}

/** A namespace, and a model of it that keeps every state. */
class Scene {
  awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, entries: { maxCount: 6, maxBytes: 1e9 } });
  /** States by revision, with their cursors. */
  readonly states: { state: State; cursor: string }[] = [{ state: new Map(), cursor: this.awake.state.journal.cursor }];

  change(changes: readonly Change[]): void {
    const before = this.states.at(-1)?.state ?? new Map<string, Modelled>();
    const after = new Map(before);
    const revision = this.awake.state.journal.revision + 1;
    for (const change of changes) {
      if ('remove' in change) after.delete(change.remove);
      else {
        const current = after.get(change.put);
        const versionBefore = current?.revision === revision ? current.version - 1 : (current?.version ?? 0);
        const createdRevision = current?.createdRevision ?? revision;
        after.set(change.put, { value: change.value, createdRevision, revision, version: versionBefore + 1 });
      }
    }
    this.awake.commit(({ entries }) => {
      for (const change of changes) {
        if ('remove' in change) entries.delete(change.remove, 'deleted');
        else entries.put(change.put, { value: change.value, lease: null, facts: null }, 'put');
      }
    });
    if (this.awake.state.journal.revision < revision) expect([...after]).toEqual([...before]);
    else this.states.push({ state: after, cursor: this.awake.state.journal.cursor });
  }

  /** Makes a revision that changes no entry. */
  changeOther(): void {
    this.awake.put('a', { weight: this.states.length });
    this.states.push({ state: this.states.at(-1)?.state ?? new Map(), cursor: this.awake.state.journal.cursor });
  }

  /** Reads a range, now or as it was, while further changes are made. */
  async select(selection: Selection, back: number, meanwhile: readonly Change[]): Promise<void> {
    const { state: namespace } = this.awake;
    const revision = Math.max(0, this.states.length - 1 - back);
    const { state, cursor } = this.states[revision] ?? {};
    if (state === undefined || cursor === undefined) throw new Error('there is no such state');
    const at = back === 0 ? undefined : back % 2 === 0 ? `r${revision}` : cursor;
    const compacted = entryFloor(namespace.journal).readable;
    const read = readEntryRange(namespace, { ...selection, at });
    // A refusal is handled below, after the changes.
    read.catch(() => {});
    for (const change of meanwhile) {
      this.change([change]);
      await undefined;
    }
    if (at !== undefined && revision < compacted) {
      await expect(read).rejects.toThrow(expect.objectContaining({ code: 'COMPACTED' }));
      return;
    }
    expect(readJsonText((await read).body ?? '{}'), `at revision ${revision}`).toEqual(expectedRange(state, selection));
    for (const [key, entry] of at === undefined ? [] : state) {
      const { body } = await readEntry(namespace, { key, at });
      expect(readJsonText(body ?? '{}')).toEqual(viewOf(key, entry));
    }
  }

  /** Compares the history of a key with the states of the model. */
  async trace(key: string): Promise<void> {
    const { state: namespace } = this.awake;
    const expected = this.states.flatMap(({ state }, revision) => {
      if (revision <= entryFloor(namespace.journal).changesAfter) return [];
      const [before, after] = [this.states[revision - 1]?.state.get(key), state.get(key)];
      if (before === after) return [];
      const shown = (entry: Modelled | undefined) => {
        if (entry === undefined) return null;
        const { key: _key, keyBase64: _base64, ...content } = viewOf(key, entry);
        return content;
      };
      return [{ revision, before: shown(before), after: shown(after) }];
    });
    const found: unknown[] = [];
    let after: string | undefined;
    do {
      const page = readJsonText((await readEntryHistory(namespace, { key, limit: 2, after })).body);
      found.push(...page.changes.map(({ revision, before, after: now }) => ({ revision, before, after: now })));
      after = page.next;
    } while (after !== undefined);
    expect(found.toReversed()).toEqual(expected);
  }

  /** Replays the journal from each retained revision, and compares the result with the newest state. */
  async replay(): Promise<void> {
    await settle();
    const { journal } = this.awake.state;
    const newest = inKeyOrder(this.states.at(-1)?.state ?? new Map());
    for (let from = entryFloor(journal).changesAfter; from < this.states.length; from++) {
      const state = new Map(this.states[from]?.state);
      for (let revision = from + 1; revision < this.states.length; revision++) {
        for (const { key, before, after } of journal.entries.changesAt(revision)) {
          expect(before?.revision).toBe(state.get(key)?.revision);
          if (after === null) state.delete(key);
          else {
            const { value, createdRevision, version } = after;
            state.set(key, { value, createdRevision, revision, version });
          }
        }
      }
      expect(inKeyOrder(state), `from revision ${from}`).toEqual(newest);
    }
  }

  /** Sleeps and wakes, or lets the alarm compact the journal. */
  async wake(): Promise<void> {
    await settle();
    const { platform } = this.awake;
    platform.loseMemory();
    this.awake = new AwakeNamespace(platform, { ...DEFAULT_RETENTION, entries: { maxCount: 6, maxBytes: 1e9 } });
  }

  /** Compacts at an earlier revision, unless the history begins there or later. */
  async compactAt(back: number): Promise<void> {
    const { state } = this.awake;
    const revision = Math.max(0, this.states.length - 1 - back);
    const compacted = completeFrom(state.journal);
    const compaction = compactEntries(state, OPERATOR, { revision });
    if (revision > compacted) {
      expect(readJsonText((await compaction).body)).toEqual({ compactedRevision: revision });
      expect(entryFloor(state.journal)).toEqual({ readable: revision, changesAfter: revision - 1 });
      return;
    }
    await expect(compaction).rejects.toMatchObject({ code: 'COMPACTED', details: { compactedRevision: compacted } });
  }

  async compact(): Promise<void> {
    await settle();
    await attendAlarm(this.awake.state, this.awake.hub, this.awake.platform.clock.now());
    const { journal } = this.awake.state;
    expect(journal.entries.count).toBeLessThanOrEqual(7);
    // What can't be read is removed.
    const gone = 'SELECT COUNT(*) FROM journal WHERE revision <= ? AND entries IS NOT NULL';
    const rows = [...this.awake.platform.storage.read(gone, journal.entries.compactedOnRequest - 1)];
    expect(rows).toEqual([[0]]);
    expect(journal.entries.isOverfull).toBe(false);
  }
}

it('[KV2, KV4, KV5, KV6, KV8, KV9, KV15, J10, I7] reads like a model that keeps every state, now and at every retained revision', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { maxLength: 60, size: 'max' }), async (steps) => {
      const scene = new Scene();
      for (const step of steps) {
        if ('revision' in step) scene.change(step.revision);
        else if ('other' in step) scene.changeOther();
        else if ('select' in step) await scene.select(step.select, step.back, step.meanwhile);
        else if ('trace' in step) await scene.trace(step.trace);
        else if ('wake' in step) await scene.wake();
        else if ('compactAt' in step) await scene.compactAt(step.compactAt);
        else await scene.compact();
      }
      await scene.replay();
    }),
    { numRuns: 200 },
  );
}, 120_000);

it('[KV5] decodes a revision of many changes once for a range, not for each of its keys', async () => {
  const awake = new AwakeNamespace();
  const names = Array.from({ length: 300 }, (_, index) => `key-${index}`);
  const change = (value: number, every: number) =>
    awake.commit(({ entries }) => {
      for (const [index, key] of names.entries()) {
        if (index % every === 0) entries.put(key, { value: Uint8Array.of(value), lease: null, facts: null }, 'put');
      }
    });
  change(0, 1);
  await settle();
  const { cursor } = awake.state.journal;
  for (const [value, every] of [1, 2, 1, 2].entries()) change(value + 1, every);
  await settle();
  const decode = vi.spyOn(awake.state.journal.entries, 'placedParts');
  const range = { interval: { from: '' }, at: cursor, keysOnly: true };
  const { entries } = readJsonText((await readEntryRange(awake.state, range)).body ?? '{}');
  expect(entries.map(({ revision }) => revision)).toEqual(names.map(() => 1));
  // Keys of two chains meet in the first and in the third revision.
  expect(decode.mock.calls.length).toBeLessThan(8);
});

it('[KV5] finds a key that changes often by reading forward', async () => {
  const awake = new AwakeNamespace();
  const change = (key: string, value: number) => {
    const bytes = Uint8Array.of(value % 256);
    awake.commit(({ entries }) => entries.put(key, { value: bytes, lease: null, facts: null }, 'put'));
  };
  change('rare', 0);
  for (let value = 1; value <= 300; value++) change('often', value);
  await settle();
  const { cursor } = awake.state.journal;
  for (let value = 301; value <= 900; value++) change(value % 100 === 0 ? 'rare' : 'often', value);
  const { body } = await readEntryRange(awake.state, { interval: { from: '', to: undefined }, at: cursor });
  const { entries } = readJsonText(body ?? '{}');
  expect(entries.map(({ key, revision, version }) => [key, revision, version])).toEqual([
    ['often', 301, 300],
    ['rare', 1, 1],
  ]);
  expect(byteString(Uint8Array.of(300 % 256))).toBe(entries[0]?.value);
});

it('[KV5] shows nothing of changes that are made while it reads the journal', async () => {
  const awake = new AwakeNamespace();
  const put = (key: string, text: string) =>
    awake.commit(({ entries }) => entries.put(key, { value: utf8Bytes(text), lease: null, facts: null }, 'put'));
  for (const key of ['changed', 'deleted', 'often', 'untouched']) put(key, 'then');
  await settle();
  const { cursor } = awake.state.journal;
  for (let change = 0; change < 300; change++) put('often', `now ${change}`);
  let turns = 0;
  Object.assign(awake.state.platform, {
    nextTurn: async () => {
      turns += 1;
      put('changed', 'now');
      put('new', 'now');
      awake.commit(({ entries }) => entries.delete('deleted', 'deleted'));
      await settle();
    },
  });
  const { body } = await readEntryRange(awake.state, { interval: { from: '', to: undefined }, at: cursor });
  expect(turns).toBeGreaterThan(0);
  const { entries, count } = readJsonText(body ?? '{}');
  expect(entries.map(({ key, value }) => `${key} ${value}`)).toEqual([
    'changed then',
    'deleted then',
    'often then',
    'untouched then',
  ]);
  expect(count).toBe(4);
});

it('[KV5] refuses with the reason if the journal has lost a change, and does not search forever', async () => {
  const awake = new AwakeNamespace();
  const put = (key: string, text: string) =>
    awake.commit(({ entries }) => entries.put(key, { value: utf8Bytes(text), lease: null, facts: null }, 'put'));
  put('a', 'then');
  await settle();
  const { cursor } = awake.state.journal;
  put('a', 'now');
  put('b', 'now');
  await settle();
  awake.platform.storage.run('DELETE FROM journal WHERE revision = 2');
  const read = readEntryRange(awake.state, { interval: { from: '', to: undefined }, at: cursor });
  const message = expect.stringMatching(/^the storage is damaged: the entry "a" has changed since revision 1, /);
  await expect(read).rejects.toMatchObject({ code: 'INTERNAL', message });
});

const nameOf = (n: number) => `k${String(n).padStart(5, '0')}`;

/** A namespace in which many keys change after a moment: some are deleted, some put again, and some new. */
async function manyChanged(count: number) {
  const awake = new AwakeNamespace();
  const value = utf8Bytes('');
  awake.commit(({ entries }) => {
    for (let n = 0; n < count; n += 2) entries.put(nameOf(n), { value, lease: null, facts: null }, 'put');
  });
  await settle();
  const { cursor } = awake.state.journal;
  awake.commit(({ entries }) => {
    for (let n = 0; n < count; n++) {
      if (n % 4 === 0) entries.delete(nameOf(n), 'deleted');
      else entries.put(nameOf(n), { value, lease: null, facts: null }, 'put');
    }
  });
  await settle();
  const keys = Array.from({ length: count / 2 }, (_, index) => nameOf(2 * index));
  const read = async (interval: KeyInterval, options: Partial<EntryRangeCommand> = {}) => {
    const { body } = await readEntryRange(awake.state, { interval, at: cursor, keysOnly: true, ...options });
    return readJsonText(body ?? '{}');
  };
  return { awake, keys, read };
}

it.each([false, true])(
  '[KV5] reads a page of the past without the rest of the range, descending: %s',
  async (descending) => {
    const { awake, keys, read } = await manyChanged(6_000);
    const then = descending ? keys.toReversed() : keys;
    const looked = vi.spyOn(awake.state.entries, 'changedAt');
    const first = await read({ from: '' }, { limit: 2, descending });
    expect(looked.mock.calls.length).toBeLessThan(2 * PAST_SLICE_MAX_COUNT);
    expect(first).toMatchObject({ entries: [{ key: then[0] }, { key: then[1] }], more: true });
    expect(first.next).toBe(base64urlKey(then[1] ?? ''));
    expect(first.count).toBeUndefined();
    const found: (string | undefined)[] = [];
    for (let interval: KeyInterval | undefined = { from: '' }; interval !== undefined; ) {
      const page: EntryRange = await read(interval, { limit: 700, descending });
      found.push(...page.entries.map(({ key }) => key));
      expect(page.more).toBe(page.next !== undefined);
      const last = found.at(-1) ?? '';
      interval = page.more ? splitAt(interval, last, descending).rest : undefined;
      if (!page.more) expect(page.count).toBe(page.entries.length);
    }
    expect(found).toEqual(then);
    expect(await read({ from: '' }, { countOnly: true })).toEqual({ entries: [], count: keys.length, more: false });
    const whole = await read({ from: '' }, { descending });
    expect(whole).toMatchObject({ count: keys.length, more: false });
    expect(whole.entries.map(({ key }) => key)).toEqual(then);
  },
);

it('[KV5] ends a read of the past early if too many keys have changed since, and continues after the last of them', async () => {
  const awake = new AwakeNamespace();
  const put =
    (name: string) =>
    ({ entries }: Draft) =>
      entries.put(name, { value: utf8Bytes(''), lease: null, facts: null }, 'put');
  awake.commit(put('z'));
  await settle();
  const { cursor: at } = awake.state.journal;
  const count = PAST_RANGE_STEPS_MAX_COUNT * PAST_SLICE_MAX_COUNT + 10;
  awake.commit((draft) => {
    for (let n = 0; n < count; n++) put(nameOf(n))(draft);
  });
  await settle();
  const read = async (from: string, options: Partial<EntryRangeCommand> = {}) => {
    const { body } = await readEntryRange(awake.state, { interval: { from }, at, ...options });
    return readJsonText(body ?? '{}');
  };
  const last = nameOf(count - 11);
  expect(await read('')).toEqual({ entries: [], more: true, next: base64urlKey(last) });
  expect(await read(`${last}\u0000`)).toMatchObject({ entries: [{ key: 'z' }], count: 1, more: false });
  expect(await read('', { countOnly: true })).toMatchObject({ count: 1, more: false });
});
