import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key, ORDERS } from '../../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../../test/fixtures/hand-platform';
import type { HandSocket } from '../../../../test/fixtures/hand-sockets';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import {
  ALARM_SPACING_MIN_MS,
  CHECKPOINT_DELAY_MS,
  LEASE_SLACK_MS,
  LOOK_INTERVAL_MAX_MS,
  LOOK_INTERVAL_MIN_MS,
  LOOK_LATE_MS,
  OVERRIDE_LINGER_MS,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  RENEWAL_RETRY_MAX_MS,
  SWEEP_SLICE_MAX_COUNT,
} from '../../../model/limits';
import { drain } from '../commands/deregister';
import { renew } from '../commit/commit';
import { isHealthy } from '../records/catalog-entries';
import { arm, lookIntervalMs, planNextLook, sweep } from './expiry';
import { recover } from './renewing';
import { openSession } from './sessions';

const LONG = { ttlMs: 30_000, removeAfterMs: 60_000 };

/** Asks the leases whose limit is at a time after the start, and ends them at the second pass. */
function endAt(awake: AwakeNamespace, ms: number, service?: string): boolean {
  sweepAt(awake, ms + LEASE_SLACK_MS - RENEWAL_RETRY_MAX_MS, service);
  return sweepAt(awake, ms + 2 * LEASE_SLACK_MS, service);
}

/** Sweeps at a time after the start, as if the clock had just reached it. */
function sweepAt(awake: AwakeNamespace, ms: number, service?: string): boolean {
  awake.platform.jump(START + ms - awake.platform.clock.now());
  const { catalog, time } = awake.state;
  return sweep(awake.state, time.now(), service === undefined ? undefined : catalog.service({ ...ORDERS, service }));
}

/** Registers many instances at once. */
const putMany = (awake: AwakeNamespace, service: string, count: number, input = {}) =>
  awake.commit((draft) => {
    const record = instanceRecord(input);
    for (let index = 0; index < count; index++)
      draft.putInstance({ ...key(`i-${index}`), service }, record, 'registered', true);
  });

describe('sweep', () => {
  it('does nothing while nothing is due', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    expect(sweepAt(awake, 29_249)).toBe(false);
    expect(await awake.story(1)).toEqual([]);
    expect(awake.state.leases.hasAsked).toBe(false);
  });

  it('[L15] asks first, and handles messages received before the second pass', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    expect(sweepAt(awake, 29_250)).toBe(false);
    expect(awake.state.leases.earliestDeadline).toBe(START + 30_500);
    awake.platform.jump(1_200);
    const entry = awake.state.catalog.instance(key('b'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    sweepAt(awake, 30_499);
    expect(await awake.story(2)).toEqual([]);
    sweepAt(awake, 30_500);
    expect(await awake.story(2)).toEqual(['expired a']);
  });

  it('[L15] leaves a holder that is asked late time to retry its renewal', async () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    sweepAt(awake, 30_250);
    sweepAt(awake, 31_499);
    expect(awake.ids()).toEqual(['a']);
    sweepAt(awake, 31_500);
    expect(await awake.story(1)).toEqual(['expired a']);
  });

  it('[L1, J1] ends due leases in one revision for each outcome, with the registry as the actor', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b');
    awake.put('c d', { lease: LONG });
    expect(endAt(awake, 30_000)).toBe(false);
    expect(await awake.story(4)).toEqual(['expired a b', 'unhealthy c d']);
    expect((await awake.journal(4)).map(({ actor }) => actor)).toEqual(['registry', 'registry']);
    expect(sweepAt(awake, 30_500)).toBe(false);
    expect(sweepAt(awake, 60_249)).toBe(false);
    expect(await awake.story(6)).toEqual([]);
    expect(sweepAt(awake, 60_250)).toBe(false);
    expect(await awake.story(6)).toEqual(['expired c d']);
  });

  it('[I8] writes k + 1 rows for k leases with the same outcome', async () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', 40);
    await awake.journal();
    awake.platform.storage.takeWritten();
    endAt(awake, 30_000);
    await awake.journal();
    expect(awake.platform.storage.takeWritten()).toEqual({ 'insert record': 40, 'insert journal': 1 });
  });

  it('[L14] ends one slice at a time, and reports that more are due', () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', 2 * SWEEP_SLICE_MAX_COUNT + 1);
    sweepAt(awake, 29_250);
    const left: number[] = [];
    while (sweepAt(awake, 30_500)) left.push(awake.ids().length);
    expect(left).toEqual([SWEEP_SLICE_MAX_COUNT + 1, 1]);
    expect(awake.ids()).toEqual([]);
  });

  it('[L3] ends all due leases of the given service first, whatever the slice', () => {
    const awake = new AwakeNamespace();
    putMany(awake, 'orders', SWEEP_SLICE_MAX_COUNT + 10);
    putMany(awake, 'users', SWEEP_SLICE_MAX_COUNT + 10, { lease: LONG });
    expect(endAt(awake, 30_000, 'users')).toBe(true);
    expect(awake.ids('orders')).toHaveLength(10);
    const users = awake.state.catalog.service({ ...ORDERS, service: 'users' })?.instances.values() ?? [];
    expect([...users].filter(isHealthy)).toEqual([]);
  });

  it('[R15] works in a full namespace: health changes and drains need no room', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: LONG });
    awake.put('b', {}, { drainEndsAt: START + 60_000 });
    const { catalog } = awake.state;
    const text = 'x'.repeat(RECORDS_PER_NAMESPACE_MAX_BYTES - catalog.size);
    catalog.putInstance(catalog.serviceFor({ ...ORDERS, service: 'users' }), 'large', text, 1, 0);
    expect(endAt(awake, 30_000)).toBe(false);
    expect(await awake.story(2)).toEqual(['expired b', 'unhealthy a']);
    awake.commit((draft) => recover(draft, key('a')));
    awake.commit((draft) => drain(draft, { tokenId: 'operator', operates: true }, key('a'), 500));
    expect(await awake.story(4)).toEqual(['recovered a', 'drained a a']);
  });

  it('[L11] leaves the earliest deadline exact', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    awake.put('b', { lease: { ttlMs: 45_000 } });
    awake.put('c', { lease: { ttlMs: 30_000, removeAfterMs: null } });
    endAt(awake, 30_000);
    expect(awake.state.leases.earliestDeadline).toBe(START + 44_250);
  });
});

