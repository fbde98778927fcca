import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { BackOff } from './back-off';

/** Time whose chance is always the same. */
function timeWith(random: number): HandTime {
  const time = new HandTime();
  time.random = () => random;
  return time;
}

describe('back-off', () => {
  it('doubles with each failure up to its maximum, and starts again after a success', () => {
    const backOff = new BackOff(timeWith(0.5));
    expect([1, 2, 3, 4, 5, 6].map(() => backOff.next())).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    backOff.reset();
    expect(backOff.next()).toBe(500);
  });

  it('is any duration up to that', () => {
    expect(new BackOff(timeWith(0)).next()).toBe(0);
    expect(new BackOff(timeWith(0.999)).next()).toBe(999);
  });

  it('uses the delay that the registry sent, even above its own maximum', () => {
    const backOff = new BackOff(timeWith(0.5));
    backOff.spreadMs = 30_000;
    backOff.mostMs = 1_000;
    expect([backOff.next(), backOff.next()]).toEqual([15_000, 15_000]);
  });

  it('is limited by a short lease', () => {
    const backOff = new BackOff(timeWith(0.5));
    backOff.mostMs = 2_000;
    expect([1, 2, 3].map(() => backOff.next())).toEqual([500, 1_000, 1_000]);
  });
});
