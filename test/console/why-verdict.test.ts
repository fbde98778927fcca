import { describe, expect, it } from 'vitest';
import type { WhyReport } from '../../src/client/wire/history-answers';
import { endOf } from '../../src/console/state/instance-end';
import { folded, timelineOf } from '../../src/console/state/timeline';
import { type Verdict, verdictOf } from '../../src/console/state/why-verdict';
import type { SessionOpened } from '../../src/model/frames';
import { bodyOf } from '../contracts/namespace/scene';
import { OPERATOR } from '../fixtures/callers';
import { key } from '../fixtures/definition';
import { START } from '../fixtures/hand-platform';
import { WatchStage } from '../fixtures/watch-stage';

const T = (seconds: number) => new Date(START + seconds * 1_000).toISOString();
const TTL = { lease: { ttlMs: 10_000, removeAfterMs: 20_000 } };

function begin() {
  const stage = new WatchStage();
  const { scene, namespace } = stage;
  const why = async (id = 'a', limit?: number): Promise<WhyReport> =>
    bodyOf(await scene.api.why({ key: key(id), limit }));
  return {
    stage,
    scene,
    namespace,
    why,
    verdict: async (id = 'a'): Promise<Verdict> => verdictOf(await why(id)),
    /** Renews after each of the given times. */
    beats: async (...seconds: number[]) => {
      for (const each of seconds) {
        await namespace.pass(each * 1_000);
        await scene.beat('a');
      }
    },
    /** Formats the legs of the end, in seconds since the start. */
    legs: async (id = 'a') => {
      const now = namespace.platform.clock.now();
      const end = endOf(await why(id), now);
      const seconds = (at: number | undefined) => (at === undefined ? '' : (at - START) / 1_000);
      const legs = end?.legs.map(({ kind, from, until }) => `${kind} ${seconds(from)}-${seconds(until)}`);
      return end && [...(legs ?? []), `${end.isComing ? 'due' : 'removed'} ${seconds(end.removedAt)}`];
    },
    /** Formats the timeline, newest first. */
    timeline: async (id = 'a') =>
      timelineOf(await why(id), namespace.platform.clock.now()).map((item) => {
        if (item.kind === 'coming') return `coming ${item.deadline}`;
        if (item.kind === 'silence') return `silence ${item.ms ?? 'lasting'}`;
        const fields = item.fields.map(({ field, before, after }) => ` ${field} ${before ?? '-'}>${after ?? '-'}`);
        return `${item.title.kind} by ${item.actor}${fields.join(',')}`;
      }),
  };
}

const pacesOf = ({ hints }: Verdict): string[] => hints.map(({ kind }) => kind);