describe('sweep of sessions', () => {
  /** Many sessions of 30 s, at least three slices of them, with the sockets that hold them. */
  function fleet(count: number): { awake: AwakeNamespace; sockets: HandSocket[] } {
    const awake = new AwakeNamespace();
    const { connections } = awake.platform;
    const sockets = Array.from({ length: count }, (_, index) => {
      const socket = connections.open();
      const ticket = { key: `s-${index}`, secretDigest: 'd' };
      openSession(awake.state, connections.connectionOf(socket), { tokenId: 'owner' }, ticket, 30_000, START);
      return socket;
    });
    return { awake, sockets };
  }

  const ping = (awake: AwakeNamespace, sockets: Iterable<HandSocket>) => {
    for (const socket of sockets) socket.pingedAt = awake.platform.clock.now();
  };

  const COUNT = 3 * SWEEP_SLICE_MAX_COUNT;

  it('[T10, L14] ends none of three thousand that ping, with a smaller slice', () => {
    const { awake, sockets } = fleet(COUNT);
    for (const ms of [20_000, 40_000, 60_000]) {
      awake.platform.jump(START + ms - awake.platform.clock.now());
      ping(awake, sockets);
      // Only sessions whose last ping is older than 20 s could be past their limit: the sweep reads the last ping of all.
      while (sweepAt(awake, ms + 9_250));
      while (sweepAt(awake, ms + 10_500));
    }
    expect(awake.state.sessions.size).toBe(COUNT);
  });

  it('[T10, T3] ends the dead ones among them, in slices', () => {
    const { awake, sockets } = fleet(COUNT);
    const alive = sockets.filter((_, index) => index % 2 === 1);
    awake.platform.jump(20_000);
    ping(awake, alive);
    expect(sweepAt(awake, 29_250)).toBe(false);
    expect(sweepAt(awake, 30_500)).toBe(true);
    expect(awake.state.sessions.size).toBe(COUNT - SWEEP_SLICE_MAX_COUNT);
    expect(sweepAt(awake, 30_500)).toBe(false);
    expect([...awake.state.sessions.all()].map(({ connection }) => connection)).toEqual(
      alive.map((socket) => awake.platform.connections.connectionOf(socket)),
    );
  });

  it('[T10, L15] handles a ping received between the two passes', () => {
    const { awake, sockets } = fleet(3);
    sweepAt(awake, 29_250);
    ping(awake, sockets.slice(1));
    sweepAt(awake, 30_500);
    expect([...awake.state.sessions.all()].map(({ key }) => key)).toEqual(['s-1', 's-2']);
  });
});

