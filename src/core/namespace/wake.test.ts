import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../test/fixtures/hand-platform';
import { settle } from '../../../test/simulation/virtual-time';
import {
  LEASE_SLACK_MS,
  OVERRIDE_LINGER_MS,
  RECONNECT_SPREAD_MIN_MS,
  RENEWAL_RETRY_MAX_MS,
  SWEEP_SLICE_MAX_COUNT,
} from '../../model/limits';
import { renew } from './commit/commit';
import { openSession, resumeSession } from './leases/sessions';
import { isAvailable, isHealthy } from './records/catalog-entries';
import { readCheckpoint } from './records/checkpoints';
import { unpackLease } from './records/lease-table';
import { notePass, reconnectSpreadMs } from './time/attention';

/** Loads the same storage again. */
async function again(awake: AwakeNamespace): Promise<AwakeNamespace> {
  await settle();
  awake.platform.loseMemory();
  return new AwakeNamespace(awake.platform);
}

/** Renews the lease of an instance, and closes the checkpoint if asked to. */
function beat(awake: AwakeNamespace, id: string, { close = false } = {}): void {
  const entry = awake.state.catalog.instance(key(id));
  if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
  if (close) awake.state.checkpoints.close();
}

describe('a first wake', () => {
  it('[S2] creates the storage, and listens from then on', async () => {
    const awake = new AwakeNamespace();
    await settle();
    expect(awake.state.journal).toMatchObject({ revision: 0, epoch: expect.stringMatching(/^[\w-]{12}$/) });
    expect(readCheckpoint(awake.platform.storage).header).toEqual({
      state: 'closed',
      at: START,
      shiftMs: 0,
      attention: { since: START, attendedMs: 1 },
    });
    expect(awake.state.counters).toMatchObject({ outages: 0, wokeAt: START });
  });

  it('[L11] arms nothing: the call it wakes for does', () => {
    expect(new AwakeNamespace().platform.armings).toEqual([]);
  });
});

