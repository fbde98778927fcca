import { describe, expect, it } from 'vitest';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { CLOSE_CODES } from '../../../model/frames';
import { readJsonText } from '../../../model/json';
import { PLAIN_READS_WINDOW_MS, POLLER_LINGER_MS, POLLERS_PER_TOKEN_MAX_COUNT } from '../../../model/limits';

const ORDERS = { group: 'DEFAULT_GROUP', service: 'orders' };
const SCOPE = { services: ['orders'] };

/** A stage with pollers, served as a surface serves them. */
function stage() {
  const all = new WatchStage();
  const { namespace, scene } = all;
  /** A named read; the cursor it returns with, if any, shows what its reader has. */
  const read = async (subscriber: string, ifNoneMatch?: string) =>
    (await namespace.api.resolve({ ...ORDERS, ifNoneMatch, subscriber: { id: subscriber }, tokenId: 'owner' })).cursor;
  /** A poll that waits for changes after a cursor. */
  const poll = async (subscriber: string, cursor: string, { name = 'orders', tokenId = 'owner' } = {}) => {
    const client = all.connect({ kind: 'poll', subscriber, caller: { tokenId } });
    await client.watch(SCOPE, { watch: name, cursor });
    return client;
  };
  const names = async () =>
    readJsonText((await namespace.api.listSubscribers(ORDERS)).body).subscribers.map(({ id }) => id);
  const connect: WatchStage['connect'] = (memory) => all.connect(memory);
  return { connect, namespace, scene, read, poll, names };
}

describe('a pending poll', () => {
  it('[P4] is superseded by the same poll of the same subscriber, and by no other', async () => {
    const { scene, poll } = stage();
    const cursor = await scene.cursor();
    const first = await poll('p', cursor);
    const others = [
      await poll('q', cursor),
      await poll('p', cursor, { name: 'other' }),
      await poll('p', cursor, { tokenId: 'stranger' }),
      await poll('', cursor),
      await poll('', cursor),
    ];
    expect(first.socket.closed).toBeUndefined();
    await poll('p', cursor);
    expect(first.socket.closed?.code).toBe(CLOSE_CODES.superseded);
    expect(others.map(({ socket }) => socket.closed)).toEqual(others.map(() => undefined));
  });

  it('[P4] is sent nothing more once it is superseded', async () => {
    const { scene, poll } = stage();
    const first = await poll('p', await scene.cursor());
    const second = await poll('p', await scene.cursor());
    await scene.register('a');
    expect([first.takeInstances(), second.takeInstances()]).toEqual(['', '+a']);
  });

  it('[W17] keeps its poller alive, and for ten seconds longer', async () => {
    const { namespace, scene, read, poll, names } = stage();
    const client = await poll('p', await read('p'));
    await namespace.pass(10 * POLLER_LINGER_MS);
    expect(await names()).toEqual(['p']);
    await namespace.pass(POLLER_LINGER_MS / 2);
    await client.close();
    await namespace.pass(POLLER_LINGER_MS - 1);
    expect(await names()).toEqual(['p']);
    await namespace.pass(1);
    expect(await names()).toEqual([]);
    expect(await scene.cursor()).toBeTruthy();
  });

  it('[W17] keeps its poller alive through a sleep of the registry', async () => {
    const { namespace, read, poll, names } = stage();
    await poll('p', await read('p'));
    await poll('', await read('q'));
    await namespace.pass(POLLER_LINGER_MS);
    await namespace.hibernate();
    expect(await names()).toEqual(['p']);
  });

  it('[W17, W24] that ends after a sleep keeps its poller known for ten seconds', async () => {
    const { namespace, read, poll, names } = stage();
    const client = await poll('p', await read('p'));
    await namespace.pass(POLLER_LINGER_MS);
    await namespace.hibernate();
    await client.close();
    await namespace.pass(POLLER_LINGER_MS - 1);
    expect(await names()).toEqual(['p']);
    await namespace.pass(1);
    expect(await names()).toEqual([]);
  });

  it('[W27] under a name beyond the limit is counted as blind, and is served normally', async () => {
    const { namespace, scene, read, poll, names } = stage();
    await scene.register('a', { ephemeral: false });
    await read('known');
    for (let count = 0; count < POLLERS_PER_TOKEN_MAX_COUNT + 10; count++) void read(`fresh-${count}`);
    await settle();
    const cursor = await read('late');
    await poll('late', cursor);
    const known = await names();
    expect(known).toHaveLength(POLLERS_PER_TOKEN_MAX_COUNT);
    expect(known).toContain('known');
    expect(known).not.toContain('late');
    const other = await namespace.api.resolve({ ...ORDERS, subscriber: { id: 'other' }, tokenId: 'another' });
    expect(other.body).not.toBeNull();
    expect(await names()).toContain('other');
    const { body } = await namespace.api.drain(
      { tokenId: 'owner' },
      { key: { ...ORDERS, id: 'a' }, waitMs: 0, graceMs: 0 },
    );
    const report = readJsonText(body);
    expect(report.subscribers).toBe(POLLERS_PER_TOKEN_MAX_COUNT + 1);
    expect(report.blind.plain).toBeGreaterThanOrEqual(12);
  });

  it('[W18] makes a drain wait until its poller returns', async () => {
    const { namespace, scene, read, poll } = stage();
    await scene.register('a');
    await scene.register('b');
    await poll('p', await read('p'));
    await namespace.hibernate();
    const draining = namespace.api.drain(
      { tokenId: 'owner' },
      { key: { ...ORDERS, id: 'a' }, waitMs: 30_000, graceMs: 0 },
    );
    let report: unknown;
    void draining.then(({ body }) => {
      report = readJsonText(body);
    });
    await settle();
    expect(report).toBeUndefined();
    // The change has ended its poll: it reads again, and its state shows only with the read after that.
    const cursor = await read('p');
    await settle();
    expect(report).toBeUndefined();
    await read('p', cursor);
    await settle();
    expect(report).toMatchObject({ drained: true, subscribers: 1, acknowledged: 1, laggards: [] });
  });

  it('[W17] of several services, or without a name, is no subscriber', async () => {
    const { connect, scene, poll, names } = stage();
    const cursor = await scene.cursor();
    const list = connect({ kind: 'poll', subscriber: 'lists' });
    await list.watch({ groups: ['DEFAULT_GROUP'] }, { cursor });
    const two = connect({ kind: 'poll', subscriber: 'two' });
    await two.watch({ services: ['orders', 'carts'] }, { cursor });
    const both = connect({ kind: 'poll', subscriber: 'both' });
    await both.watch({ services: ['orders'], groups: ['shop'] }, { cursor });
    await poll('', cursor);
    expect(await names()).toEqual([]);
  });
});

