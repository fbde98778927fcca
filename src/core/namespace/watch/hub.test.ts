import { describe, expect, it } from 'vitest';
import { ids, WatchStage } from '../../../../test/fixtures/watch-stage';
import { changedIds } from '../../../../test/fixtures/watched-ids';
import { settle } from '../../../../test/simulation/virtual-time';
import { decodeCursor } from '../../../model/cursor';
import { CLOSE_CODES } from '../../../model/frames';
import {
  BOOKMARK_INTERVAL_MS,
  BOOKMARK_REVISIONS_COUNT,
  CREDIT_INITIAL_BYTES,
  UNPROVEN_PER_CONNECTION_MAX_BYTES,
  UNREAD_MAX_MS,
  UNREAD_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import type { Retention } from '../commit/journal';

const revisionOf = (cursor: string) => decodeCursor(cursor)?.revision;

describe('a synced watch', () => {
  it('[W1, W3, W4] is sent each change once, in order, as soon as it is durable', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const client = stage.connect();
    await client.watch();
    client.take();
    await scene.register('a');
    await scene.register('b');
    await scene.deregister('a');
    const frames = client.takeOnly('changes');
    expect(frames.map(({ revision, cause, actor, cursor }) => [revision, cause, actor, revisionOf(cursor)])).toEqual([
      [1, 'registered', 'owner', 1],
      [2, 'registered', 'owner', 2],
      [3, 'deregistered', 'owner', 3],
    ]);
    expect(frames.at(-1)?.cursor).toBe(await scene.cursor());
  });

  it('[W2] is sent all changes of a batch in its scope, and nothing else', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const [orders, both] = [stage.connect(), stage.connect()];
    await orders.watch({ services: ['orders'] });
    await both.watch({ services: ['orders'], groups: ['shop'] });
    const at = { address: '10.0.0.1', port: 1 };
    await scene.batch(
      { op: 'register', id: 'a', ...at },
      { op: 'register', group: 'shop', id: 'b', ...at },
      { op: 'register', service: 'users', id: 'c', ...at },
    );
    expect(orders.takeInstances()).toBe('+a');
    expect(both.takeInstances()).toBe('+a +b');
  });

  it('[W2] is sent a revision of more than 256 KiB in parts, both live and from the journal', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const cursor = await scene.cursor();
    const live = stage.connect();
    await live.watch({}, { cursor });
    await stage.registerBulk(...ids(70));
    const late = stage.connect();
    await late.watch({}, { cursor });
    const parts = live.takeOnly('changes');
    expect(parts.map(({ part, last }) => [part, last])).toEqual([
      [0, false],
      [1, false],
      [2, true],
    ]);
    expect(parts.flatMap(({ changes }) => changedIds(changes))).toEqual(ids(70));
    expect(late.takeOnly('changes')).toEqual(parts);
  });

  it('[W8, I3] is sent nothing before it is durable', async () => {
    const stage = new WatchStage();
    const { scene, disk } = stage;
    const client = stage.connect();
    await client.watch();
    disk.hold();
    const a = scene.register('a');
    await settle();
    const b = scene.register('b');
    await settle();
    expect(client.takeInstances()).toBe('');
    disk.step();
    await settle();
    expect(client.takeInstances()).toBe('+a');
    disk.release();
    await Promise.all([a, b]);
    expect(client.takeInstances()).toBe('+b');
  });

  it('[W8] is sent a change before the writer gets its response', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const client = stage.connect();
    await client.watch();
    client.take();
    let receivedFirst = '';
    await scene.register('a').then(() => {
      receivedFirst = client.takeInstances();
    });
    expect(receivedFirst).toBe('+a');
  });

  it('[W9] is sent a service that did not exist before', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const client = stage.connect();
    await client.watch({ services: ['orders'] });
    expect(client.takeOnly('snapshot')).toMatchObject([{ services: [] }]);
    await scene.register('a');
    expect(client.takeInstances()).toBe('+a');
  });

  it('[W9] shares its socket with other watches, each with its own frames', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const client = stage.connect();
    await client.watch({}, { watch: 'all' });
    await client.watch({ services: ['users'] }, { watch: 'users' });
    client.take();
    await scene.register('a');
    await scene.register('u', {}, { service: 'users' });
    expect(client.takeOnly('changes').map(({ watch, revision }) => [watch, revision])).toEqual([
      ['all', 1],
      ['all', 2],
      ['users', 2],
    ]);
    await client.ask({ type: 'unwatch', watch: 'all' });
    await scene.register('b', {}, { service: 'users' });
    expect(client.takeOnly('changes').map(({ watch }) => watch)).toEqual(['users']);
  });

  it('is sent nothing more once its socket is closed', async () => {
    const stage = new WatchStage();
    const { scene } = stage;
    const client = stage.connect();
    await client.watch();
    client.take();
    await client.close();
    await scene.register('a');
    expect(client.take()).toEqual([]);
  });
});

