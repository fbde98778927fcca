import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { ORDERS } from '../../../../test/fixtures/definition';
import { HandDisk } from '../../../../test/fixtures/hand-disk';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { ids, WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { EPOCH_REVISIONS_PER_MS_COUNT } from '../../../model/limits';
import {
  isMarkedForNewEpoch,
  markForNewEpoch,
  prepareStorage,
  unmarkForNewEpoch,
  writeProperty,
} from '../../storage/schema';
import { Registry } from '../core';
import { changeEpoch } from './epoch-change';
import { DEFAULT_RETENTION } from './journal';

/** Loads the same storage again. */
async function again({ platform }: AwakeNamespace, retention = DEFAULT_RETENTION): Promise<AwakeNamespace> {
  await settle();
  platform.loseMemory();
  return new AwakeNamespace(platform, retention);
}

describe('changeEpoch', () => {
  it('[Z1, I2] jumps ahead of every revision that was ever used, and continues from there', async () => {
    const awake = new AwakeNamespace();
    const { journal } = awake.state;
    awake.put('a');
    const before = { epoch: journal.epoch, cursor: journal.cursor };
    changeEpoch(awake.state, 'imported', 'admin');
    const first = awake.platform.clock.now() * EPOCH_REVISIONS_PER_MS_COUNT;
    expect(journal).toMatchObject({ revision: first, count: 2 });
    expect(journal.epoch).not.toBe(before.epoch);
    changeEpoch(awake.state, 'imported', 'admin');
    expect(journal).toMatchObject({ revision: first + 1, count: 3 });
    awake.put('b');
    expect(journal.revision).toBe(first + 2);
    const woken = (await again(awake)).state.journal;
    const { revision, epoch, cursor, count } = journal;
    expect(woken).toMatchObject({ revision, epoch, cursor, count });
    expect(woken.position(before.cursor)).toBeUndefined();
  });

  it('[Z1] costs three rows, committed together with its changes', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await settle();
    const { storage } = awake.platform;
    storage.takeWritten();
    changeEpoch(awake.state, 'imported', 'admin', () => writeProperty(storage, 'with-it', 'yes'));
    const before = storage.transactions;
    await settle();
    expect(storage.takeWritten()).toEqual({ 'insert journal': 1, 'insert property': 3 });
    expect(storage.transactions).toBe(before + 1);
  });

  it('[Z2, Q3] makes earlier cursors those of another history, and conditional reads return in full', async () => {
    const awake = new AwakeNamespace();
    const registry = new Registry(awake.state, awake.hub);
    awake.put('a');
    const { cursor } = await registry.listInstances({ ...ORDERS, filter: {} });
    changeEpoch(awake.state, 'imported', 'admin');
    const list = { ...ORDERS, filter: {} };
    expect((await registry.listInstances({ ...list, ifNoneMatch: cursor })).body).not.toBeNull();
    await expect(registry.listInstances({ ...list, at: cursor })).rejects.toMatchObject({ code: 'COMPACTED' });
  });

  it('[Z3] keeps the earlier history readable, by time and by the cursors it contains', async () => {
    const awake = new AwakeNamespace();
    const registry = new Registry(awake.state, awake.hub);
    awake.put('a');
    const at = new Date(awake.platform.clock.now()).toISOString();
    awake.platform.jump(1_000);
    changeEpoch(awake.state, 'imported', 'admin');
    awake.put('b');
    const idsAt = async (moment: string) => {
      const { body } = await registry.listInstances({ ...ORDERS, filter: {}, at: moment });
      return JSON.parse(body ?? '').instances.map(({ id }: { id: string }) => id);
    };
    expect(await idsAt(at)).toEqual(['a']);
    const { entries } = JSON.parse((await registry.history({ service: 'orders' })).body);
    expect(entries).toHaveLength(2);
    expect(await idsAt(entries[1].cursor)).toEqual(['a']);
    expect(await idsAt(entries[0].cursor)).toEqual(['a', 'b']);
  });

  it('[Z3, J3] doesn’t count unused revisions towards the retention', async () => {
    const awake = new AwakeNamespace(undefined, { ...DEFAULT_RETENTION, maxCount: 10 });
    for (const id of ['a', 'b', 'c']) awake.put(id);
    changeEpoch(awake.state, 'imported', 'admin');
    expect(awake.state.journal.isOverfull).toBe(false);
    expect(awake.state.journal.planCompaction(awake.state.time.stamp())).toBeUndefined();
    for (const id of ['d', 'e', 'f', 'g', 'h', 'i', 'j', 'k']) awake.put(id);
    await settle();
    expect(awake.state.journal.count).toBe(12);
    expect(awake.state.journal.planCompaction(awake.state.time.stamp())).toMatchObject({ revision: 2 });
  });
});

describe('a watch that is open when the epoch changes', () => {
  it('[Z2, W6] is reset once the change is durable, and gets a snapshot and what follows', async () => {
    const stage = new WatchStage();
    const { scene, disk, namespace } = stage;
    const client = stage.connect();
    await client.watch();
    await scene.register('a');
    client.take();
    disk.hold();
    changeEpoch(namespace.state, 'imported', 'admin');
    await settle();
    expect(client.take()).toEqual([]);
    disk.release();
    await settle();
    expect(client.take().map(({ type }) => type)).toEqual(['reset', 'snapshot']);
    await scene.register('b');
    expect(client.takeInstances()).toBe('+b');
  });

  it('[Z2, W6, W10] gets no part of an older snapshot after the reset', async () => {
    const stage = new WatchStage();
    const { disk, namespace } = stage;
    await stage.registerBulk(...ids(90));
    const client = stage.connect();
    disk.hold();
    const watching = client.watch();
    await settle();
    disk.release();
    changeEpoch(namespace.state, 'imported', 'admin');
    await watching;
    await settle();
    const frames = client.take().filter(({ type }) => type === 'reset' || type === 'snapshot');
    const after = frames.slice(frames.findIndex(({ type }) => type === 'reset') + 1);
    expect(after.map((frame) => 'part' in frame && frame.part)).toEqual(after.map((_, index) => index));
    expect(new Set(after.map((frame) => 'cursor' in frame && frame.cursor))).toEqual(
      new Set([await stage.scene.cursor()]),
    );
  });
});

describe('storage that is marked for a new epoch', () => {
  it('[Z4] starts it at its next wake, and only then', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { epoch } = awake.state.journal;
    await settle();
    markForNewEpoch(awake.platform.storage);
    const woken = await again(awake);
    expect(woken.state.journal.epoch).not.toBe(epoch);
    await settle();
    expect(woken.state.journal.entryAt(woken.state.journal.revision)).toMatchObject({
      cause: 'restored',
      actor: 'registry',
    });
    expect((await again(woken)).state.journal.cursor).toBe(woken.state.journal.cursor);
  });

  it('[Z4, I3] shows it to no caller before it is durable', async () => {
    const namespace = new NodeNamespace();
    markForNewEpoch(namespace.platform.storage);
    await namespace.restart();
    const { cursor } = await namespace.api.stats();
    await namespace.restart();
    expect((await namespace.api.stats()).cursor).toBe(cursor);
  });
});

it('[Z2] a mark is set until it is removed', () => {
  const disk = new HandDisk();
  prepareStorage(disk, () => 'E');
  expect(isMarkedForNewEpoch(disk)).toBe(false);
  markForNewEpoch(disk);
  markForNewEpoch(disk);
  expect(isMarkedForNewEpoch(disk)).toBe(true);
  unmarkForNewEpoch(disk);
  expect(isMarkedForNewEpoch(disk)).toBe(false);
});
