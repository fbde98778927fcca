import { describe, expect, it } from 'vitest';
import { NamespaceTime } from './namespace-time';

const HOUR_MS = 3_600_000;
const START = 1_000_000_000;

/** A time whose clock is moved by setting `clock.at`. */
function begin({ shiftMs = 0, latest = 0, latestStamp = 0 } = {}) {
  const clock = { at: START };
  return { clock, time: new NamespaceTime({ now: () => clock.at }, undefined, { shiftMs, latest, latestStamp }) };
}

/** The same on a host with a monotonic clock, which shows fractions of a millisecond as real ones do. */
function beginMonotonic({ shiftMs = 0, latest = 0, latestStamp = 0 } = {}) {
  const clock = { at: START };
  const monotonic = { at: 777.25 };
  const start = { shiftMs, latest, latestStamp };
  const time = new NamespaceTime({ now: () => clock.at }, { now: () => monotonic.at }, start);
  /** Advances both clocks; the wall clock also jumps. */
  const pass = (ms: number, jumpMs = 0) => {
    clock.at += ms + jumpMs;
    monotonic.at += ms;
  };
  return { clock, monotonic, time, pass };
}

it('now returns the time of the clock', () => {
  const { clock, time } = begin();
  expect(time.now()).toBe(START);
  clock.at += 5;
  expect(time.now()).toBe(START + 5);
  expect(time.shiftMs).toBe(0);
});

it('[L10] now stands still when the clock jumps back, and then continues at its pace', () => {
  const { clock, time } = begin();
  time.now();
  clock.at -= HOUR_MS;
  expect(time.now()).toBe(START);
  expect(time.shiftMs).toBe(HOUR_MS);
  clock.at += 1_000;
  expect(time.now()).toBe(START + 1_000);
});

it('[L10] now preserves a distance of ten seconds over several jumps back', () => {
  const { clock, time } = begin();
  const deadline = time.now() + 10_000;
  for (const jump of [-HOUR_MS, -1, -5 * HOUR_MS]) {
    clock.at += jump;
    time.now();
  }
  clock.at += 9_999;
  expect(time.now()).toBe(deadline - 1);
  clock.at += 1;
  expect(time.now()).toBe(deadline);
});

it('now jumps forward with the clock', () => {
  const { clock, time } = begin();
  time.now();
  clock.at += HOUR_MS;
  expect(time.now()).toBe(START + HOUR_MS);
});

it('[S2] continues from the stored time, even if the clock was set back meanwhile', () => {
  const { clock, time } = begin({ latest: START + HOUR_MS });
  expect(time.now()).toBe(START + HOUR_MS);
  clock.at += 7;
  expect(time.now()).toBe(START + HOUR_MS + 7);
});

it('[S2] continues with the stored shift', () => {
  const { time } = begin({ shiftMs: HOUR_MS, latest: START });
  expect(time.now()).toBe(START + HOUR_MS);
});

it('stamp returns the time of the clock, and never less than the previous stamp', () => {
  const { clock, time } = begin({ latestStamp: START + 10 });
  expect(time.stamp()).toBe(START + 10);
  clock.at += 20;
  expect(time.stamp()).toBe(START + 20);
  clock.at -= HOUR_MS;
  expect(time.stamp()).toBe(START + 20);
});

it('clockAt and whenClockShows are inverses', () => {
  const { clock, time } = begin();
  time.now();
  clock.at -= HOUR_MS;
  const now = time.now();
  expect(time.clockAt(now)).toBe(clock.at);
  expect(time.whenClockShows(clock.at)).toBe(now);
  expect(time.clockAt(time.whenClockShows(12_345))).toBe(12_345);
});

it('whenHostShows uses the axis of a host with one clock', () => {
  const { clock, time } = begin();
  time.now();
  clock.at -= HOUR_MS;
  const now = time.now();
  expect(time.whenHostShows(clock.at - 5)).toBe(now - 5);
  expect(time.clockJumpMs()).toBe(0);
});

describe('with a monotonic clock', () => {
  it('[L10] a jump of the wall clock moves no deadline', () => {
    const { time, pass } = beginMonotonic();
    const deadline = time.now() + 10_000;
    for (const jumpMs of [HOUR_MS, -5 * HOUR_MS, -1, 86_400_000]) {
      pass(0, jumpMs);
      expect(time.now()).toBe(deadline - 10_000);
    }
    pass(9_999);
    expect(time.now()).toBe(deadline - 1);
    pass(1);
    expect(time.now()).toBe(deadline);
  });

  it('starts at the time of the wall clock, in whole milliseconds', () => {
    const { time, pass } = beginMonotonic();
    expect(Math.abs(time.now() - START)).toBeLessThanOrEqual(1);
    pass(0.6);
    expect(Number.isInteger(time.now())).toBe(true);
  });

  it('[L10] stamps follow the wall clock, and stand still after it was set back', () => {
    const { time, pass } = beginMonotonic();
    expect(time.stamp()).toBe(START);
    pass(1_000, HOUR_MS);
    expect(time.stamp()).toBe(START + 1_000 + HOUR_MS);
    pass(1_000, -2 * HOUR_MS);
    expect(time.stamp()).toBe(START + 1_000 + HOUR_MS);
  });

  it('[O5] clockAt and whenClockShows use the current wall clock', () => {
    const { clock, time, pass } = beginMonotonic();
    pass(1_000, HOUR_MS);
    const now = time.now();
    expect(time.clockAt(now)).toBe(clock.at);
    expect(time.whenClockShows(clock.at + 5)).toBe(now + 5);
    expect(time.shiftMs).toBe(now - clock.at);
  });

  it('whenHostShows uses the axis of the monotonic clock', () => {
    const { monotonic, time, pass } = beginMonotonic();
    pass(5_000, -HOUR_MS);
    expect(time.whenHostShows(monotonic.at - 30)).toBe(time.now() - 30);
  });

  it('[L9, L10] clockJumpMs is the signed difference that the clocks gained since the last reading', () => {
    const { monotonic, time, pass } = beginMonotonic();
    pass(60_000);
    expect(time.clockJumpMs()).toBe(0);
    pass(1_000, HOUR_MS);
    expect(time.clockJumpMs()).toBe(-HOUR_MS);
    expect(time.clockJumpMs()).toBe(0);
    pass(1_000, -HOUR_MS);
    expect(time.clockJumpMs()).toBe(HOUR_MS);
    // A machine that was suspended: the monotonic clock stood still meanwhile.
    pass(9_000);
    monotonic.at -= 9_000;
    expect(time.clockJumpMs()).toBe(-9_000);
  });

  it('[S2, L10] continues from the stored time, whatever the wall clock shows', () => {
    const kept = START + HOUR_MS;
    const { time, pass } = beginMonotonic({ latest: kept });
    expect(time.now() - kept).toBeLessThanOrEqual(1);
    expect(time.now()).toBeGreaterThanOrEqual(kept);
    pass(7);
    expect(time.now() - kept).toBeGreaterThanOrEqual(7);
    const shifted = beginMonotonic({ shiftMs: HOUR_MS, latest: START });
    expect(Math.abs(shifted.time.now() - kept)).toBeLessThanOrEqual(1);
  });
});
