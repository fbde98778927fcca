import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../test/fixtures/definition';
import { HandPlatform, START } from '../../test/fixtures/hand-platform';
import { settle } from '../../test/simulation/virtual-time';
import { OVERRIDE_LINGER_MS } from '../model/limits';
import { isAvailable, isHealthy } from './catalog';
import { readCheckpoint } from './checkpoints';
import { renew } from './commit';

/** The same storage in memory anew; `processId` where another process runs now. */
async function again(awake: AwakeNamespace, processId = awake.platform.processId): Promise<AwakeNamespace> {
  await settle();
  awake.platform.loseMemory();
  awake.platform.processId = processId;
  return new AwakeNamespace(awake.platform);
}

/** Renews the lease of an instance, and closes the checkpoint if asked to. */
function beat(awake: AwakeNamespace, id: string, { close = false } = {}): void {
  const entry = awake.state.catalog.instance(key(id));
  if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
  if (close) awake.platform.runTimer();
}

describe('a first wake', () => {
  it('[S2] makes a storage, and keeps the name of its process', async () => {
    const awake = new AwakeNamespace();
    await settle();
    expect(awake.state.journal).toMatchObject({ revision: 0, epoch: expect.stringMatching(/^[\w-]{12}$/) });
    expect(readCheckpoint(awake.platform.storage).header).toMatchObject({ state: 'closed', process: 'process-1' });
    expect(awake.state.counters).toMatchObject({ outages: 0, wokeAt: START });
  });

  it('[L11] arms nothing: what it wakes for does', () => {
    expect(new AwakeNamespace().platform.armings).toEqual([]);
  });
});

describe('a wake', () => {
  it('[S2] has every record, under its revision', async () => {
    const awake = new AwakeNamespace();
    const record = { definition: { metadata: { a: '1' }, protectThreshold: 0.5 }, createdRevision: 1 };
    awake.commit((draft) => draft.putService(ORDERS, record, 'registered'));
    awake.put('a', { tags: ['x'], lease: { ttlMs: 5_000 } });
    awake.put('b', { status: 'down' });
    awake.put('c', {}, { healthy: false });
    awake.override('a', { enabled: false });
    const { catalog } = (await again(awake)).state;
    expect(catalog).toMatchObject({
      instanceCount: 3,
      overrideCount: 1,
      ownServiceCount: 1,
      size: awake.state.catalog.size,
    });
    const service = catalog.service(ORDERS);
    expect(service).toMatchObject({ revision: 5, own: { record, revision: 1 } });
    for (const id of ['a', 'b', 'c']) {
      const before = awake.state.catalog.instance(key(id));
      expect({ ...catalog.instance(key(id)), service: undefined }).toEqual({ ...before, service: undefined });
    }
    expect(catalog.override(key('a'))).toEqual(awake.state.catalog.override(key('a')));
  });

  it('[V1] knows who is available without reading a record', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.put('c', { status: 'down' });
    awake.put('d', {}, { healthy: false });
    awake.put('e', { status: 'starting' });
    awake.override('b', { quarantine: {} });
    awake.override('e', { status: 'up' });
    const { state } = await again(awake);
    const entries = [...(state.catalog.service(ORDERS)?.instances.values() ?? [])];
    expect(entries.filter(isAvailable).map(({ id }) => id)).toEqual(['a', 'e']);
    expect(entries.filter(isHealthy).map(({ id }) => id)).toEqual(['a', 'b', 'c', 'e']);
  });

  it('[R9, Q2] knows when the newest record of a service went, and where in its past a record was', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.remove('a');
    const woken = await again(awake);
    expect(woken.state.catalog.service(ORDERS)).toMatchObject({ revision: 2, exists: false });
    woken.put('a');
    expect(await woken.journal(2)).toMatchObject([{ changes: [{ previous: 2, servicePrevious: 2 }] }]);
  });

  it('[I8] writes nothing where nothing was lost', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    beat(awake, 'a', { close: true });
    await settle();
    awake.platform.storage.takeWritten();
    await again(awake);
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({});
  });
});

describe('leases after a wake', () => {
  it('[L8] are as they were, where all renewals are written', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.put('c', { lease: { ttlMs: 5_000, removeAfterMs: null } });
    awake.platform.jump(4_000);
    beat(awake, 'b', { close: true });
    const { leases, counters } = (await again(awake)).state;
    expect([0, 1, 2].map((slot) => leases.renewedAt(slot) - START)).toEqual([0, 4_000, 0]);
    expect([0, 1, 2].map((slot) => leases.ttlEndsAt(slot) - START)).toEqual([30_000, 34_000, 5_000]);
    expect(leases.earliestDeadline).toBe(START + 5_000);
    expect(counters.outages).toBe(0);
  });

  it('[L8] are not those of the slot’s former holder', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.platform.jump(1_000);
    beat(awake, 'a', { close: true });
    awake.platform.jump(1_000);
    awake.remove('a');
    awake.put('c');
    expect(awake.state.catalog.instance(key('c'))?.lease).toBe(0);
    const { leases } = (await again(awake)).state;
    expect(leases.renewedAt(0) - START).toBe(2_000);
  });

  it('[L8] are those of the checkpoint, though the record was changed before it', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(1_000);
    awake.override('a', { weight: 2 });
    beat(awake, 'a', { close: true });
    const { leases } = (await again(awake)).state;
    expect(leases.renewedAt(0) - START).toBe(1_000);
  });

  it('leave a free slot free', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b c');
    awake.remove('b');
    const woken = await again(awake);
    woken.put('d');
    expect(woken.state.catalog.instance(key('d'))?.lease).toBe(1);
    expect(woken.state.leases.size).toBe(3);
  });

  it('still wait for the first renewal, unless it came', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { lease: { ttlMs: 5_000, removeAfterMs: 10_000, firstRemoveAfterMs: 90_000 } });
    awake.platform.jump(1_000);
    beat(awake, 'b', { close: true });
    const { leases } = (await again(awake)).state;
    expect([0, 1].map((slot) => leases.awaitsFirstRenewal(slot))).toEqual([true, false]);
  });
});

