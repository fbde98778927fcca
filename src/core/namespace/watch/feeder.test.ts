import { describe, expect, it, vi } from 'vitest';
import { ids, WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CATCH_UP_SLICE_MAX_COUNT, COMPACTION_SLICE_MAX_COUNT, CREDIT_INITIAL_BYTES } from '../../../model/limits';
import { Pace } from './feeder';

const KEPT = { maxCount: 100, maxAgeMs: 1e12, maxBytes: 1e12 };

/** Makes revisions that change an instance of `users`, as many as it takes for the journal to be compacted. */
async function outgrowJournal({ scene, namespace }: WatchStage): Promise<void> {
  for (let port = 1; port <= KEPT.maxCount + COMPACTION_SLICE_MAX_COUNT + 10; port++) {
    await scene.register('u', { port, ephemeral: false }, { service: 'users' });
  }
  await namespace.fireAlarm();
}

describe('a watch that resumes', () => {
  it('[W5, C4] is closed if the changes it lacks can’t be read, and is not retried', async () => {
    const stage = new WatchStage();
    const { scene, namespace } = stage;
    const { cursor } = await scene.register('a');
    await scene.register('b');
    const client = stage.connect();
    const sync = vi.spyOn(namespace.platform.storage, 'sync').mockRejectedValue(new Error('the disk failed'));
    await client.watch({}, { cursor });
    await settle();
    expect(client.socket.closed?.code).toBe(1011);
    expect(sync).toHaveBeenCalledTimes(1);
  });

  it('[W3, W4, W5] continues from any retained cursor, with each change once', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const cursors = [await scene.cursor()];
    for (const id of ids(20)) cursors.push((await scene.register(id)).cursor);
    for (const [index, cursor] of cursors.entries()) {
      const client = stage.connect();
      await client.watch({}, { cursor });
      const frames = client.takeOnly('changes');
      expect(frames.map(({ revision }) => revision)).toEqual(ids(20).flatMap((_, at) => (at < index ? [] : [at + 1])));
      expect(frames.map((frame) => frame.cursor)).toEqual(cursors.slice(index + 1));
    }
  });

  it('[W5, W14] continues from a cursor from before a restart of the registry', async () => {
    const stage = new WatchStage();
    const { scene, namespace } = stage;
    const { cursor } = await scene.register('a');
    await scene.register('b');
    await namespace.restart();
    const client = stage.connect();
    await client.watch({}, { cursor });
    expect(client.takeInstances()).toBe('+b');
  });

  it('[W4] is sent changes as they happen once it has caught up', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const { cursor } = await scene.register('a');
    for (let port = 1; port <= 2 * CATCH_UP_SLICE_MAX_COUNT + 5; port++) await scene.register('b', { port });
    const client = stage.connect();
    await client.watch({}, { cursor });
    expect(client.takeOnly('changes')).toHaveLength(2 * CATCH_UP_SLICE_MAX_COUNT + 5);
    await scene.register('c');
    expect(client.takeInstances()).toBe('+c');
    expect(client.socket.kept.watches).toEqual([
      { name: 'w', scope: [{ kind: 'namespace' }], acknowledged: expect.any(Number) },
    ]);
  });

  it('[W4] misses no commit that is being written', async () => {
    const stage = new WatchStage();
    const { scene, disk } = stage;
    const { cursor } = await scene.register('a');
    const client = stage.connect();
    disk.hold();
    const registering = scene.register('b');
    await settle();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: {}, cursor });
    disk.release();
    await registering;
    await settle();
    expect(client.takeInstances()).toBe('+b');
  });

  it('[W8] is sent nothing that is written but not durable', async () => {
    const stage = new WatchStage();
    const { scene, disk } = stage;
    const cursor = await scene.cursor();
    for (let port = 1; port <= CATCH_UP_SLICE_MAX_COUNT + 1; port++) await scene.register('a', { port });
    const client = stage.connect();
    disk.hold();
    await client.say({ type: 'watch', id: '1', watch: 'w', scope: {}, cursor });
    const registering = scene.register('b');
    await settle();
    client.take();
    // The slice is done, and the next starts; the commit is written, and its sync has not completed.
    disk.step(1);
    await settle();
    expect(disk.rows('SELECT MAX(revision) FROM journal')).toEqual([[CATCH_UP_SLICE_MAX_COUNT + 2]]);
    expect(client.takeInstances()).toBe('+a');
    disk.release();
    await registering;
    await settle();
    expect(client.takeInstances()).toBe('+b');
  });

  it('[W6] is reset and starts over if its cursor is compacted', async () => {
    const stage = new WatchStage(KEPT);
    const { scene } = stage;
    const { cursor } = await scene.register('a', { ephemeral: false });
    await outgrowJournal(stage);
    const client = stage.connect();
    await client.watch({ services: ['orders'] }, { cursor });
    const [reset, snapshot, ...more] = client.take();
    expect(reset).toEqual({ type: 'reset', watch: 'w', reason: 'compacted' });
    expect(snapshot).toMatchObject({
      type: 'snapshot',
      cursor: await scene.cursor(),
      services: [{ instances: [{ id: 'a' }] }],
    });
    expect(more).toEqual([]);
    await scene.register('b');
    expect(client.takeInstances()).toBe('+b');
  });

  it.each([
    ['resets a watch that lacks one compacted revision', -1, ['reset', 'snapshot']],
    ['continues a watch that has every compacted change', 0, ['changes']],
  ])('[W6] %s', async (_, behind, types) => {
    const stage = new WatchStage(KEPT);
    const { scene, namespace } = stage;
    await outgrowJournal(stage);
    await scene.register('a', { ephemeral: false });
    const sentUntil = namespace.state.journal.compactedRevision + behind;
    // A watch that slept while it was behind: its position is not a cursor, and nothing has checked it yet.
    const scope = [{ kind: 'service', group: 'DEFAULT_GROUP', service: 'orders' } as const];
    const client = stage.connect({ watches: [{ name: 'w', scope, sentUntil }] });
    namespace.registry.opened(namespace.platform.connections.connectionOf(client.socket));
    await settle();
    const frames = client.take();
    expect(frames.map(({ type }) => type)).toEqual(types);
    expect(JSON.stringify(frames.at(-1))).toContain('"id":"a"');
  });

  it('[W6, Q3] is reset if its cursor is from another history', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const { cursor } = await scene.register('a');
    await scene.register('b');
    const [, epoch] = /^c([^.]*)\./.exec(cursor) ?? [];
    for (const other of ['cnonsense', 'cother.1.0', `c${epoch}.1.0`, `c${epoch}.3.0`]) {
      const client = stage.connect();
      await client.watch({}, { cursor: other });
      expect(client.take()).toMatchObject([
        { type: 'reset', reason: expect.any(String) },
        { type: 'snapshot', services: [{ instances: [{ id: 'a' }, { id: 'b' }] }] },
      ]);
    }
  });

  it('[W6] is reset if the journal is compacted while it catches up', async () => {
    const stage = new WatchStage(KEPT);
    const { scene } = stage;
    const { cursor } = await scene.register('a', { ephemeral: false });
    const client = stage.connect();
    await client.watch({ services: ['orders'] }, { cursor });
    await stage.useUpCredit();
    client.take();
    for (const id of ['b', 'c']) await scene.register(id, { ephemeral: false });
    await outgrowJournal(stage);
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    const types = client
      .take()
      .map((frame) => ('part' in frame ? `${frame.type} ${frame.part} ${frame.last}` : frame.type));
    expect(types).toEqual(['reset', 'snapshot 0 false', 'snapshot 1 false', 'snapshot 2 true']);
    await scene.register('d');
    expect(client.takeInstances()).toBe('+d');
  });
});

it('[W20] continues one watch after each turn, in order, if each does a turn of work', async () => {
  const turns: (() => void)[] = [];
  const pace = new Pace(() => new Promise((resolve) => void turns.push(resolve)), 10);
  const done: string[] = [];
  const work = async (name: string) => {
    for (let slice = 0; slice < 2; slice++) {
      await pace.ready();
      done.push(name);
      pace.spend(10);
    }
  };
  for (const name of ['a', 'b', 'c']) void work(name);
  await settle();
  expect(done.length).toBeLessThan(4);
  const begun = done.length;
  for (let turn = 0; turn < 6; turn++) {
    turns.shift()?.();
    await settle();
  }
  expect(begun).toBeGreaterThan(0);
  expect([...done].sort()).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
});

it('takes no turn for less work', async () => {
  let turns = 0;
  const pace = new Pace(async () => {
    turns += 1;
  }, 10);
  pace.spend(9);
  await pace.ready();
  expect(turns).toBe(0);
  pace.spend(1);
  expect(turns).toBe(1);
});
