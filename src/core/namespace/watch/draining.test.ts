import { describe, expect, it } from 'vitest';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import type { SocketClient } from '../../../../test/fixtures/socket-client';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import { readJsonText } from '../../../model/json';
import { PLAIN_READS_WINDOW_MS, POLLER_LINGER_MS } from '../../../model/limits';
import type { Caller } from '../../../model/namespace-api';
import type { DrainReport } from '../../../model/queries';
import { changeEpoch } from '../commit/epoch-change';

function stage() {
  const all = new WatchStage();
  const { scene, namespace } = all;
  /** Starts a drain. Its response is read later. */
  const drain = async (id: string, { waitMs = 30_000, graceMs = 0, caller = OWNER } = {}) => {
    const seen: { report?: DrainReport } = {};
    void namespace.api.drain(caller, { key: key(id), waitMs, graceMs }).then(({ body }) => {
      seen.report = readJsonText(body);
    });
    await settle();
    return async () => {
      await settle();
      return seen.report;
    };
  };
  /** A watcher of `orders`. */
  const watching = async (subscriber: string, scope: object = { services: ['orders'] }) => {
    const client = all.connect({ subscriber });
    await client.watch(scope);
    client.take();
    return client;
  };
  return { stage: all, scene, namespace, drain, watching };
}

/** Acknowledges the newest cursor received. */
async function acknowledge(client: SocketClient): Promise<void> {
  const cursor = client.takeOnly('changes').at(-1)?.cursor;
  await client.say({ type: 'ack', watch: 'w', cursor });
}

