import { expect, it } from 'vitest';
import { NamespaceTime } from './namespace-time';

const HOUR_MS = 3_600_000;
const START = 1_000_000_000;

/** A time whose clock is moved by setting `clock.at`. */
function begin({ shiftMs = 0, latest = 0, latestStamp = 0 } = {}) {
  const clock = { at: START };
  return { clock, time: new NamespaceTime({ now: () => clock.at }, shiftMs, latest, latestStamp) };
}

it('now is the time of the clock', () => {
  const { clock, time } = begin();
  expect(time.now()).toBe(START);
  clock.at += 5;
  expect(time.now()).toBe(START + 5);
  expect(time.shiftMs).toBe(0);
});

it('[L10] now stands still when the clock jumps back, and goes on at its pace', () => {
  const { clock, time } = begin();
  time.now();
  clock.at -= HOUR_MS;
  expect(time.now()).toBe(START);
  expect(time.shiftMs).toBe(HOUR_MS);
  clock.at += 1_000;
  expect(time.now()).toBe(START + 1_000);
});

it('[L10] now keeps what was ten seconds away ten seconds away, over several jumps back', () => {
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

it('[S2] goes on from the time that was kept, though the clock was set back meanwhile', () => {
  const { clock, time } = begin({ latest: START + HOUR_MS });
  expect(time.now()).toBe(START + HOUR_MS);
  clock.at += 7;
  expect(time.now()).toBe(START + HOUR_MS + 7);
});

it('[S2] goes on with the shift that was kept', () => {
  const { time } = begin({ shiftMs: HOUR_MS, latest: START });
  expect(time.now()).toBe(START + HOUR_MS);
});

it('stamp is the time of the clock, and never less than the stamp before', () => {
  const { clock, time } = begin({ latestStamp: START + 10 });
  expect(time.stamp()).toBe(START + 10);
  clock.at += 20;
  expect(time.stamp()).toBe(START + 20);
  clock.at -= HOUR_MS;
  expect(time.stamp()).toBe(START + 20);
});

it('clockAt and whenClockShows are each other the other way round', () => {
  const { clock, time } = begin();
  time.now();
  clock.at -= HOUR_MS;
  const now = time.now();
  expect(time.clockAt(now)).toBe(clock.at);
  expect(time.whenClockShows(clock.at)).toBe(now);
  expect(time.clockAt(time.whenClockShows(12_345))).toBe(12_345);
});
