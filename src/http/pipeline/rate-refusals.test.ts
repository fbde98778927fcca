import { expect, it } from 'vitest';
import { RegistryError } from '../../model/errors';
import { RateRefusals } from './rate-refusals';

const OVER_RATE = new RegistryError('LIMIT_EXCEEDED', 'too fast', { retryAfterSeconds: 1, isOverRate: true });

function stage() {
  const time = { now: 1_000_000 };
  const refusals = new RateRefusals(() => time.now);
  const isRefused = (tokenId: string, namespace = 'public'): boolean => {
    try {
      refusals.assertMayAsk(tokenId, namespace);
      return false;
    } catch (error) {
      expect(error).toBe(OVER_RATE);
      return true;
    }
  };
  return { time, refusals, isRefused };
}

it('[N24] refuses a token that was over its rate for a second, in that namespace, and nobody else', () => {
  const { time, refusals, isRefused } = stage();
  expect(isRefused('t')).toBe(false);
  refusals.note('t', 'public', OVER_RATE);
  expect([isRefused('t'), isRefused('other'), isRefused('t', 'staging')]).toEqual([true, false, false]);
  time.now += 999;
  expect(isRefused('t')).toBe(true);
  time.now += 1;
  expect(isRefused('t')).toBe(false);
});

it('[N24] takes no note of what says nothing of the next request', () => {
  const { refusals, isRefused } = stage();
  refusals.note('t', 'public', new RegistryError('LIMIT_EXCEEDED', 'too many sockets', { retryAfterSeconds: 10 }));
  refusals.note('t', 'public', new Error('lost'));
  expect(isRefused('t')).toBe(false);
});

it('[N24] keeps nobody out for longer though the clock goes back, and forgets the oldest beyond its bound', () => {
  const { time, refusals, isRefused } = stage();
  refusals.note('t', 'public', OVER_RATE);
  time.now -= 10_000;
  expect(isRefused('t')).toBe(false);
  for (let count = 0; count <= 1_000; count += 1) refusals.note(`t${count}`, 'public', OVER_RATE);
  expect([isRefused('t0'), isRefused('t1'), isRefused('t1000')]).toEqual([false, true, true]);
});
