import { expect, test } from 'vitest';
import { leaseBounds, type Outage } from './lease-bounds';

const lease = { ttlMs: 1_500, removeAfterMs: 3_000, sentAt: 10_000, answeredAt: 10_050, isRegistration: true };
/** Delay that a busy machine may add. */
const BUSY_MS = 6_500;

const crash = (from: number, until: number): Outage => ({ from, downBy: from, until });
const freeze = (from: number, until: number): Outage => ({
  from,
  downBy: Number.POSITIVE_INFINITY,
  frozenUntil: until,
  until,
});

test('without an outage a lease ends after its limit, and within a second', () => {
  expect(leaseBounds(lease, 1_500, [])).toEqual({ earliest: 11_750, latest: 12_550 + BUSY_MS });
  expect(leaseBounds(lease, 3_000, [crash(5_000, 6_000)])).toEqual({ earliest: 13_250, latest: 14_050 + BUSY_MS });
  expect(leaseBounds(lease, 3_000, [crash(40_000, 41_000)])).toEqual({ earliest: 13_250, latest: 14_050 + BUSY_MS });
});

test('an outage ends no lease before its limit, and may add a time to live of listening', () => {
  const outages = [crash(10_500, 11_000), crash(11_800, 15_000)];
  expect(leaseBounds(lease, 1_500, outages.slice(0, 1))).toEqual({ earliest: 11_750, latest: 14_500 + BUSY_MS });
  expect(leaseBounds(lease, 1_500, outages)).toEqual({ earliest: 11_750, latest: 18_500 + BUSY_MS });
});

test('a crash that may have lost the renewal leaves a second of listening', () => {
  const renewed = { ...lease, isRegistration: false };
  expect(leaseBounds(renewed, 3_000, [crash(10_500, 11_000)]).earliest).toBe(11_500);
  expect(leaseBounds(renewed, 1_500, [crash(10_900, 11_000)]).earliest).toBe(11_750);
});

test('a freeze that is longer than a look gives a lease a whole time to live, and a shorter one may not', () => {
  expect(leaseBounds(lease, 1_500, [freeze(10_500, 13_400)]).earliest).toBe(11_750);
  expect(leaseBounds(lease, 1_500, [freeze(10_500, 13_500)]).earliest).toBe(15_000);
  expect(leaseBounds(lease, 3_000, [freeze(10_500, 13_500)]).earliest).toBe(15_000);
});

test('a freeze that began when the lease was due guarantees it no extra time', () => {
  expect(leaseBounds(lease, 1_500, [freeze(11_600, 20_000)]).earliest).toBe(11_750);
});

test('nothing is overdue during an outage', () => {
  const open = { from: 10_500, downBy: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  expect(leaseBounds(lease, 1_500, [open])).toEqual({ earliest: 11_750, latest: Number.POSITIVE_INFINITY });
});