describe('an observer', () => {
  const drain = async (namespace: WatchStage['namespace'], id: string) => {
    const { body } = await namespace.api.drain({ tokenId: 'owner' }, { key: { ...ORDERS, id }, waitMs: 0, graceMs: 0 });
    return readJsonText(body);
  };
  const listed = async (namespace: WatchStage['namespace']) =>
    readJsonText((await namespace.api.listSubscribers(ORDERS)).body).subscribers;

  it('[W28] receives every change, is listed as an observer, and no drain waits for it', async () => {
    const { connect, namespace, scene } = stage();
    await scene.register('a');
    const client = connect({ subscriber: 'console' });
    await client.watch(SCOPE, { observer: true });
    expect(await listed(namespace)).toMatchObject([{ id: 'console', kind: 'socket', lag: 0, observer: true }]);
    expect(await drain(namespace, 'a')).toMatchObject({ drained: true, subscribers: 0, acknowledged: 0, laggards: [] });
    expect(client.takeInstances()).toBe('+a -a');
  });

  it('[W28] is still one after the registry has slept, and after it has resumed', async () => {
    const { connect, namespace, scene } = stage();
    await scene.register('a');
    await scene.register('b');
    const client = connect({ subscriber: 'console' });
    await client.watch({}, { observer: true });
    await namespace.hibernate();
    expect(await drain(namespace, 'a')).toMatchObject({ subscribers: 0, laggards: [] });
    const cursor = client.takeOnly('changes').at(-1)?.cursor ?? '';
    await client.close();
    const resumed = connect({ subscriber: 'console' });
    await resumed.watch({}, { observer: true, cursor });
    await namespace.hibernate();
    expect(await drain(namespace, 'b')).toMatchObject({ subscribers: 0, laggards: [] });
    expect(resumed.takeInstances()).toBe('+b -b');
  });

  it('[W18, W28] does not excuse another watch of the same subscriber', async () => {
    const { connect, namespace, scene } = stage();
    await scene.register('a', { ephemeral: false });
    const client = connect({ subscriber: 'both' });
    await client.watch(SCOPE, { watch: 'shown', observer: true });
    await client.watch(SCOPE, { watch: 'called', observer: false });
    await namespace.hibernate();
    expect(await drain(namespace, 'a')).toMatchObject({ drained: false, subscribers: 1, laggards: ['both'] });
  });

  it('[W28] may acknowledge, which is shown and changes nothing else', async () => {
    const { connect, namespace, scene } = stage();
    const client = connect({ subscriber: 'console' });
    await client.watch(SCOPE, { observer: true });
    await scene.register('a');
    await client.say({ type: 'ack', watch: 'w', cursor: await scene.cursor() });
    expect(await listed(namespace)).toMatchObject([{ acknowledgedRevision: 1, observer: true }]);
  });
});

describe('the list of subscribers', () => {
  /** The readers that can't acknowledge, from the list and from the response to a drain at the same moment. */
  async function blindReaders({ namespace }: ReturnType<typeof stage>) {
    const { subscribers: _, ...listed } = readJsonText((await namespace.api.listSubscribers(ORDERS)).body);
    const command = { key: { ...ORDERS, id: 'a' }, waitMs: 0, graceMs: 600_000 };
    const { blind, unknown, safeAfterMs } = readJsonText(
      (await namespace.api.drain({ tokenId: 'owner' }, command)).body,
    );
    return { listed, drained: { blind, ...(unknown && { unknown }), safeAfterMs } };
  }

  it("[W29] counts the readers that can't acknowledge, as a drain does, for as long as a drain does", async () => {
    const all = stage();
    await all.scene.register('a', { ephemeral: false });
    await all.scene.resolve({ keepForMs: 5_000 });
    await all.scene.resolve();
    await all.namespace.pass(2_000);
    const { listed, drained } = await blindReaders(all);
    expect(listed).toEqual({ blind: { cached: 1, plain: 1 }, safeAfterMs: 3_000 });
    expect(listed).toEqual(drained);
    await all.namespace.pass(PLAIN_READS_WINDOW_MS * 2);
    expect((await blindReaders(all)).listed).toEqual({ blind: {}, safeAfterMs: 0 });
  });

  it('[W25, W26, W29] knows after a sleep what it does not know', async () => {
    const all = stage();
    await all.scene.register('a', { ephemeral: false });
    await all.scene.resolve({ keepForMs: 60_000 });
    await all.namespace.hibernate();
    const { listed, drained } = await blindReaders(all);
    expect(listed).toMatchObject({ blind: {}, unknown: expect.arrayContaining(['cached']) });
    expect(listed.safeAfterMs).toBeGreaterThan(50_000);
    expect(listed).toEqual(drained);
  });
});