describe('a receiver without credit', () => {
  /** A watch whose credit one revision has used up. */
  async function withoutCredit(retention?: Retention) {
    const stage = new WatchStage(retention);
    const client = stage.connect();
    await client.watch({ services: ['orders'] });
    await stage.useUpCredit();
    client.take();
    return { stage, scene: stage.scene, namespace: stage.namespace, disk: stage.disk, client };
  }

  it('[W12] is sent nothing, and continues where it was once it grants some', async () => {
    const { scene, client } = await withoutCredit();
    await scene.register('a');
    await scene.deregister('a');
    expect(client.take()).toEqual([]);
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    expect(client.takeInstances()).toBe('+a -a');
    await scene.register('b');
    expect(client.takeInstances()).toBe('+b');
  });

  it('[W4, W7] gets the bookmark it requests after everything before it', async () => {
    const { scene, client } = await withoutCredit();
    await scene.register('a');
    await client.say({ type: 'sync', id: '1', watch: 'w' });
    expect(client.takeOnly('bookmark')).toEqual([]);
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    expect(client.take()).toMatchObject([{ type: 'changes' }, { type: 'bookmark', cursor: await scene.cursor() }]);
  });

  it('[W12] is sent one frame at a time if it grants little', async () => {
    const { client, stage } = await withoutCredit();
    for (const id of ['a', 'b', 'c']) await stage.registerBulk(id);
    const told: string[] = [];
    for (let grants = 0; grants < 500; grants++) {
      await client.say({ type: 'credit', bytes: 4_000 });
      const now = client.takeInstances();
      if (now !== '') told.push(now);
    }
    expect(told).toEqual(['+a', '+b', '+c']);
  });

  it('[W14] continues where it was if the registry slept meanwhile', async () => {
    const { scene, client, namespace } = await withoutCredit();
    await scene.register('a');
    await namespace.hibernate();
    await scene.register('b');
    await settle();
    expect(client.takeInstances()).toBe('');
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    expect(client.takeInstances()).toBe('+a +b');
  });

  it('[W12] is not reset for compacted changes outside its scope', async () => {
    const { scene, client, namespace, disk } = await withoutCredit({ maxCount: 100, maxAgeMs: 1e12, maxBytes: 1e12 });
    for (let count = 1; count < 1_000; count++) await scene.register('u', { port: count }, { service: 'users' });
    await namespace.fireAlarm();
    await scene.register('a');
    expect(disk.rows('SELECT MIN(revision) FROM journal')).toEqual([[expect.any(Number)]]);
    expect(Number(disk.rows('SELECT MIN(revision) FROM journal')[0]?.[0])).toBeGreaterThan(10);
    await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    expect(client.take().map(({ type }) => type)).toEqual(['bookmark', 'changes']);
  });

  it('[W13] is closed when more than 4 MiB are waiting, and resumes by its cursor', async () => {
    const { scene, client, stage } = await withoutCredit();
    const cursor = await scene.cursor();
    for (let round = 0; round < 6; round++) await stage.registerBulk(...ids(90));
    expect(client.socket.closed).toEqual({ code: CLOSE_CODES.slowConsumer, reason: expect.stringContaining('cursor') });
    const again = stage.connect();
    await again.watch({}, { cursor });
    await again.say({ type: 'credit', bytes: 8 * 1024 * 1024 });
    expect(again.takeOnly('changes').flatMap(({ changes }) => changes)).toHaveLength(6 * 90);
  });

  it('[W13] is not closed while it keeps reading, however slowly', async () => {
    const { client, stage } = await withoutCredit();
    for (let round = 0; round < 12; round++) {
      await stage.registerBulk(...ids(90));
      await stage.registerBulk(...ids(90));
      await client.say({ type: 'credit', bytes: 90 * 8_000 });
      await client.say({ type: 'credit', bytes: 90 * 8_000 });
    }
    expect(client.socket.closed).toBeUndefined();
  });

  it('[W13] is closed permanently: frames that it sent before have no effect', async () => {
    const { client, stage, namespace } = await withoutCredit();
    for (let round = 0; round < 6; round++) await stage.registerBulk(...ids(90));
    await client.say({ type: 'credit', bytes: 1_000_000 });
    expect(client.socket.kept.watches).toEqual([]);
    expect(await namespace.api.listSubscribers({ group: 'DEFAULT_GROUP', service: 'orders' })).toMatchObject({
      body: expect.stringContaining('{"subscribers":[]'),
    });
  });
});