describe('sweep of the agenda', () => {
  it('[O6] removes drained instances unless they registered again meanwhile', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { ephemeral: false }, { drainEndsAt: START + 500 });
    awake.put('b', { ephemeral: false });
    sweepAt(awake, 499);
    expect(awake.ids()).toEqual(['a', 'b']);
    sweepAt(awake, 500);
    expect(await awake.story(3)).toEqual(['drained a']);
    expect(awake.state.agenda.earliestDeadline).toBeGreaterThan(START + 500);
  });

  it('[O5, J1] lifts ended quarantines in one revision, and keeps the rest of the override', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b c', { ephemeral: false });
    const quarantine = { until: '2030-01-01T00:00:01Z' };
    awake.override('a', { quarantine });
    awake.override('b', { weight: 2, quarantine });
    awake.override('c', { quarantine: { until: '2030-01-01T00:00:02Z' } });
    sweepAt(awake, 1_000);
    expect(await awake.story(6)).toEqual(['overridden a b']);
    const { catalog } = awake.state;
    expect(catalog.override(key('a'))).toBeUndefined();
    expect(catalog.override(key('b'))?.record).toMatchObject({ override: { weight: 2 }, actor: 'operator' });
    expect(catalog.override(key('c'))).toBeDefined();
  });

  it('[O5] keeps a quarantine that was extended, and one that no longer ends', () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { ephemeral: false });
    for (const id of ['a', 'b']) awake.override(id, { quarantine: { until: '2030-01-01T00:00:01Z' } });
    awake.override('a', { quarantine: { until: '2030-01-01T00:00:09Z' } });
    awake.override('b', { quarantine: {} });
    sweepAt(awake, 1_000);
    expect(awake.state.journal.revision).toBe(6);
    sweepAt(awake, 9_000);
    expect(awake.state.catalog.override(key('a'))).toBeUndefined();
    expect(awake.state.catalog.override(key('b'))).toBeDefined();
  });

  it('[O5, L10] waits until the wall clock reaches the end of a quarantine after it was set back', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    awake.override('a', { quarantine: { until: '2030-01-01T00:01:00Z' } });
    awake.platform.jump(-10_000);
    awake.state.time.now();
    sweep(awake.state, awake.state.time.whenClockShows(START + 59_999));
    expect(awake.state.catalog.override(key('a'))).toBeDefined();
    sweep(awake.state, awake.state.time.whenClockShows(START + 60_000));
    expect(awake.state.catalog.override(key('a'))).toBeUndefined();
  });

  it('[O3] drops overrides of instances removed long ago, except quarantines and instances that registered again', async () => {
    const awake = new AwakeNamespace();
    awake.put('a b c', { ephemeral: false });
    awake.override('a', { weight: 2 });
    awake.override('b', { quarantine: {} });
    awake.override('c', { weight: 2 });
    for (const id of ['a', 'b', 'c']) awake.remove(id);
    awake.put('c', { ephemeral: false });
    sweepAt(awake, OVERRIDE_LINGER_MS);
    expect(await awake.story(10)).toEqual(['overridden a']);
  });

  it('[L14] ends a slice at a time', () => {
    const awake = new AwakeNamespace();
    awake.commit((draft) => {
      const record = instanceRecord({ ephemeral: false }, { drainEndsAt: START + 1 });
      for (let index = 0; index <= SWEEP_SLICE_MAX_COUNT; index++)
        draft.putInstance(key(`i-${index}`), record, 'registered', true);
    });
    expect(sweepAt(awake, 1)).toBe(true);
    expect(awake.ids()).toHaveLength(1);
    expect(sweepAt(awake, 1)).toBe(false);
    expect(awake.ids()).toHaveLength(0);
  });
});

const armed = ({ platform, state }: AwakeNamespace) => {
  arm(state);
  return platform.armings.map((at) => at - START);
};

/** Its only lease ends before the first look. */
const SHORT = { lease: { ttlMs: 1_000 } };

/** A namespace on a host with ticks. */
function ticking(): AwakeNamespace {
  const platform = new HandPlatform();
  platform.monotonic = platform.clock;
  return new AwakeNamespace(platform);
}

