import { expect, it } from 'vitest';
import { timestamp } from './timestamp';

it.each([0, 1, 999, 1_000, 1_893_456_000_123, 1_893_456_000_999, 1_893_456_001_000, 1_893_456_000_007])(
  'timestamp is RFC 3339 in UTC, to the millisecond: %d',
  (time) => {
    expect(timestamp(time)).toBe(new Date(time).toISOString());
  },
);
