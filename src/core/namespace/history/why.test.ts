import { describe, expect, it } from 'vitest';
import { bodyOf, refusal } from '../../../../test/contracts/namespace/scene';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { START } from '../../../../test/fixtures/hand-platform';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import type { SessionOpened } from '../../../model/frames';
import type { WhyReport } from '../../../model/history';
import { markForNewEpoch } from '../../storage/schema';

function begin() {
  const stage = new WatchStage();
  const { scene, namespace } = stage;
  const why = async (id = 'a', limit?: number): Promise<WhyReport> =>
    bodyOf(await scene.api.why({ key: key(id), limit }));
  /** Cause, actor and sentence of the last change. */
  const last = async (id = 'a') => {
    const { summary, entries, present } = await why(id);
    return { present, cause: entries[0]?.changes[0]?.cause, actor: entries[0]?.actor, summary };
  };
  return { stage, scene, namespace, why, last };
}

const T = (seconds: number) => new Date(START + seconds * 1_000).toISOString();

describe('readWhy', () => {
  it('[J8] names an expiry, with the last renewal and the longest gap', async () => {
    const { scene, namespace, last, why } = begin();
    await scene.register('a', { lease: { ttlMs: 10_000 } });
    for (const seconds of [2, 7, 1]) {
      await namespace.pass(seconds * 1_000);
      await scene.beat('a');
    }
    await namespace.pass(15_000);
    expect(await last()).toEqual({
      present: false,
      cause: 'expired',
      actor: 'registry',
      summary: `a is gone: its lease expired at ${T(20.5)}; it was last renewed at ${T(10)}`,
    });
    expect((await why()).renewals).toEqual({
      lastAt: T(10),
      longestGapMs: 10_500,
      longestIntervalMs: 7_000,
      gapsSince: T(0),
    });
  });

  it('[J8] distinguishes a deregistration by the owner from one by another caller', async () => {
    const { scene, last } = begin();
    await scene.register('a');
    await scene.deregister('a');
    expect(await last()).toMatchObject({
      cause: 'deregistered',
      actor: 'owner',
      summary: `a is gone: it was deregistered at ${T(0)} by its owner`,
    });
    await scene.register('b');
    await scene.api.deregister(OPERATOR, { key: key('b'), precondition: {} });
    expect(await last('b')).toMatchObject({
      actor: 'operator',
      summary: `b is gone: it was deregistered at ${T(0)} by token operator`,
    });
  });

  it('[J8] names a session that was ended', async () => {
    const { stage, last } = begin();
    const client = stage.connect();
    await client.ask<SessionOpened>({ type: 'session', ttlMs: 30_000 });
    const operation = { op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 1 };
    await client.ask({ type: 'batch', operations: [operation] });
    await client.close({ isEnd: true });
    expect(await last()).toMatchObject({
      present: false,
      cause: 'session-closed',
      summary: expect.stringContaining('its session was closed'),
    });
  });

  it('[J8] counts the pings of a session as renewals, and the time between two looks as no gap', async () => {
    const { stage, namespace, why } = begin();
    const client = stage.connect();
    await client.ask<SessionOpened>({ type: 'session', ttlMs: 30_000 });
    await client.ask({
      type: 'batch',
      operations: [{ op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 1 }],
    });
    for (let pings = 0; pings < 12; pings++) {
      await namespace.pass(10_000);
      client.socket.pingedAt = namespace.platform.clock.now();
    }
    await namespace.pass(4_000);
    expect((await why()).renewals).toMatchObject({ lastAt: T(120), longestGapMs: 4_000, longestIntervalMs: 0 });
  });

  it('[J8] names a drain, and a quarantine', async () => {
    const { scene, last, why } = begin();
    await scene.register('a');
    await scene.drain('a');
    expect(await last()).toMatchObject({
      cause: 'drained',
      summary: `a is gone: it was drained at ${T(0)} by its owner, and removed at ${T(0)}`,
    });
    await scene.register('b');
    await scene.override('b', {
      quarantine: { until: '2030-01-01T02:00:40+02:00', reason: 'bad disk' },
      weight: 0,
      enabled: false,
    });
    expect(await last('b')).toMatchObject({ present: true, cause: 'quarantined', actor: 'operator' });
    const report = await why('b');
    const said = `by operator at ${T(0)}`;
    expect(report.summary).toBe(
      `b is registered but takes no traffic: quarantined ${said}: bad disk; disabled ${said}; its weight is 0`,
    );
    expect(report).toMatchObject({ override: { actor: 'operator' }, deadlines: { quarantineEndsAt: T(40) } });
  });

  it('[J8] names a rollback that removed an override', async () => {
    const { scene, last } = begin();
    await scene.register('a');
    const cursor = await scene.cursor();
    await scene.override('a', { enabled: false });
    await scene.api.rollback(OPERATOR, { group: 'DEFAULT_GROUP', service: 'orders', to: cursor });
    expect(await last()).toEqual({
      present: true,
      cause: 'rolled-back',
      actor: 'operator',
      summary: 'a is registered and takes traffic',
    });
  });

  it('[J8] names a rollback that withdrew an instance from traffic', async () => {
    const { scene, last } = begin();
    await scene.register('a');
    await scene.override('a', { enabled: false });
    const cursor = await scene.cursor();
    await scene.clearOverride('a');
    await scene.api.rollback(OPERATOR, { group: 'DEFAULT_GROUP', service: 'orders', to: cursor });
    expect((await last()).summary).toBe(
      `a is registered but takes no traffic: disabled by a rollback of operator at ${T(0)}`,
    );
  });

  it('[J8] reports that a restore may have lost history', async () => {
    const { namespace, why } = begin();
    await expect(why('later')).rejects.toThrow('there is no instance "later"');
    markForNewEpoch(namespace.platform.storage);
    await namespace.restart();
    await expect(why('later')).rejects.toThrow(`this namespace was restored at ${T(0)}`);
  });

  it('[J8] shows the deadlines of a live instance, and how it renews', async () => {
    const { scene, namespace, why } = begin();
    await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: 25_000 } });
    await namespace.pass(4_000);
    await scene.beat('a');
    expect(await why()).toMatchObject({
      present: true,
      instance: { id: 'a', available: true },
      renewals: { lastAt: T(4), longestGapMs: 4_000, longestIntervalMs: 4_000, gapsSince: T(0) },
      deadlines: { unhealthyAt: T(14), removedAt: T(29), drainEndsAt: null, quarantineEndsAt: null },
    });
    await namespace.pass(12_000);
    expect((await why()).renewals).toMatchObject({ longestGapMs: 12_000, longestIntervalMs: 4_000 });
    expect((await why()).summary).toBe(`a is registered but takes no traffic: unhealthy, last renewed at ${T(4)}`);
    await scene.register('forever', { ephemeral: false, status: 'down' });
    expect(await why('forever')).toMatchObject({
      renewals: null,
      deadlines: { unhealthyAt: null, removedAt: null },
      summary: 'forever is registered but takes no traffic: its status is down',
    });
    await scene.register('slow', { lease: { ttlMs: 10_000, removeAfterMs: null } });
    await scene.drain('slow', { graceMs: 5_000 });
    expect((await why('slow')).deadlines).toMatchObject({ removedAt: null, drainEndsAt: T(21) });
  });

  it('[J8] knows gaps only since the last wake, and shows that time', async () => {
    const { scene, namespace, why } = begin();
    await scene.register('a');
    await namespace.pass(9_000);
    await scene.beat('a');
    await namespace.pass(6_000);
    await namespace.restart();
    await namespace.pass(1_000);
    // Renewals before the wake may be lost, so the time until the first one after it is no interval.
    await scene.beat('a');
    await namespace.pass(2_000);
    await scene.beat('a');
    expect((await why()).renewals).toEqual({
      lastAt: T(18),
      longestGapMs: 2_000,
      longestIntervalMs: 2_000,
      gapsSince: T(15),
    });
  });

  it('[J8] counts the watches that were sent each change, and names the acknowledged readers', async () => {
    const { stage, scene, why } = begin();
    await scene.register('a');
    const client = stage.connect({ subscriber: 'checkout' });
    await client.watch();
    await scene.patch('a', { weight: 2 });
    const { entries, subscribers } = await why();
    expect(entries.map(({ changes }) => changes[0])).toMatchObject([{ watchers: 1 }, { watchers: 0 }]);
    expect(subscribers).toMatchObject([{ id: 'checkout', sentRevision: 2 }]);
  });

  it('[J8] shows the newest entries, and where to continue', async () => {
    const { scene, why } = begin();
    for (let weight = 0; weight < 5; weight++) await scene.register('a', { weight });
    const { entries, next } = await why('a', 2);
    expect(entries.map(({ revision }) => revision)).toEqual([5, 4]);
    const rest = bodyOf(await scene.api.history({ service: 'orders', instance: 'a', after: next }));
    expect(rest.entries.map(({ revision }) => revision)).toEqual([3, 2, 1]);
  });

  it('finds nothing for an instance that never existed', async () => {
    const { scene, why } = begin();
    await scene.register('b', {}, { caller: OWNER });
    await expect(why('a')).rejects.toEqual(refusal('INSTANCE_NOT_FOUND'));
  });
});