describe('a client that grants credit and does not read', () => {
  it('[W21] gets nothing for credit granted in advance', async () => {
    const stage = new WatchStage();
    const client = stage.connect();
    await client.watch();
    for (let grants = 0; grants < 10; grants++) await client.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
    await stage.useUpCredit();
    client.take();
    await stage.scene.register('a');
    expect(client.take()).toEqual([]);
  });

  it('[W21] is closed eventually, but its session with other watchers is not', async () => {
    const stage = new WatchStage();
    await stage.registerBulk(...ids(90));
    const [liar, reader] = [stage.connect(), stage.connect()];
    await reader.watch();
    await reader.readAll();
    for (let watch = 0; watch < 200 && liar.socket.closed === undefined; watch++) {
      await liar.say({ type: 'watch', id: '1', watch: `w${watch}`, scope: {} });
      await liar.say({ type: 'credit', bytes: CREDIT_INITIAL_BYTES });
      liar.take();
    }
    expect(liar.socket.closed).toEqual({ code: CLOSE_CODES.slowConsumer, reason: expect.stringContaining('cursor') });
    await stage.scene.register('a');
    expect(reader.takeInstances()).toBe('+a');
  });

  it('[W21] is closed eventually if it sends requests and doesn’t read the responses', async () => {
    const stage = new WatchStage();
    await stage.registerBulk(...ids(90));
    const client = stage.connect();
    const sent = () => client.socket.takeTexts().reduce((size, { length }) => size + length, 0);
    let size = 0;
    for (let asked = 0; asked < 1_000 && client.socket.closed === undefined; asked++) {
      await client.say({ type: 'resolve', id: 'r', service: 'orders' });
      size += sent();
    }
    expect(client.socket.closed?.code).toBe(CLOSE_CODES.slowConsumer);
    expect(size).toBeLessThan(UNPROVEN_PER_CONNECTION_MAX_BYTES + 1024 * 1024);
  });

  it('[W21] has its frames held back until it has read, if it is known to return marks', async () => {
    const stage = new WatchStage();
    await stage.registerBulk(...ids(90));
    const client = stage.connect();
    await client.watch();
    await client.readAll();
    const ask = () => client.say({ type: 'resolve', id: 'r', service: 'orders' });
    for (let asked = 0; asked < 40; asked++) await ask();
    const answers = client.takeOnly('answer').length;
    expect(answers).toBeLessThan(20);
    let read = 0;
    for (let rounds = 0; rounds < 10; rounds++) {
      read += (await client.readAll()).filter(({ type }) => type === 'answer').length;
    }
    expect(answers + read).toBe(40);
    expect(client.socket.closed).toBeUndefined();
  });
});

describe('a client that neither grants credit nor reads', () => {
  it('[W21, W14] is closed after 30 s with pending output, through sleeps of the registry', async () => {
    const stage = new WatchStage();
    const { namespace, scene } = stage;
    const client = stage.connect();
    await client.watch();
    await stage.useUpCredit();
    await scene.register('a');
    await namespace.pass(UNREAD_MAX_MS / 2);
    await namespace.hibernate();
    await namespace.pass(UNREAD_MAX_MS / 2 - 1_000);
    expect(client.socket.closed).toBeUndefined();
    await namespace.pass(2_000);
    expect(client.socket.closed).toMatchObject({ code: CLOSE_CODES.slowConsumer });
  });

  it('[W21] stays open while nothing is pending', async () => {
    const stage = new WatchStage();
    const client = stage.connect();
    await client.watch();
    await stage.registerBulk(...ids(90));
    await stage.namespace.pass(10 * UNREAD_MAX_MS);
    expect(client.socket.closed).toBeUndefined();
  });

  it('[W21] leaves room for one that reads, even if hundreds start at once', async () => {
    const stage = new WatchStage();
    for (let batch = 0; batch < 10; batch++) await stage.registerBulk(...ids(90).map((id) => `${batch}-${id}`));
    const silent = Array.from({ length: 300 }, () => stage.connect());
    for (const client of silent) await client.say({ type: 'watch', id: '1', watch: 'w', scope: {} });
    const reader = stage.connect();
    await reader.watch();
    const frames = await reader.readAll();
    const services = frames.flatMap((frame) => (frame.type === 'snapshot' ? frame.services : []));
    expect(services.flatMap(({ instances }) => instances)).toHaveLength(900);
    const sizes = silent.map(({ socket }) => socket.takeTexts().reduce((size, { length }) => size + length, 0));
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(UNREAD_PER_NAMESPACE_MAX_BYTES);
    expect(Math.min(...sizes)).toBeGreaterThan(8_000);
  });
});

