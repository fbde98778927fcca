import { expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { leaseOf } from './lease';

const times = (interval?: string, timeout?: string, removal?: string) => ({
  ...(interval === undefined ? {} : { 'preserved.heart.beat.interval': interval }),
  ...(timeout === undefined ? {} : { 'preserved.heart.beat.timeout': timeout }),
  ...(removal === undefined ? {} : { 'preserved.ip.delete.timeout': removal }),
});

it('[Y4] follows the metadata', () =>
  eachRow(
    [
      [times(), 5_000, 15_000, 30_000],
      [times('1000', '3000', '6000'), 1_000, 3_000, 6_000],
      [times('x', '-1', '1.5'), 5_000, 15_000, 30_000],
      [times(undefined, undefined, '8000'), 5_000, 8_000, 8_000],
    ],
    (metadata, intervalMs, ttlMs, removeAfterMs) => {
      expect(leaseOf(metadata)).toEqual({ ttlMs, removeAfterMs, intervalMs });
    },
  ));

it('[Y4] is refused if its times contradict', () => {
  for (const metadata of [times('20000'), times(undefined, '4000'), times(undefined, undefined, '4000')]) {
    const message = "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.";
    expect(() => leaseOf(metadata)).toThrow(expect.objectContaining({ message, details: { dialectCode: 21_004 } }));
  }
});

it('[Y4] is refused if its times are outside the limits of a lease', () => {
  for (const metadata of [
    times('0'),
    times('100', '500'),
    times('100', '1000', '999'),
    times('1', '86400001', '86400001'),
  ]) {
    expect(() => leaseOf(metadata)).toThrow('must be between');
  }
});