describe('arm', () => {
  it('[L11] does nothing if nothing will be due', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    expect(armed(awake)).toEqual([]);
  });

  it('[L11, I8] arms for the earliest deadline, and again only for an earlier one', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 1_500 } });
    expect(armed(awake)).toEqual([1_600]);
    awake.put('b', { lease: { ttlMs: 60_000 } });
    expect(armed(awake)).toEqual([1_600]);
    awake.put('c', SHORT);
    awake.put('d', { ephemeral: false }, { drainEndsAt: START + 500 });
    expect(armed(awake)).toEqual([1_600, 500]);
    expect(awake.state.counters).toMatchObject({ alarmsArmed: 2 });
  });

  it('[L11] doesn’t arm for renewals, which only move deadlines later', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.jump(400);
    awake.state.leases.renew(0, awake.state.time.now());
    expect(armed(awake)).toEqual([1_150]);
    awake.state.leases.findEarliest();
    expect(armed(awake)).toEqual([1_150]);
  });

  it('[L11] arms again once the alarm has fired', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.alarmFired();
    expect(armed(awake)).toEqual([1_150, 1_150]);
  });

  it('[L11] never arms closer than 250 ms after the last alarm that ran', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    awake.platform.jump(1_100);
    awake.state.alarmTimes.ranAt = awake.state.time.now();
    expect(armed(awake)).toEqual([1_100 + ALARM_SPACING_MIN_MS]);
  });

  it.each([
    ['a lease', SHORT],
    ['nothing', { ephemeral: false }],
  ])('[L17] arms for the retry of a failed alarm, with %s also due', (_what, input) => {
    const awake = new AwakeNamespace();
    awake.put('a', input);
    awake.state.alarmTimes.retryAt = START + 9_000;
    expect(armed(awake)).toEqual([9_000]);
  });

  it('[L10, L11] arms by the wall clock: again after it was set back, for the same moment', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.jump(-3_600_000);
    awake.state.time.now();
    expect(armed(awake)).toEqual([1_150, 1_150 - 3_600_000]);
  });

  it('[L11] considers an overdue alarm lost, but not before it is late', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.jump(1_150 + LOOK_LATE_MS);
    expect(armed(awake)).toEqual([1_150]);
    awake.platform.jump(1);
    expect(armed(awake)).toEqual([1_150, 1_150]);
  });

  it('[L11, I8] pays one row for a lost alarm, not one per call', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    arm(awake.state);
    awake.platform.jump(10_000 + LOOK_LATE_MS + 1);
    awake.state.alarmTimes.nextLookAt = awake.state.time.now() + 10_000;
    for (let calls = 0; calls < 20; calls++) arm(awake.state);
    expect(armed(awake)).toEqual([10_000, 20_000 + LOOK_LATE_MS + 1]);
  });

  it('[I8] counts a row for the alarm', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    const { rowsWritten } = awake.state.counters;
    arm(awake.state);
    expect(awake.state.counters.rowsWritten).toBe(rowsWritten + 1);
  });
});

describe('looks', () => {
  it('[L16] come every sixth of the shortest time to live, within bounds', () => {
    for (const [shortestTtlMs, ms] of [
      [1_000, LOOK_INTERVAL_MIN_MS],
      [12_000, LOOK_INTERVAL_MIN_MS],
      [30_000, 5_000],
      [45_001, 7_500],
      [360_000, LOOK_INTERVAL_MAX_MS],
      [3_600_000, LOOK_INTERVAL_MAX_MS],
      [Number.POSITIVE_INFINITY, LOOK_INTERVAL_MAX_MS],
    ] as const) {
      expect(lookIntervalMs({ shortestTtlMs }), `${shortestTtlMs}`).toBe(ms);
    }
  });

  it('[L16] are armed once a lease is held, by the shortest time to live', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    expect(armed(awake)).toEqual([10_000]);
    awake.platform.jump(1_000);
    awake.put('b', { lease: { ttlMs: 24_000 } });
    expect(armed(awake)).toEqual([10_000, 5_000]);
  });

  it('[L16] are not postponed by calls between them', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    for (let calls = 0; calls < 4; calls++) {
      expect(armed(awake)).toEqual([5_000]);
      awake.platform.jump(1_000);
    }
  });

  it('[L16] continue while a lease is held, and stop with the last one', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    await awake.pass(30_000);
    expect(awake.platform.armings.map((at) => at - START)).toEqual([10_000, 20_000, 30_000, 40_000]);
    awake.remove('a');
    await awake.pass(60_000);
    expect(awake.platform.armings.at(-1)).toBeGreaterThan(START + 3_600_000);
  });

  it('[L16, L6] coincide with the checkpoint of renewed leases', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    planNextLook(awake.state, START, true);
    expect(awake.state.alarmTimes.nextLookAt).toBe(START + CHECKPOINT_DELAY_MS);
    planNextLook(awake.state, START, false);
    expect(awake.state.alarmTimes.nextLookAt).toBe(START + 10_000);
    awake.put('b', { lease: { ttlMs: 6_000 } });
    planNextLook(awake.state, START, true);
    expect(awake.state.alarmTimes.nextLookAt).toBe(START + LOOK_INTERVAL_MIN_MS);
  });

  it('[L6, L11] come early for a checkpoint that is due before the next one', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 360_000 } });
    expect(armed(awake)).toEqual([60_000]);
    awake.platform.jump(1_000);
    const entry = awake.state.catalog.instance(key('a'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    expect(armed(awake)).toEqual([60_000, 1_000 + CHECKPOINT_DELAY_MS]);
  });

  it('[L16] are not needed on a host with ticks', () => {
    const awake = ticking();
    awake.put('a');
    awake.state.checkpoints.open();
    expect(armed(awake)).toEqual([29_250]);
  });
});