describe('a registry that slept', () => {
  it('[W14] continues every watch, and sends each change once', async () => {
    const stage = new WatchStage();
    const { scene, namespace } = stage;
    const [one, two] = [stage.connect(), stage.connect()];
    await one.watch();
    await two.watch({ services: ['orders'] });
    await scene.register('a');
    for (const client of [one, two]) client.take();
    for (const id of ['b', 'c', 'd']) {
      await namespace.hibernate();
      await scene.register(id);
      await settle();
      expect([one.takeInstances(), two.takeInstances()]).toEqual([`+${id}`, `+${id}`]);
    }
  });

  it('[W14] removes the socket whose close wakes it', async () => {
    const stage = new WatchStage();
    const { scene, namespace } = stage;
    const client = stage.connect();
    await client.watch();
    client.take();
    await namespace.hibernate();
    await client.close();
    await scene.register('a');
    expect(client.take()).toEqual([]);
    expect(await scene.stats()).toMatchObject({ sockets: 0 });
  });

  it('[W14] remembers no ended watch', async () => {
    const stage = new WatchStage();
    const { scene, namespace } = stage;
    const client = stage.connect();
    await client.watch();
    await client.ask({ type: 'unwatch', watch: 'w' });
    client.take();
    await namespace.hibernate();
    await scene.register('a');
    await settle();
    expect(client.take()).toEqual([]);
  });
});

describe('bookmarks', () => {
  async function besideIt() {
    const stage = new WatchStage();
    const client = stage.connect();
    await client.watch({ services: ['users'] });
    await stage.scene.register('first', { ephemeral: false });
    client.take();
    const bookmarks = () => client.takeOnly('bookmark').map(({ cursor }) => revisionOf(cursor));
    return { scene: stage.scene, namespace: stage.namespace, client, bookmarks };
  }

  it('[W7] are sent with the first change after 30 s without a match', async () => {
    const { scene, namespace, bookmarks } = await besideIt();
    await namespace.freeze(BOOKMARK_INTERVAL_MS - 1);
    await scene.register('b');
    expect(bookmarks()).toEqual([]);
    await namespace.freeze(1);
    await scene.register('c');
    expect(bookmarks()).toEqual([3]);
    await scene.register('d');
    expect(bookmarks()).toEqual([]);
  });

  it('[W7] are sent by the alarm if there is no other change', async () => {
    const { scene, namespace, bookmarks } = await besideIt();
    await scene.register('b', { ephemeral: false });
    await namespace.freeze(BOOKMARK_INTERVAL_MS);
    await namespace.fireAlarm();
    expect(bookmarks()).toEqual([2]);
  });

  it('[W7] are sent after 1,000 revisions', async () => {
    const { scene, bookmarks } = await besideIt();
    for (let count = 1; count < BOOKMARK_REVISIONS_COUNT; count++) await scene.register('a', { port: count });
    expect(bookmarks()).toEqual([]);
    await scene.register('a', { port: 50_000 });
    expect(bookmarks()).toEqual([1 + BOOKMARK_REVISIONS_COUNT]);
  });

  it('[W7] are sent on request', async () => {
    const { scene, client, bookmarks } = await besideIt();
    await client.say({ type: 'sync', id: '1', watch: 'w' });
    expect(bookmarks()).toEqual([1]);
    await scene.register('b');
    expect(bookmarks()).toEqual([]);
  });

  it('[W7] are not sent to a watch that was sent the newest change', async () => {
    const { scene, client, namespace } = await besideIt();
    await namespace.freeze(BOOKMARK_INTERVAL_MS);
    await scene.register('u', {}, { service: 'users' });
    expect(client.take().map(({ type }) => type)).toEqual(['changes']);
  });

  it('[W7] are not sent while nothing changes', async () => {
    const { client, namespace } = await besideIt();
    await namespace.pass(60_000);
    client.take();
    await namespace.pass(24 * 3_600_000);
    await namespace.hibernate();
    await namespace.fireAlarm();
    expect(client.take()).toEqual([]);
  });
});