describe('signs that nobody could be heard', () => {
  it.each<[string, { close: boolean; process?: string }, number]>([
    ['none after hibernation', { close: true }, 0],
    ['renewals that may be lost', { close: false }, 1],
    ['another process', { close: true, process: 'process-2' }, 1],
    ['both', { close: false, process: 'process-2' }, 1],
  ])('[L7, L8] %s', async (_sign, { close, process }, outages) => {
    const awake = new AwakeNamespace();
    awake.put('a');
    beat(awake, 'a', { close });
    await settle();
    awake.platform.jump(20_000);
    const { state, platform } = await again(awake, process);
    expect(state.counters.outages).toBe(outages);
    expect(platform.logs).toHaveLength(outages);
    expect(state.leases.ttlEndsAt(0) - START).toBe(outages === 0 ? 30_000 : 50_000);
  });

  it('[L7] are seen once: the next wake finds what was made up for', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    beat(awake, 'a');
    const woken = await again(awake, 'process-2');
    const third = await again(woken, 'process-2');
    expect([woken, third].map(({ state }) => state.counters.outages)).toEqual([1, 0]);
  });

  it('[L7, I6] add only what was deaf for sure to a lease that was forgiven before', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 3_600_000 } });
    awake.platform.jump(1_000_000);
    const second = await again(awake, 'process-2');
    expect(second.state.leases.ttlEndsAt(0) - START).toBe(1_000_000 + 3_600_000);
    second.put('b');
    beat(second, 'b');
    second.platform.jump(2_000);
    second.put('c');
    await settle();
    second.platform.jump(2_000);
    const third = await again(second);
    expect(third.state.leases.ttlEndsAt(0) - START).toBe(1_000_000 + 4_000 + 3_600_000);
  });

  it('[I6, L7] expire nobody whose renewal was answered and lost, before the next one is due', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 150_000 } });
    const second = await again(awake, 'process-2');
    second.platform.jump(140_000);
    beat(second, 'a');
    const third = await again(second, 'process-3');
    third.platform.jump(50_000);
    expect(third.state.leases.ttlEndsAt(0)).toBeGreaterThan(third.state.time.now());
  });

  it('[I8] without any lease are only written down: one row for the name of the process', async () => {
    const awake = new AwakeNamespace();
    await settle();
    awake.platform.storage.takeWritten();
    const woken = await again(awake, 'process-2');
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({ 'insert checkpoint': 1 });
    expect(woken.state.counters.outages).toBe(0);
    expect(readCheckpoint(awake.platform.storage).header?.process).toBe('process-2');
  });
});

describe('time after a wake', () => {
  it('[L10] goes on from where it was, though the clock was set back meanwhile', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(10_000);
    beat(awake, 'a', { close: true });
    await settle();
    awake.platform.jump(-3_600_000);
    const { time } = (await again(awake)).state;
    expect(time.now()).toBe(START + 10_000);
    expect(time.stamp()).toBe(START);
  });

  it('[L10] keeps the shift of a clock that was set back before', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(-3_600_000);
    beat(awake, 'a', { close: true });
    await settle();
    awake.platform.jump(7_000);
    expect((await again(awake)).state.time.now()).toBe(START + 7_000);
  });

  it('[L10] is no later for a stamp that stood still', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(-10_000);
    beat(awake, 'a', { close: true });
    await settle();
    awake.platform.jump(1_000);
    awake.put('b');
    await settle();
    expect((await again(awake)).state.time.now()).toBe(START + 1_000);
  });

  it('[I2] stamps go on from the newest in the journal', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    await settle();
    awake.platform.jump(-10_000);
    const woken = await again(awake);
    woken.put('b', { ephemeral: false });
    expect((await woken.journal()).map(({ at }) => at - START)).toEqual([0, 0]);
  });
});

describe('the agenda after a wake', () => {
  const PERSISTENT = { ephemeral: false };

  it('[O5, O6, O3] follows from the records', async () => {
    const awake = new AwakeNamespace();
    awake.put('drains', PERSISTENT, { drainEndsAt: START + 3_000 });
    awake.put('quarantined gone', PERSISTENT);
    awake.override('quarantined', { quarantine: { until: '2030-01-01T00:00:02Z' } });
    awake.override('gone', { weight: 2 });
    awake.platform.jump(1_000);
    awake.remove('gone');
    const { agenda } = (await again(awake)).state;
    expect(agenda.take(START + 3_000, 9)).toEqual([
      { kind: 'quarantine', key: key('quarantined') },
      { kind: 'drain', key: key('drains') },
    ]);
    expect(agenda.take(START + 1_000 + OVERRIDE_LINGER_MS - 1, 9)).toEqual([]);
    expect(agenda.take(START + 1_000 + OVERRIDE_LINGER_MS, 9)).toEqual([{ kind: 'linger', key: key('gone') }]);
    expect(agenda.take(1e15, 9)).toEqual([{ kind: 'compaction' }]);
  });
});

it('[C4] a commit that fails aborts the object, and says why', async () => {
  const platform = new HandPlatform();
  const awake = new AwakeNamespace(platform);
  await settle();
  platform.storage.failNextSync(new Error('no space left'));
  awake.put('a');
  await settle();
  expect(platform.aborts).toEqual(['a commit could not be stored']);
  expect(platform.logs).toMatchObject([{ level: 'error', facts: { reason: 'Error: no space left' } }]);
});