describe('a drain', () => {
  it('[W18] ends when every subscriber has acknowledged it, and then the instance is removed', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a');
    const [one, two] = [await watching('one'), await watching('two', {})];
    const report = await drain('a');
    expect(await scene.resolved()).toEqual([]);
    await acknowledge(one);
    expect(await report()).toBeUndefined();
    expect(await scene.listed()).toEqual(['a']);
    await acknowledge(two);
    expect(await report()).toMatchObject({ drained: true, subscribers: 2, acknowledged: 2, laggards: [] });
    expect(await scene.listed()).toEqual([]);
    expect(one.takeOnly('changes')).toMatchObject([{ cause: 'drained', changes: [{ type: 'delete', id: 'a' }] }]);
  });

  it('[A47, W18] is not ended by another token that uses a subscriber’s name', async () => {
    const { stage: all, scene, namespace, drain } = stage();
    await scene.register('a');
    const stream = all.connect({ kind: 'stream', subscriber: 'one', caller: { tokenId: 't' } });
    await stream.watch();
    const report = await drain('a');
    const acknowledgement = { subscriber: 'one', cursor: await scene.cursor() };
    const byOther = namespace.api.acknowledge({ ...acknowledgement, tokenId: 'other' });
    await expect(byOther).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('"one"') });
    await namespace.api.acknowledge({ subscriber: 'unknown', cursor: acknowledgement.cursor, tokenId: 'other' });
    // The same name opened by the other token belongs to that token.
    const another = all.connect({ kind: 'stream', subscriber: 'one', caller: { tokenId: 'other' } });
    await another.watch();
    await namespace.api.acknowledge({ ...acknowledgement, tokenId: 'other' });
    expect(await report()).toBeUndefined();
    await namespace.api.acknowledge({ ...acknowledgement, tokenId: 't' });
    expect(await report()).toMatchObject({ drained: true, acknowledged: 1 });
  });

  it('[W18] starts its grace period then', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const client = await watching('one');
    const report = await drain('a', { graceMs: 20_000 });
    await namespace.pass(10_000);
    await acknowledge(client);
    const { removedAt = '' } = (await report()) ?? {};
    expect(Date.parse(removedAt)).toBe(namespace.platform.clock.now() + 20_000);
    await namespace.pass(19_999);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
  });

  it('[W18] does not wait if its service has no subscribers', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a');
    await watching('elsewhere', { services: ['users'], groups: ['shop'] });
    expect(await (await drain('a'))()).toMatchObject({ drained: true, subscribers: 0, acknowledged: 0 });
    expect(await scene.listed()).toEqual([]);
  });

  it.each(['closes its socket', 'ends its watch', 'is closed as too slow'])(
    '[W18] stops waiting for a subscriber that %s',
    async (how) => {
      const { stage: all, scene, drain, watching } = stage();
      await scene.register('a');
      const client = await watching('one');
      const report = await drain('a', { graceMs: 600_000 });
      expect(await report()).toBeUndefined();
      if (how === 'closes its socket') await client.close();
      else if (how === 'ends its watch') await client.say({ type: 'unwatch', id: '1', watch: 'w' });
      else await all.useUpCredit().then(() => all.useUpCredit());
      expect(await report()).toMatchObject({ drained: true, subscribers: 0, laggards: [] });
    },
  );

  it('[W18] accepts a later cursor as an acknowledgement, but not an earlier one', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a');
    const client = await watching('one');
    const before = await scene.cursor();
    const report = await drain('a', { graceMs: 600_000 });
    await client.say({ type: 'ack', watch: 'w', cursor: before });
    expect(await report()).toBeUndefined();
    await scene.register('b');
    await acknowledge(client);
    expect(await report()).toMatchObject({ drained: true, acknowledged: 1 });
  });

  it('[W18] counts a subscriber with two watches once, and waits for both', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a');
    const [one, again] = [await watching('one'), await watching('one')];
    const report = await drain('a', { graceMs: 600_000 });
    await acknowledge(one);
    expect(await report()).toBeUndefined();
    await acknowledge(again);
    expect(await report()).toMatchObject({ subscribers: 1, acknowledged: 1 });
  });

  it('[W18] that is repeated doesn’t wait for subscribers that have acknowledged it', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a');
    const client = await watching('one');
    const first = await drain('a', { graceMs: 600_000 });
    await acknowledge(client);
    expect(await first()).toMatchObject({ drained: true });
    // The end of its grace was set once that was acknowledged: a change of its own.
    await acknowledge(client);
    await namespace.hibernate();
    expect(await (await drain('a', { graceMs: 700_000 }))()).toMatchObject({ drained: true, acknowledged: 1 });
  });

  it('[W19] names the subscribers that have not acknowledged when its wait ends, and still removes the instance', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    await watching('slow');
    const quick = await watching('quick');
    const report = await drain('a', { waitMs: 10_000 });
    await acknowledge(quick);
    await namespace.pass(9_999);
    expect(await report()).toBeUndefined();
    await namespace.pass(1);
    expect(await report()).toMatchObject({ drained: false, subscribers: 2, acknowledged: 1, laggards: ['slow'] });
    expect(await scene.listed()).toEqual([]);
  });

  it('[W19] of an instance in two calls returns from each at its own time', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    await watching('slow');
    const short = await drain('a', { waitMs: 5_000, graceMs: 600_000 });
    const long = await drain('a', { waitMs: 20_000, graceMs: 600_000 });
    await namespace.pass(5_000);
    expect([(await short())?.laggards, await long()]).toEqual([['slow'], undefined]);
    await namespace.pass(15_000);
    expect((await long())?.laggards).toEqual(['slow']);
  });

  it('[W19, O6] whose caller disconnects still removes the instance', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    await watching('slow');
    await drain('a', { waitMs: 10_000, graceMs: 5_000 });
    await namespace.restart();
    await namespace.pass(14_999);
    expect(await scene.listed()).toEqual(['a']);
    await namespace.pass(1);
    expect(await scene.listed()).toEqual([]);
  });

  it('[O7] ends when the instance registers with a new incarnation while it waits', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a', { incarnation: 'run-1' });
    const client = await watching('one');
    const report = await drain('a');
    await scene.register('a', { incarnation: 'run-2' });
    await acknowledge(client);
    expect(await report()).toMatchObject({ drained: true });
    expect(await scene.resolved()).toEqual(['a']);
  });

  it('[O8] by an operator leaves a quarantine', async () => {
    const { scene, drain, watching } = stage();
    await scene.register('a');
    const client = await watching('one');
    const report = await drain('a', { caller: OPERATOR });
    await acknowledge(client);
    expect(await report()).toMatchObject({ drained: true });
    await scene.register('a');
    expect(await scene.resolved()).toEqual([]);
  });

  it('[W17] counts readers without a name, and reports how long they may use cached data', async () => {
    const { scene, namespace, drain } = stage();
    await scene.register('a', { ephemeral: false });
    await scene.resolve();
    await scene.resolve();
    await scene.resolve({ keepForMs: 5_000 });
    await scene.resolve({ subscriber: { id: 'named' } });
    await namespace.pass(2_000);
    expect(await (await drain('a', { waitMs: 0 }))()).toMatchObject({
      blind: { plain: 2, cached: 1 },
      safeAfterMs: 3_000,
      subscribers: 1,
    });
  });

  it('of an instance that doesn’t exist is refused without waiting', async () => {
    const { namespace, watching } = stage();
    await watching('one');
    const drained = namespace.api.drain(OWNER, { key: { ...ORDERS, id: 'x' }, waitMs: 30_000, graceMs: 0 });
    await expect(drained).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
  });
});

