import { expect, it } from 'vitest';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { preferredWaitMs } from './preferred-wait';

const wished = (prefer: string) => preferredWaitMs(new Headers({ prefer }));

it.each([
  ['wait=30', 30_000],
  ['wait=0', 0],
  ['Wait = 5', 5_000],
  ['wait="7"', 7_000],
  ['respond-async, wait=10', 10_000],
  ['wait=10;why=slow, handling=lenient', 10_000],
  ['wait', READ_WAIT_DEFAULT_MS],
  ['wait=999999999', WAIT_MAX_MS],
])('[P2] takes Prefer: %s', (prefer, waitMs) => {
  expect(wished(prefer)).toBe(waitMs);
});

it.each(['', 'return=minimal', 'wait=soon', 'wait=-1', 'wait=1.5', 'await=5', 'x=wait', 'wait=5 minutes'])(
  '[P2] leaves Prefer: %s alone',
  (prefer) => {
    expect(wished(prefer)).toBeUndefined();
  },
);

it('[P3] wishes nothing without the header', () => {
  expect(preferredWaitMs(new Headers())).toBeUndefined();
});