describe('the verdict on an instance whose lease expired', () => {
  it('is a sudden stop if it renewed in time until then', async () => {
    const { scene, namespace, beats, verdict, legs, timeline } = begin();
    await scene.register('a', TTL);
    await beats(3, 4, 3);
    await namespace.pass(25_000);
    expect(await verdict()).toEqual({
      state: 'gone',
      findings: [{ kind: 'expired', lastAt: T(10), removedAt: T(30.25) }],
      hints: [{ kind: 'sudden', intervalMs: 4_000, lastAt: T(10), host: '10.0.0.1' }],
    });
    expect(await legs()).toEqual(['up -10', 'silent 10-20.5', 'unhealthy 20.5-30.25', 'removed 30.25']);
    expect(await timeline()).toEqual([
      'expired by registry',
      'unhealthy by registry',
      'silence 20250',
      'registered by owner',
    ]);
  });

  it('is slowness if its renewals came close to the ttl', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(3, 9, 3);
    await namespace.pass(25_000);
    expect((await verdict()).hints).toEqual([{ kind: 'slow', intervalMs: 9_000, ttlMs: 10_000 }]);
  });

  it('is open if its renewals were late, but not very late', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(3, 7, 3);
    await namespace.pass(25_000);
    expect((await verdict()).hints).toEqual([{ kind: 'uneven', intervalMs: 7_000, ttlMs: 10_000 }]);
  });

  it('is a client that never renewed', async () => {
    const { scene, namespace, verdict, legs, timeline } = begin();
    await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: 10_000 } });
    await namespace.pass(15_000);
    expect((await verdict()).hints).toEqual([{ kind: 'never-renewed', ttlMs: 10_000 }]);
    expect(await legs()).toEqual(['up -0', 'silent 0-10', 'unhealthy 10-10.5', 'removed 10.5']);
    expect(await timeline()).toEqual(['expired by registry', 'silence 10500', 'registered by owner']);
  });

  it('is unknown if the registry started shortly before the last renewal', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(9, 9);
    await namespace.restart();
    await beats(2, 2);
    await namespace.pass(25_000);
    expect((await verdict()).hints).toEqual([{ kind: 'too-late', since: T(18) }]);
  });

  it('is unknown if the registry started after the last renewal', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(9);
    await namespace.restart();
    await namespace.pass(25_000);
    expect((await verdict()).hints).toMatchObject([{ kind: 'too-late' }]);
  });

  it('is known if the registry started after the loss of health', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: 60_000 } });
    await beats(3, 4, 3);
    await namespace.pass(12_000);
    await namespace.restart();
    const sudden = [{ kind: 'sudden', intervalMs: 4_000, lastAt: T(10) }];
    expect(await verdict()).toMatchObject({ state: 'unhealthy', hints: sudden });
    await namespace.pass(120_000);
    expect(await verdict()).toMatchObject({ state: 'gone', hints: sudden });
  });

  it('is a sudden stop if the registry has listened for a ttl since it started', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await namespace.pass(1_000);
    await scene.register('a', { ...TTL, weight: 2 });
    await namespace.pass(1_000);
    await namespace.restart();
    await beats(3, 3, 3, 3);
    await namespace.pass(25_000);
    expect((await verdict()).hints).toMatchObject([{ kind: 'sudden', intervalMs: 3_000 }]);
  });

  it('is slowness if it was unhealthy in between since the registry started', async () => {
    const { scene, namespace, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(5);
    await namespace.restart();
    await beats(5, 15, 3);
    await namespace.pass(25_000);
    expect((await verdict()).hints).toMatchObject([{ kind: 'slow', intervalMs: 15_000 }]);
  });

  it('says of a session that only its last ping is known', async () => {
    const { stage, namespace, verdict } = begin();
    const client = stage.connect();
    await client.ask<SessionOpened>({ type: 'session', ttlMs: 30_000 });
    const operation = { op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 1 };
    await client.ask({ type: 'batch', operations: [operation] });
    for (let pings = 0; pings < 5; pings++) {
      await namespace.pass(10_000);
      client.socket.pingedAt = namespace.platform.clock.now();
    }
    await client.close();
    await namespace.pass(40_000);
    expect((await verdict()).hints).toEqual([{ kind: 'session', lastAt: T(50) }]);
  });
});

describe('the verdict on an instance that was removed', () => {
  it('names the owner that deregistered it, or another token', async () => {
    const { scene, verdict, legs } = begin();
    await scene.register('a');
    await scene.deregister('a');
    expect(await verdict()).toEqual({
      state: 'gone',
      findings: [{ kind: 'deregistered', at: T(0), actor: 'owner', isOwner: true }],
      hints: [{ kind: 'look-at-owner', at: T(0) }],
    });
    expect(await legs()).toEqual(['up -0', 'removed 0']);
    await scene.register('b');
    await scene.api.deregister(OPERATOR, { key: key('b'), precondition: {} });
    expect(await verdict('b')).toMatchObject({
      findings: [{ kind: 'deregistered', actor: 'operator', isOwner: false }],
      hints: [{ kind: 'ask', actor: 'operator' }],
    });
  });

  it('names who drained it, and the quarantine that stays', async () => {
    const { scene, namespace, verdict, legs, timeline } = begin();
    await scene.register('a');
    await namespace.pass(1_000);
    await scene.drain('a', { caller: OPERATOR, graceMs: 5_000 });
    await namespace.pass(6_000);
    expect(await verdict()).toMatchObject({
      state: 'gone',
      findings: [{ kind: 'drained', beganAt: T(1), actor: 'operator', isOwner: false }],
      hints: [{ kind: 'kept-quarantine', until: expect.any(String) }],
    });
    expect(await legs()).toMatchObject(['up -1', /draining 1-/, /removed/].map((each) => expect.stringMatching(each)));
    expect(await timeline()).toEqual([
      'coming quarantineEndsAt',
      'drain-ended by registry',
      'drain-began by operator',
      'registered by owner',
    ]);
  });

  it('reports a session that was closed', async () => {
    const { stage, verdict } = begin();
    const client = stage.connect();
    await client.ask<SessionOpened>({ type: 'session', ttlMs: 30_000 });
    const operation = { op: 'register', service: 'orders', id: 'a', address: '10.0.0.1', port: 1 };
    await client.ask({ type: 'batch', operations: [operation] });
    await client.close({ isEnd: true });
    expect(await verdict()).toEqual({
      state: 'gone',
      findings: [{ kind: 'session-closed', at: T(0) }],
      hints: [],
    });
  });

  it('does not know it if the history no longer has the removal', async () => {
    const { scene, why } = begin();
    await scene.register('a');
    const report = await why();
    const { instance: _, ...gone } = { ...report, present: false, entries: [] };
    expect(verdictOf({ ...gone, compacted: true }).findings).toEqual([{ kind: 'unknown' }]);
    expect(verdictOf(gone).findings).toEqual([{ kind: 'never' }]);
  });
});