describe('a wake', () => {
  it('[S2] loads every record with its revision', async () => {
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

  it('[V1] knows which instances are available without reading a record', async () => {
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

  it('[R9, Q2] knows when the newest record of a service was removed, and the history of records', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.remove('a');
    const woken = await again(awake);
    expect(woken.state.catalog.service(ORDERS)).toMatchObject({ revision: 2, exists: false });
    woken.put('a');
    expect(await woken.journal(2)).toMatchObject([{ changes: [{ previous: 2, servicePrevious: 2 }] }]);
  });

  it('[I8] writes nothing if nothing was lost', async () => {
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
  it('[L8] are unchanged if all renewals are stored', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.put('c', { lease: { ttlMs: 5_000, removeAfterMs: null } });
    awake.platform.jump(4_000);
    beat(awake, 'b', { close: true });
    const { leases, counters } = (await again(awake)).state;
    expect([0, 1, 2].map((slot) => leases.renewedAt(slot) - START)).toEqual([0, 4_000, 0]);
    expect([0, 1, 2].map((slot) => leases.ttlEndsAt(slot) - START)).toEqual([30_000, 34_000, 5_000]);
    // It is asked half a second before its limit: a retry, less the slack.
    expect(leases.earliestDeadline).toBe(START + 4_750);
    expect(counters.outages).toBe(0);
  });

  it('[L8] are not those of the slot’s previous holder', async () => {
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

  it('[L8] are those of the checkpoint, even if the record was changed before it', async () => {
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

  it('still wait for the first renewal, unless it was received', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { lease: { ttlMs: 5_000, removeAfterMs: 10_000, firstRemoveAfterMs: 90_000 } });
    awake.platform.jump(1_000);
    beat(awake, 'b', { close: true });
    const { leases } = (await again(awake)).state;
    expect([0, 1].map((slot) => leases.awaitsFirstRenewal(slot))).toEqual([true, false]);
  });
});

describe('evidence of missed renewals at a wake', () => {
  it.each<[string, { close: boolean; isStarted?: boolean }, number]>([
    ['none after hibernation', { close: true }, 0],
    ['renewals that may be lost', { close: false }, 1],
    ['a process that has started', { close: true, isStarted: true }, 1],
    ['both', { close: false, isStarted: true }, 1],
  ])('[L7, L8, L9] %s', async (_sign, { close, isStarted = false }, outages) => {
    const awake = new AwakeNamespace();
    // Only a host that keeps its process as long as its memory has a monotonic clock.
    if (isStarted) awake.platform.monotonic = awake.platform.clock;
    awake.put('a');
    beat(awake, 'a', { close });
    await settle();
    awake.platform.jump(20_000);
    const { state, platform } = await again(awake);
    expect(state.counters.outages).toBe(outages);
    expect(platform.logs).toHaveLength(outages);
    const heardFrom = outages === 0 ? START : START + 20_000 + RECONNECT_SPREAD_MIN_MS;
    expect(state.attention.since).toBe(heardFrom);
    const endsAt = heardFrom + 30_000 + LEASE_SLACK_MS * (outages === 0 ? 2 : 1);
    for (const at of [endsAt - RENEWAL_RETRY_MAX_MS - LEASE_SLACK_MS, endsAt - 1])
      expect(state.leases.lapsed(at, 9)).toHaveLength(0);
    expect(state.leases.lapsed(endsAt, 9)).toHaveLength(1);
  });

  it('[L7] is absent if the process that stored the state is still listening, asleep or not', async () => {
    const platform = new HandPlatform();
    platform.monotonic = platform.clock;
    platform.heard = () => 'all';
    const awake = new AwakeNamespace(platform);
    awake.put('a');
    beat(awake, 'a', { close: true });
    await settle();
    platform.jump(20_000);
    const { state } = await again(awake);
    expect([state.counters.outages, state.attention.since]).toEqual([0, START]);
    // A pass now follows no gap either.
    notePass(state);
    expect(state.attention.gaps).toBe(0);
  });

  it.each([
    ['a freeze of the process disconnects no client', false, 12_000, START + 15_000],
    ['the start of the process does', true, 12_000 - RECONNECT_SPREAD_MIN_MS, START + 15_000 + RECONNECT_SPREAD_MIN_MS],
  ])('[L7] counts what the process received before: %s', async (_case, wereCutOff, heardMs, since) => {
    const platform = new HandPlatform();
    platform.monotonic = platform.clock;
    const awake = new AwakeNamespace(platform);
    awake.put('a');
    beat(awake, 'a', { close: true });
    await settle();
    const { attendedMs } = awake.state.attention.stored;
    platform.jump(20_000);
    platform.heard = () => ({ since: START + 15_000, beforeMs: 12_000, wereCutOff });
    const { state } = await again(awake);
    expect(state.attention.stored).toEqual({ since, attendedMs: attendedMs + heardMs });
    expect(state.counters.outages).toBe(1);
  });

  it('[L7] is found once: a later wake loses nothing', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    beat(awake, 'a');
    const second = await again(awake);
    const third = await again(second);
    expect([second, third].map(({ state }) => state.counters.outages)).toEqual([1, 0]);
    expect(third.state.attention.stored).toEqual(second.state.attention.stored);
  });

  it('[I8] is not looked for without a lease', async () => {
    const awake = new AwakeNamespace();
    awake.state.checkpoints.open();
    await settle();
    awake.platform.storage.takeWritten();
    const woken = await again(awake);
    await settle();
    expect(awake.platform.storage.takeWritten()).toEqual({});
    expect(woken.state.counters.outages).toBe(0);
  });

  it('[L7, L18, T7] gives a fleet of sessions the time in which it was asked to reconnect', async () => {
    const awake = new AwakeNamespace();
    const { connections } = awake.platform;
    for (let index = 0; index < 1_500; index++) {
      const ticket = { key: `s-${index}`, secretDigest: 'd' };
      const connection = connections.connectionOf(connections.open());
      openSession(awake.state, connection, { tokenId: 'owner' }, ticket, 30_000, START);
    }
    awake.state.checkpoints.open();
    await settle();
    const { attention } = (await again(awake)).state;
    expect(attention.since).toBe(START + reconnectSpreadMs(1_500));
  });

  it('[T10, T7] ends none of thousands of sessions whose sockets a crash closed, and dead ones after a whole ttl', async () => {
    const awake = new AwakeNamespace();
    const { connections } = awake.platform;
    const count = 2 * SWEEP_SLICE_MAX_COUNT + 500;
    const caller = { tokenId: 'owner' };
    const ticket = (index: number) => ({ key: `s-${index}`, secretDigest: 'd' });
    for (let index = 0; index < count; index++) {
      const connection = connections.connectionOf(connections.open());
      openSession(awake.state, connection, caller, ticket(index), 30_000, START);
    }
    awake.state.checkpoints.open();
    await settle();
    connections.dropAll();
    awake.platform.jump(60_000);
    const woken = await again(awake);
    const { state, platform } = woken;
    notePass(state);
    const spreadMs = reconnectSpreadMs(count);
    // All but the last ten reconnect, evenly over the time in which they were asked to.
    for (let index = 0; index < count - 10; index++) {
      if (index % 250 === 0) await woken.pass(spreadMs / 10);
      resumeSession(state, connections.connectionOf(connections.open()), caller, ticket(index), state.time.now());
    }
    const since = START + 60_000 + spreadMs;
    await woken.pass(since + 30_000 - platform.clock.now());
    expect(state.sessions.size).toBe(count);
    expect(state.counters.outages).toBe(1);
    for (const { connection } of state.sessions.all()) {
      if (connection !== undefined) connections.socketOf(connection).pingedAt = platform.clock.now();
    }
    await woken.pass(1_000);
    expect(state.sessions.size).toBe(count - 10);
  });
});

describe('attention after a wake', () => {
  it('[L8, L15] continues as before: a lease that was asked ends at the second pass', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.pass(30_250);
    expect(awake.state.leases.hasAsked).toBe(true);
    awake.state.checkpoints.close();
    await settle();
    const { state } = await again(awake);
    expect(state.attention.stored).toEqual({ since: START, attendedMs: 1 });
    expect(state.leases.earliestDeadline).toBe(START + 30_500);
    expect(state.leases.lapsed(START + 30_500, 9)).toHaveLength(1);
  });

  it('[L7] counts up to the last checkpoint if later renewals may have been lost', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(12_000);
    beat(awake, 'a', { close: true });
    awake.platform.jump(1_000);
    beat(awake, 'a');
    await settle();
    awake.platform.jump(9_000);
    const { attention } = (await again(awake)).state;
    expect(attention.stored).toEqual({ since: START + 22_000 + RECONNECT_SPREAD_MIN_MS, attendedMs: 13_001 });
  });

  it('[I6, L7] ends a dead holder even if the registry keeps crashing, and never one that renews', async () => {
    let awake = new AwakeNamespace();
    awake.put('dead beats');
    await awake.pass(100);
    let lives = 0;
    for (; lives < 20 && awake.ids().includes('dead'); lives++) {
      for (let seconds = 0; seconds < 12; seconds++) {
        beat(awake, 'beats');
        await awake.pass(1_000);
      }
      expect(awake.ids()).toContain('beats');
      awake.platform.jump(3_000);
      awake = await again(awake);
    }
    // Two times to live of attention are 60 s; each life stores some 5 to 10 s of it after the reconnect spread.
    expect(lives).toBeGreaterThanOrEqual(5);
    expect(lives).toBeLessThan(15);
  });
});

describe('storage of the previous version', () => {
  /** Leaves storage as version 1 would, which had neither attention nor its columns. */
  async function leftByVersion1(awake: AwakeNamespace, extendedAt: number): Promise<void> {
    awake.state.leases.repack();
    awake.state.checkpoints.close();
    await settle();
    const { storage } = awake.platform;
    const leases = new Float64Array(readCheckpoint(storage).rows.get(0) ?? []);
    leases.fill(extendedAt, leases.length / 2);
    storage.run("UPDATE checkpoint SET process = 'process-1', leases = ? WHERE row = 0", leases.buffer);
    for (const column of ['attentive_since', 'attended_ms'])
      storage.run(`ALTER TABLE checkpoint DROP COLUMN ${column}`);
    for (const column of ['entries', 'entries_until', 'entry_revisions'])
      storage.run(`ALTER TABLE journal DROP COLUMN ${column}`);
    storage.run("UPDATE property SET value = '1' WHERE name = 'schema'");
    storage.run("DELETE FROM property WHERE name = 'readable-from'");
  }

  it('[U8, L7] opens with a gap: its leases end after a whole time to live, even if it had extended them', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 15_000, removeAfterMs: 30_000 } }, { healthy: false });
    awake.platform.jump(29_000);
    await leftByVersion1(awake, START + 1_000);
    awake.platform.jump(60_000);
    const woken = await again(awake);
    expect(woken.state.counters.outages).toBe(1);
    const since = START + 89_000 + RECONNECT_SPREAD_MIN_MS;
    expect(woken.state.attention.stored).toEqual({ since, attendedMs: 1 });
    await woken.pass(since + 15_249 - woken.platform.clock.now());
    expect(woken.ids()).toEqual(['a']);
    await woken.pass(500);
    expect(woken.ids()).toEqual([]);
  });

  it('[U8, L15] leaves nothing that a later wake counts as attention', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    await leftByVersion1(awake, START + 1_000);
    const second = await again(awake);
    await settle();
    const leases = readCheckpoint(second.platform.storage).rows.get(0) ?? new Float64Array();
    expect([0, 1].map((slot) => unpackLease(leases, slot))).toEqual([
      { renewedAt: START, askedAt: 0 },
      { renewedAt: START, askedAt: 0 },
    ]);
    const third = await again(second);
    expect(third.state.counters.outages).toBe(0);
    expect(third.state.attention.stored).toEqual(second.state.attention.stored);
  });

  it('[U9] is readable by that version if this one wrote it, and what that version writes is detected', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    await awake.pass(30_250);
    awake.state.checkpoints.close();
    await settle();
    const { storage } = awake.platform;
    // The statements of version 1.
    const columns = 'row, state, at, shift_ms, process';
    const [header] = storage.rows(`SELECT ${columns} FROM checkpoint WHERE row = 0`);
    expect(header).toEqual([0, 'closed', START + 30_250, 0, null]);
    storage.run(
      `INSERT INTO checkpoint (${columns}) VALUES (0, 'closed', ?, 0, 'process-1')
      ON CONFLICT (row) DO UPDATE SET state = excluded.state, at = excluded.at, shift_ms = excluded.shift_ms,
      process = excluded.process`,
      START + 31_000,
    );
    awake.platform.jump(60_000);
    const woken = await again(awake);
    expect(woken.state.counters.outages).toBe(1);
    expect(woken.platform.logs.at(-1)).toMatchObject({ facts: { why: 'an earlier version ran before' } });
    await woken.pass(30_000);
    expect(woken.ids()).toEqual(['a']);
    await woken.pass(RECONNECT_SPREAD_MIN_MS + 500);
    expect(woken.ids()).toEqual([]);
  });
});

describe('time after a wake', () => {
  it('[L10] continues from where it was, even if the clock was set back meanwhile', async () => {
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

  it('[L10] keeps the shift of a clock that was set back earlier', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.platform.jump(-3_600_000);
    beat(awake, 'a', { close: true });
    await settle();
    awake.platform.jump(7_000);
    expect((await again(awake)).state.time.now()).toBe(START + 7_000);
  });

  it('[L10] is no later because of a stamp that stood still', async () => {
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

  it('[I2] stamps continue from the newest in the journal', async () => {
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

it('[C4] a failed commit aborts the object with its reason', async () => {
  const platform = new HandPlatform();
  const awake = new AwakeNamespace(platform);
  await settle();
  platform.storage.failNextSync(new Error('no space left'));
  awake.put('a');
  await settle();
  expect(platform.aborts).toEqual(['a commit could not be stored']);
  expect(platform.logs).toMatchObject([{ level: 'error', facts: { reason: 'Error: no space left' } }]);
});
