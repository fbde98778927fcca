import { expect, it } from 'vitest';
import { bodyOf, Scene } from '../../../../test/contracts/namespace/scene';
import { ORDERS } from '../../../../test/fixtures/definition';
import { EntryCalls, keyOf } from '../../../../test/fixtures/entry-calls';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { utf8Bytes } from '../../../model/bytes';
import type { HistoryChange, HistoryPage } from '../../../model/history';
import type { HistoryCommand } from '../../../model/history-commands';
import { intervalOf, intervalOfPrefix } from '../../../model/key-interval';
import { PAST_SLICE_MAX_BYTES } from '../../../model/limits';
import { commit } from '../commit/commit';
import { Draft } from '../commit/draft';
import { DEFAULT_RETENTION, type Retention } from '../commit/journal';

/** A change in short: `put a`. */
function short(change: HistoryChange): string {
  const name = change.kind === 'entry' ? (change.key ?? change.keyBase64) : change.kind === 'service' ? '' : change.id;
  return `${change.cause} ${name}`;
}

function begin(retention?: Retention) {
  const namespace = new NodeNamespace(retention);
  const scene = new Scene(namespace);
  const page = async (command: HistoryCommand = {}): Promise<HistoryPage> =>
    bodyOf(await namespace.api.history(command));
  /** Returns all pages of a history, as one list of revisions with their changes. */
  const story = async (command: HistoryCommand = {}): Promise<string[]> => {
    const found: string[] = [];
    let after: string | undefined;
    do {
      const { entries, next } = await page({ ...command, after });
      found.push(...entries.map(({ revision, changes }) => [revision, ...changes.map(short)].join(' ')));
      after = next;
    } while (after !== undefined);
    return found;
  };
  return { namespace, scene, calls: new EntryCalls(namespace.api), page, story };
}

/** Changes entries in one revision. */
function changeAll({ state }: NodeNamespace, keys: readonly string[], value: string): void {
  const draft = new Draft(state, state.time.now());
  for (const key of keys) draft.entries.put(key, { value: utf8Bytes(value), lease: null, facts: null }, 'put');
  commit(state, draft, 'writer');
}

it('[J4, KV9] the history of a namespace has entries, with both values, beside the changes of instances', async () => {
  const { scene, calls, page, story } = begin();
  await calls.put('config/a', '1', {}, 'text/plain');
  await scene.register('i');
  await calls.put('config/a', '2');
  await calls.delete('config/a');
  expect(await story()).toEqual(['4 deleted config/a', '3 put config/a', '2 registered i', '1 put config/a']);
  const { entries, compacted } = await page();
  expect(compacted).toBe(false);
  expect(entries[1]).toMatchObject({ cause: 'put', actor: 'owner' });
  expect(entries[1]?.changes).toEqual([
    {
      ...{ kind: 'entry', key: 'config/a', cause: 'put' },
      before: { value: '1', contentType: 'text/plain', bytes: 1, createdRevision: 1, revision: 1, version: 1 },
      after: { value: '2', bytes: 1, createdRevision: 1, revision: 3, version: 2 },
    },
  ]);
});

it('[J4, KV9] a scope has only what is in it: keys have no instances, and services no keys', async () => {
  const { scene, calls, story } = begin();
  await calls.put('a/1', '1');
  await calls.put('b', '1');
  await scene.register('i');
  await calls.put('a/2', '1');
  await calls.delete('a/1');
  const [all, ofA, one] = [intervalOfPrefix(''), intervalOfPrefix(keyOf('a/')), intervalOf(keyOf('a/1'))];
  expect(await story({ keys: all })).toEqual(['5 deleted a/1', '4 put a/2', '2 put b', '1 put a/1']);
  expect(await story({ keys: ofA })).toEqual(['5 deleted a/1', '4 put a/2', '1 put a/1']);
  expect(await story({ keys: one })).toEqual(['5 deleted a/1', '1 put a/1']);
  expect(await story({ group: ORDERS.group })).toEqual(['3 registered i']);
  expect(await story({ ...ORDERS })).toEqual(['3 registered i']);
  expect(await story({ cause: 'put' })).toEqual(['4 put a/2', '2 put b', '1 put a/1']);
  expect(await story({ cause: 'deleted', keys: ofA })).toEqual(['5 deleted a/1']);
  expect(await story({ cause: 'registered' })).toEqual(['3 registered i']);
});

it('[J5, KV9] pages continue where they stopped, also between large values', async () => {
  const { calls, page, story } = begin();
  const large = 'x'.repeat(400_000);
  for (let index = 0; index < 12; index++) await calls.put(`k${index % 2}`, `${index}${large}`);
  const first = await page({});
  expect(first.next).toBeDefined();
  expect(JSON.stringify(first).length).toBeLessThan(PAST_SLICE_MAX_BYTES + 900_000);
  const names = Array.from({ length: 12 }, (_, index) => `${12 - index} put k${(11 - index) % 2}`);
  expect(await story({})).toEqual(names);
  expect(await story({ limit: 1 })).toEqual(names);
  expect(await story({ keys: intervalOf('k1') })).toEqual(names.filter((name) => name.endsWith('k1')));
});

it('[J5, KV9] a revision with more than an answer may have lists some of its changes, and counts the others', async () => {
  const { namespace, page } = begin();
  const keys = Array.from({ length: 40 }, (_, index) => `k${String(index).padStart(2, '0')}`);
  changeAll(namespace, keys, 'x'.repeat(100_000));
  const [entry] = (await page()).entries;
  expect(entry?.changes.length).toBeGreaterThan(15);
  expect((entry?.changes.length ?? 0) + (entry?.omitted ?? 0)).toBe(40);
  const [last] = (await page({ keys: intervalOf('k39') })).entries;
  expect(last?.changes.map(short)).toEqual(['put k39']);
  expect(last?.omitted).toBeUndefined();
});

it('[J3, KV8] ends where the changes of entries were removed, and says so, while that of instances goes on', async () => {
  const { namespace, scene, calls, page, story } = begin({
    ...DEFAULT_RETENTION,
    entries: { maxCount: 3, maxBytes: 1e9 },
  });
  await scene.register('i');
  for (let index = 0; index < 1_010; index++) await calls.put('a', `${index}`);
  await namespace.pass(1_000);
  const { emptiedRevision } = namespace.state.journal.entries;
  expect(emptiedRevision).toBeGreaterThan(0);
  const ofKeys = await page({ keys: intervalOfPrefix('') });
  expect(ofKeys.entries.length).toBeGreaterThan(0);
  expect((await story({ keys: intervalOfPrefix('') })).length).toBe(namespace.state.journal.entries.count);
  expect((await story()).at(-1)).toBe('1 registered i');
  const last = await page({ keys: intervalOfPrefix(''), until: namespace.state.journal.cursorAt(emptiedRevision) });
  expect(last.entries).toEqual([]);
});