describe('the verdict on a registered instance', () => {
  it('finds nothing wrong with one that takes traffic', async () => {
    const { scene, beats, verdict, legs, timeline } = begin();
    await scene.register('a', TTL);
    await beats(3, 3);
    expect(await verdict()).toEqual({ state: 'up', findings: [{ kind: 'up', since: T(0) }], hints: [] });
    expect(await legs()).toBeUndefined();
    expect(await timeline()).toEqual(['registered by owner']);
  });

  it('warns of renewals that come close to the ttl', async () => {
    const { scene, beats, verdict } = begin();
    await scene.register('a', TTL);
    await beats(9);
    expect((await verdict()).hints).toEqual([{ kind: 'nearly-late', intervalMs: 9_000, ttlMs: 10_000 }]);
  });

  it('shows that it will be unhealthy once a renewal is overdue', async () => {
    const { scene, namespace, beats, timeline } = begin();
    await scene.register('a', TTL);
    await beats(3);
    await namespace.pass(6_000);
    expect(await timeline()).toEqual(['coming unhealthyAt', 'registered by owner']);
  });

  it('explains one that is unhealthy, and when it will be removed', async () => {
    const { scene, namespace, beats, verdict, legs, timeline } = begin();
    await scene.register('a', TTL);
    await beats(3, 3);
    await namespace.pass(12_000);
    expect(await verdict()).toEqual({
      state: 'unhealthy',
      findings: [{ kind: 'unhealthy', lastAt: T(6), removedAt: T(26) }],
      hints: [{ kind: 'sudden', intervalMs: 3_000, lastAt: T(6), host: '10.0.0.1' }],
    });
    expect(await legs()).toEqual(['up -6', 'silent 6-16.5', 'unhealthy 16.5-18', 'due 26']);
    expect(await timeline()).toEqual([
      'coming removedAt',
      'unhealthy by registry',
      'silence lasting',
      'registered by owner',
    ]);
  });

  it('names a quarantine, who set it, why and until when', async () => {
    const { scene, namespace, verdict, timeline } = begin();
    await scene.register('a', { lease: { ttlMs: 600_000 } });
    await namespace.pass(1_000);
    await scene.override('a', { quarantine: { until: T(31), reason: 'bad disk' }, weight: 0 });
    expect(await verdict()).toEqual({
      state: 'quarantined',
      findings: [
        { kind: 'quarantined', at: T(1), actor: 'operator', isRollback: false, reason: 'bad disk', until: T(31) },
        { kind: 'weight', actor: 'operator' },
      ],
      hints: [{ kind: 'only-override', actor: 'operator' }],
    });
    await namespace.pass(31_000);
    expect(await timeline()).toEqual([
      'quarantine-ended by registry',
      'quarantined by operator weight ->0',
      'registered by owner',
    ]);
  });

  it('names a rollback that brought a quarantine back', async () => {
    const { scene, verdict } = begin();
    await scene.register('a');
    await scene.override('a', { quarantine: {} });
    const cursor = await scene.cursor();
    await scene.clearOverride('a');
    await scene.api.rollback(OPERATOR, { group: 'DEFAULT_GROUP', service: 'orders', to: cursor });
    expect((await verdict()).findings).toMatchObject([{ kind: 'quarantined', isRollback: true, until: undefined }]);
  });

  it('distinguishes what it reports itself from what operators set', async () => {
    const { scene, verdict } = begin();
    await scene.register('a', { weight: 0, status: 'down' });
    expect((await verdict()).findings).toEqual([
      { kind: 'status', status: 'down', actor: undefined },
      { kind: 'weight', actor: undefined },
    ]);
    await scene.register('b');
    await scene.override('b', { status: 'out-of-service', enabled: false });
    expect(await verdict('b')).toMatchObject({
      state: 'out',
      findings: [
        { kind: 'status', status: 'out-of-service', actor: 'operator' },
        { kind: 'disabled', at: T(0), actor: 'operator' },
      ],
      hints: [{ kind: 'only-override', actor: 'operator' }],
    });
    await scene.register('c', { weight: 0 });
    await scene.override('c', { enabled: false });
    expect(pacesOf(await verdict('c'))).toEqual([]);
  });

  it('explains a drain that lasts', async () => {
    const { scene, namespace, verdict, legs } = begin();
    await scene.register('a', { lease: { ttlMs: 600_000 } });
    await namespace.pass(2_000);
    await scene.drain('a', { caller: OPERATOR, graceMs: 60_000 });
    await namespace.pass(1_000);
    expect(await verdict()).toMatchObject({
      state: 'draining',
      findings: [{ kind: 'draining', beganAt: T(2), endsAt: T(62), actor: 'operator', isOwner: false }],
      hints: [],
    });
    expect(await legs()).toEqual(['up -2', 'draining 2-3', 'due 62']);
  });

  it('remembers that it was gone, and came back', async () => {
    const { scene, namespace, verdict, timeline } = begin();
    await scene.register('a', TTL);
    await namespace.pass(30_000);
    await scene.register('a', { ...TTL, version: '2' });
    expect((await verdict()).hints).toEqual([{ kind: 'was-gone', cause: 'expired', goneAt: T(20.25), backAt: T(30) }]);
    await scene.register('a', { ...TTL, version: '3', metadata: { team: 'core' } });
    expect(await timeline()).toEqual([
      'registered-again by owner version 2>3, metadata.team ->core',
      'registered by owner',
      'expired by registry',
      'unhealthy by registry',
      'silence 20250',
      'registered by owner',
    ]);
  });

  it('counts how often one that flaps was unhealthy', async () => {
    const { scene, beats, verdict, timeline, why } = begin();
    await scene.register('a', TTL);
    await beats(12, 12, 12);
    expect((await verdict()).hints).toEqual([
      { kind: 'flapping', count: 3, isMore: false },
      { kind: 'slow', intervalMs: 12_000, ttlMs: 10_000 },
    ]);
    expect(verdictOf(await why('a', 3)).hints[0]).toMatchObject({ count: 1, isMore: true });
    expect(await timeline()).toMatchObject([
      'recovered by owner',
      'unhealthy by registry',
      'silence 12000',
      'recovered by owner',
      'unhealthy by registry',
      'silence 12000',
      'recovered by owner',
      'unhealthy by registry',
      'silence 12000',
      'registered by owner',
    ]);
  });
});