describe('a drain that is cancelled', () => {
  /** Starts a drain of `a`, and collects its refusal. */
  const draining = async (namespace: WatchStage['namespace'], caller: Caller = OWNER) => {
    const seen: { refusal?: unknown } = {};
    const command = { key: key('a'), waitMs: 30_000, graceMs: 0 };
    void namespace.api.drain(caller, command).catch((refusal: unknown) => {
      seen.refusal = refusal;
    });
    await settle();
    return seen;
  };
  const conflict = (by: string) => ({ code: 'CONFLICT', message: expect.stringContaining(`cancelled by "${by}"`) });

  it('[O9] refuses every caller that waits for it, and removes nothing', async () => {
    const { scene, namespace, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const client = await watching('one');
    const [own, other] = [await draining(namespace), await draining(namespace, OPERATOR)];
    await scene.cancelDrain('a', { caller: OPERATOR });
    await settle();
    expect([own.refusal, other.refusal]).toMatchObject([conflict('operator'), conflict('operator')]);
    expect(client.takeOnly('changes').at(-1)).toMatchObject({
      cause: 'drain-cancelled',
      actor: 'operator',
      changes: [{ type: 'put', id: 'a', after: { status: 'up', available: true, quarantined: false } }],
    });
    await namespace.pass(60_000);
    expect(await scene.resolved()).toEqual(['a']);
  });

  it('[O9] refuses its caller, although every subscriber had acknowledged it, if it is not answered yet', async () => {
    const { stage: all, scene, namespace, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const client = await watching('one');
    const seen = await draining(namespace);
    const cursor = client.takeOnly('changes').at(-1)?.cursor;
    all.disk.hold();
    // The cancellation waits for the disk, and so does the answer that the acknowledgement allows.
    const cancelled = scene.cancelDrain('a');
    await client.say({ type: 'ack', watch: 'w', cursor });
    expect(seen.refusal).toBeUndefined();
    all.disk.release();
    await cancelled;
    await settle();
    expect(seen.refusal).toMatchObject(conflict('owner'));
    expect(await scene.resolved()).toEqual(['a']);
  });

  it('[O9] can be cancelled after a restart in its grace period, and not by its owner after an operator drained it', async () => {
    const { scene, namespace, drain } = stage();
    await scene.register('a', { ephemeral: false });
    await drain('a', { caller: OPERATOR, graceMs: 600_000 });
    await namespace.restart();
    await expect(scene.cancelDrain('a')).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await scene.cancelDrain('a', { caller: OPERATOR });
    expect(await scene.resolved()).toEqual(['a']);
    await namespace.restart();
    await namespace.pass(1_200_000);
    expect(await scene.resolved()).toEqual(['a']);
  });

  it('[O9, A46] is in the audit trail if it needs an operator, and if it changes something', async () => {
    const { scene, namespace, drain } = stage();
    const { audit } = namespace.platform;
    const actions = () => audit.notes.map(({ action, outcome }) => [action, outcome]);
    await scene.register('a', { ephemeral: false });
    await drain('a', { graceMs: 600_000 });
    await scene.cancelDrain('a');
    await scene.cancelDrain('a', { caller: OPERATOR });
    expect(actions()).toEqual([]);
    await drain('a', { graceMs: 600_000 });
    await scene.cancelDrain('a', { caller: OPERATOR });
    expect(actions()).toEqual([['drain-cancelled', 'done']]);
    audit.forget();
    await drain('a', { caller: OPERATOR, graceMs: 600_000 });
    // The owner needs its power as an operator only for the quarantine that the other operator's drain has set.
    await scene.cancelDrain('a', { caller: { ...OWNER, operates: true } });
    expect(actions()).toEqual([
      ['drained', 'done'],
      ['drain-cancelled', 'done'],
    ]);
    expect(await scene.resolved()).toEqual(['a']);
  });

  it('[I8, O9] writes two rows, and one more for the quarantine of an operator’s drain', async () => {
    const { stage: all, scene, drain } = stage();
    const rows = () => Object.values(all.disk.takeWritten()).reduce((sum, count) => sum + count, 0);
    await scene.register('a', { ephemeral: false });
    for (const [caller, count] of [
      [OWNER, 2],
      [OPERATOR, 3],
    ] as const) {
      await drain('a', { caller, graceMs: 600_000 });
      rows();
      await scene.cancelDrain('a', { caller });
      expect(rows()).toBe(count);
      await scene.cancelDrain('a', { caller });
      expect(rows()).toBe(0);
    }
  });

  it('[O9] does not affect a drain that begins after it', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const client = await watching('one');
    const first = await draining(namespace);
    void scene.cancelDrain('a');
    const second = await drain('a');
    expect(first.refusal).toMatchObject(conflict('owner'));
    expect(await second()).toBeUndefined();
    await acknowledge(client);
    expect(await second()).toMatchObject({ drained: true, subscribers: 1 });
    expect(await scene.listed()).toEqual([]);
  });
});

describe('a drain after a sleep', () => {
  it('[W24] waits for a subscriber that did not acknowledge an earlier drain of the same instance', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const [quick] = [await watching('quick'), await watching('laggard')];
    const first = await drain('a', { waitMs: 1_000, graceMs: 600_000 });
    await acknowledge(quick);
    await namespace.pass(1_000);
    expect(await first()).toMatchObject({ drained: false, acknowledged: 1, laggards: ['laggard'] });
    await namespace.pass(20_000);
    await namespace.hibernate();
    const second = await drain('a', { waitMs: 1_000, graceMs: 600_000 });
    await namespace.pass(1_000);
    expect(await second()).toMatchObject({ drained: false, subscribers: 2, acknowledged: 1, laggards: ['laggard'] });
  });

  it('[W24] counts the cursor a watch started with as acknowledged, but nothing of a snapshot', async () => {
    const { stage: all, scene, namespace, drain } = stage();
    await scene.register('a', { ephemeral: false });
    const first = await drain('a', { waitMs: 0, graceMs: 600_000 });
    expect(await first()).toMatchObject({ drained: true });
    const resumed = all.connect({ subscriber: 'resumed' });
    await resumed.watch({ services: ['orders'] }, { cursor: await scene.cursor() });
    const fresh = all.connect({ subscriber: 'fresh' });
    await fresh.watch({ services: ['orders'] });
    await namespace.hibernate();
    const second = await drain('a', { waitMs: 0, graceMs: 600_000 });
    expect(await second()).toMatchObject({ drained: false, acknowledged: 1, laggards: ['fresh'] });
  });

  it('[W24] counts no read of another history as acknowledged', async () => {
    const { scene, namespace, drain, watching } = stage();
    await scene.register('a', { ephemeral: false });
    const client = await watching('one');
    await drain('a', { waitMs: 0, graceMs: 600_000 });
    await acknowledge(client);
    changeEpoch(namespace.state, 'restored', 'registry');
    await settle();
    await namespace.hibernate();
    const again = await drain('a', { waitMs: 0, graceMs: 600_000 });
    expect(await again()).toMatchObject({ drained: false, acknowledged: 0, laggards: ['one'] });
  });

  it('[W25] reports how long a cached copy may still be served, and that it doesn’t know how many there are', async () => {
    const { scene, namespace, drain } = stage();
    await scene.register('a', { ephemeral: false });
    await scene.resolve({ keepForMs: 60_000 });
    await namespace.pass(10_000);
    await namespace.hibernate();
    await namespace.pass(20_000);
    const report = await (await drain('a', { waitMs: 0 }))();
    expect(report?.safeAfterMs).toBeGreaterThanOrEqual(30_000);
    expect(report?.safeAfterMs).toBeLessThanOrEqual(40_000);
    expect(report).toMatchObject({ blind: {}, unknown: expect.arrayContaining(['cached']) });
  });

  it('[W25] makes no response cacheable while a crash could still hide it', async () => {
    const { stage: all, scene, namespace, drain } = stage();
    await scene.register('a', { ephemeral: false });
    all.disk.hold();
    const seen: unknown[] = [];
    void scene.resolve({ keepForMs: 60_000 }).then((answer) => seen.push(answer));
    await settle();
    expect(seen).toEqual([]);
    all.disk.release();
    await settle();
    expect(seen).toHaveLength(1);
    await namespace.restart();
    expect((await (await drain('a', { waitMs: 0 }))())?.safeAfterMs).toBe(60_000);
  });

  it('[W26] reports that pollers may be missing, until all live ones have returned', async () => {
    const { scene, namespace, drain } = stage();
    for (const id of ['a', 'b']) await scene.register(id, { ephemeral: false });
    await scene.resolve({ subscriber: { id: 'poller' } });
    await namespace.pass(2_000);
    await namespace.restart();
    await namespace.pass(1_000);
    const report = await (await drain('a', { waitMs: 0 }))();
    expect(report).toMatchObject({ subscribers: 0, unknown: ['plain', 'poll'] });
    expect(report?.safeAfterMs).toBe(POLLER_LINGER_MS - 1_000);
    await namespace.pass(POLLER_LINGER_MS - 1_000);
    expect(await (await drain('b', { waitMs: 0 }))()).toMatchObject({ unknown: ['plain'], safeAfterMs: 0 });
  });

  it('[W26] knows all readers two minutes later, and those of a new namespace at once', async () => {
    const { scene, namespace, drain } = stage();
    for (const id of ['a', 'b']) await scene.register(id, { ephemeral: false });
    expect(await (await drain('a', { waitMs: 0 }))()).not.toHaveProperty('unknown');
    await namespace.hibernate();
    await namespace.pass(2 * PLAIN_READS_WINDOW_MS);
    expect(await (await drain('b', { waitMs: 0 }))()).not.toHaveProperty('unknown');
  });
});
