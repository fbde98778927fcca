import { expect, it, vi } from 'vitest';
import { EntryCalls } from '../../../../test/fixtures/entry-calls';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { ENTRY_VALUE_MAX_BYTES, PAST_SLICE_MAX_BYTES } from '../../../model/limits';

/** The work that watches of entries cause, counted: it takes the same time on a machine of any speed. */

const KEYS_COUNT = 100_000;

/** Fills an empty namespace with entries, as a wake finds them. */
async function fill({ namespace, disk }: WatchStage): Promise<void> {
  disk.run(
    `WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i < ?)
     INSERT INTO entry (space, key, revision, created_revision, version, value)
     SELECT 1, CAST(printf('config/%06d', i) AS BLOB), 1, 1, 1, CAST('value' AS BLOB) FROM number`,
    KEYS_COUNT - 1,
  );
  await namespace.restart();
}

/** Counts the changes of entries that are encoded for a frame. */
function countEncoded() {
  const spy = vi.spyOn(JSON, 'stringify');
  return () => {
    const count = spy.mock.calls.filter(([value]) => value?.kind === 'entry').length;
    spy.mockRestore();
    return count;
  };
}

/** Changes and reads entries and instances, none of them watched by key. Returns the work that it caused. */
async function work(stage: WatchStage) {
  const { namespace, disk, scene } = stage;
  const others = [stage.connect(), stage.connect()];
  for (const other of others) {
    await other.watch();
    other.take();
  }
  const calls = new EntryCalls(namespace.registry);
  const before = { rowsRead: disk.rowsRead, commits: namespace.state.counters.commits };
  disk.takeWritten();
  const encoded = countEncoded();
  for (let index = 0; index < 50; index++) await calls.put(`config/${String(index * 7).padStart(6, '0')}`, 'new');
  for (let index = 0; index < 10; index++) await calls.delete(`config/${String(index * 7).padStart(6, '0')}`);
  for (let index = 0; index < 10; index++) await scene.register(`i${index}`);
  await calls.range({ limit: 100 });
  await calls.read('config/000350');
  await settle();
  return {
    encoded: encoded(),
    rowsRead: disk.rowsRead - before.rowsRead,
    written: disk.takeWritten(),
    commits: namespace.state.counters.commits - before.commits,
    frames: others.map((other) => other.take().map(({ type }) => type)),
  };
}

it('[KV11, W9] a watch of one key among 100,000 costs other clients no row, no frame and no encoding', async () => {
  const without = new WatchStage();
  await fill(without);
  const expected = await work(without);
  expect(expected).toMatchObject({ encoded: 0, commits: 70 });
  expect(expected.frames[0]?.filter((type) => type === 'changes')).toHaveLength(10);

  const stage = new WatchStage();
  await fill(stage);
  const readBefore = stage.disk.rowsRead;
  const watchers = Array.from({ length: 20 }, () => stage.connect());
  for (const watcher of watchers) {
    await watcher.watch({ keys: [{ key: 'config/050000' }] });
    expect(watcher.takeOnly('snapshot').map(({ entries }) => entries?.length)).toEqual([1]);
  }
  // The snapshot of one key reads the value of that key, and no row of another.
  expect(stage.disk.rowsRead - readBefore).toBeLessThanOrEqual(watchers.length);
  expect(await work(stage)).toEqual(expected);
  const sent = watchers.flatMap((watcher) => watcher.take());
  expect(sent.filter(({ type }) => type !== 'bookmark')).toEqual([]);

  const encoded = countEncoded();
  await new EntryCalls(stage.namespace.registry).put('config/050000', 'new');
  await settle();
  expect(encoded(), 'one encoding serves all who watch it').toBe(1);
  expect(watchers.map((watcher) => watcher.takeOnly('changes').length)).toEqual(watchers.map(() => 1));
});

it('[KV11, W9] a watch of keys catches up in slices, by the bytes that it reads of all keys', async () => {
  const stage = new WatchStage();
  const calls = new EntryCalls(stage.namespace.registry);
  const cursor = await calls.put('watched', 'old');
  const value = 'x'.repeat(ENTRY_VALUE_MAX_BYTES);
  const count = (3 * PAST_SLICE_MAX_BYTES) / ENTRY_VALUE_MAX_BYTES;
  for (let index = 0; index < count; index++) await calls.put(`other-${index}`, value);
  await calls.put('watched', 'new');
  const watcher = stage.connect();
  const slices = vi.spyOn(stage.namespace.state.platform.storage, 'sync');
  await watcher.watch({ keys: [{ key: 'watched' }] }, { cursor });
  await settle();
  expect(watcher.take().filter(({ type }) => type === 'changes')).toHaveLength(1);
  expect(slices.mock.calls.length).toBeGreaterThanOrEqual(3);
});