describe('the timeline of an instance', () => {
  it('folds many losses of health in a row, except for the newest', async () => {
    const { scene, beats, why } = begin();
    await scene.register('a', TTL);
    await beats(12, 12, 12);
    const shown = async () => folded(timelineOf(await why('a', 100), START)).map(({ kind }) => kind);
    expect(await shown()).not.toContain('fold');
    await scene.patch('a', { weight: 2 });
    await beats(12, 12, 12, 12);
    const loss = ['entry', 'entry', 'silence'];
    expect(await shown()).toEqual([...loss, 'fold', 'entry', ...loss, ...loss, ...loss, 'entry']);
    const fold = folded(timelineOf(await why('a', 100), START))[3];
    expect(fold).toMatchObject({ kind: 'fold', count: 3, until: T(72), since: T(46.5) });
    expect(fold?.kind === 'fold' && fold.items).toHaveLength(9);
  });

  it('names the subscribers that have not acknowledged the newest entry', async () => {
    const { stage, scene, why } = begin();
    await scene.register('a');
    await stage.connect({ subscriber: 'checkout' }).watch();
    await scene.patch('a', { weight: 2 });
    const [first, second] = timelineOf(await why(), START);
    expect(first).toMatchObject({ kind: 'entry', watchers: 1, behind: ['checkout'] });
    expect(second).toMatchObject({ kind: 'entry', watchers: 0, behind: [] });
  });

  it('shows the settings of operators as they change', async () => {
    const { scene, timeline } = begin();
    await scene.register('a');
    await scene.override('a', { weight: 0 });
    await scene.override('a', { weight: 5, metadata: { canary: 'no' } });
    await scene.override('a', { quarantine: { reason: 'disk' } });
    await scene.override('a', { weight: 1 });
    await scene.clearOverride('a');
    expect(await timeline()).toEqual([
      'override-removed by operator weight 1>-',
      'quarantine-lifted by operator weight ->1',
      'quarantined by operator weight 5>-, metadata.canary no>-',
      'settings-changed by operator weight 0>5, metadata.canary ->no',
      'settings-changed by operator weight ->0',
      'registered by owner',
    ]);
  });
});
