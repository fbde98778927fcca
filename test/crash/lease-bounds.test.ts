import { expect, test } from 'vitest';
import { leaseBounds } from './lease-bounds';

const lease = { ttlMs: 1_500, removeAfterMs: 3_000, sentAt: 10_000, answeredAt: 10_050 };

const outage = (from: number, until: number) => ({ from, downBy: from, until });

test('without an outage a lease ends when it says', () => {
  expect(leaseBounds(lease, 1_500, [])).toEqual({ earliest: 11_500, latest: 11_550 });
  expect(leaseBounds(lease, 3_000, [outage(5_000, 6_000)])).toEqual({ earliest: 13_000, latest: 13_050 });
  expect(leaseBounds(lease, 3_000, [outage(20_000, 21_000)])).toEqual({ earliest: 13_000, latest: 13_050 });
});

test('the first outage lets it count from its end, a later one leaves half of its time at least', () => {
  const outages = [outage(10_500, 11_000), outage(11_800, 12_200)];
  expect(leaseBounds(lease, 1_500, outages.slice(0, 1))).toEqual({ earliest: 12_000, latest: 12_500 });
  expect(leaseBounds(lease, 1_500, outages)).toEqual({ earliest: 12_550, latest: 13_700 });
  expect(leaseBounds(lease, 3_000, outages)).toEqual({ earliest: 14_050, latest: 15_200 });
});

test('one that is unhealthy already may be extended, and need not', () => {
  expect(leaseBounds(lease, 3_000, [outage(11_600, 12_000)])).toEqual({ earliest: 13_000, latest: 15_000 });
});

test('while an outage lasts nothing is too late, and a lease that may have lapsed before it is not too early', () => {
  const open = { from: 10_500, downBy: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY };
  expect(leaseBounds(lease, 1_500, [open])).toEqual({ earliest: 11_500, latest: Number.POSITIVE_INFINITY });
});

test('one that has lapsed and was not swept yet is extended by an outage, and need not be', () => {
  expect(leaseBounds(lease, 3_000, [outage(13_100, 14_000)])).toEqual({ earliest: 13_000, latest: 17_000 });
});
