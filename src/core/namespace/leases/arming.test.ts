import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { key } from '../../../../test/fixtures/definition';
import { HandPlatform, START } from '../../../../test/fixtures/hand-platform';
import {
  ALARM_SPACING_MIN_MS,
  CHECKPOINT_DELAY_MS,
  LOOK_INTERVAL_MAX_MS,
  LOOK_INTERVAL_MIN_MS,
  LOOK_LATE_MS,
} from '../../../model/limits';
import { renew } from '../commit/commit';
import { arm, lookIntervalMs, planNextLook } from './arming';

const armed = ({ platform, state }: AwakeNamespace) => {
  arm(state);
  return platform.armings.map((at) => at - START);
};

/** Its only lease ends before the first look. */
const SHORT = { lease: { ttlMs: 1_000 } };

/** A namespace on a host that ticks. */
function ticking(): AwakeNamespace {
  const platform = new HandPlatform();
  platform.monotonic = platform.clock;
  return new AwakeNamespace(platform);
}

describe('arm', () => {
  it('[L11] does nothing where nothing is ever due', () => {
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

  it('[L11] arms no more for renewals, which only move deadlines later', () => {
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

  it('[L11] never arms closer than 250 ms after the alarm that ran last', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    awake.platform.jump(1_100);
    awake.state.alarmTimes.ranAt = awake.state.time.now();
    expect(armed(awake)).toEqual([1_100 + ALARM_SPACING_MIN_MS]);
  });

  it.each([
    ['a lease', SHORT],
    ['nothing', { ephemeral: false }],
  ])('[L17] arms for when an alarm that failed tries again, where %s is due besides', (_what, input) => {
    const awake = new AwakeNamespace();
    awake.put('a', input);
    awake.state.alarmTimes.retryAt = START + 9_000;
    expect(armed(awake)).toEqual([9_000]);
  });

  it('[L10, L11] arms by the clock: anew where it was set back, for the same moment as before', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.jump(-3_600_000);
    awake.state.time.now();
    expect(armed(awake)).toEqual([1_150, 1_150 - 3_600_000]);
  });

  it('[L11] takes an alarm that is overdue for lost, but not before it is late', () => {
    const awake = new AwakeNamespace();
    awake.put('a', SHORT);
    arm(awake.state);
    awake.platform.jump(1_150 + LOOK_LATE_MS);
    expect(armed(awake)).toEqual([1_150]);
    awake.platform.jump(1);
    expect(armed(awake)).toEqual([1_150, 1_150]);
  });

  it('[L11, I8] pays a row for a lost alarm once, and not with every call', () => {
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

  it('[L16] are armed for as soon as a lease is held, by the shortest time to live', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    expect(armed(awake)).toEqual([10_000]);
    awake.platform.jump(1_000);
    awake.put('b', { lease: { ttlMs: 24_000 } });
    expect(armed(awake)).toEqual([10_000, 5_000]);
  });

  it('[L16] are not put off by the calls that come between them', () => {
    const awake = new AwakeNamespace();
    awake.put('a');
    for (let calls = 0; calls < 4; calls++) {
      expect(armed(awake)).toEqual([5_000]);
      awake.platform.jump(1_000);
    }
  });

  it('[L16] go on for as long as a lease is held, and end with the last one', async () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 60_000 } });
    await awake.pass(30_000);
    expect(awake.platform.armings.map((at) => at - START)).toEqual([10_000, 20_000, 30_000, 40_000]);
    awake.remove('a');
    await awake.pass(60_000);
    expect(awake.platform.armings.at(-1)).toBeGreaterThan(START + 3_600_000);
  });

  it('[L16, L6] come together with the checkpoint of leases that are renewed', () => {
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

  it('[L6, L11] come for a checkpoint that is due before the next one', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 360_000 } });
    expect(armed(awake)).toEqual([60_000]);
    awake.platform.jump(1_000);
    const entry = awake.state.catalog.instance(key('a'));
    if (entry !== undefined) renew(awake.state, entry, awake.state.time.now());
    expect(armed(awake)).toEqual([60_000, 1_000 + CHECKPOINT_DELAY_MS]);
  });

  it('[L16] are not needed on a host that ticks', () => {
    const awake = ticking();
    awake.put('a');
    awake.state.checkpoints.open();
    expect(armed(awake)).toEqual([29_250]);
  });
});
