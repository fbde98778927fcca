import { expect, it } from 'vitest';
import { percentile, runLoad } from './load';

const forever = { durationMs: 60_000, signal: new AbortController().signal, progress: () => {} };

it('makes a limited number of concurrent calls, and a fixed number in total', async () => {
  let open = 0;
  let most = 0;
  const numbers: number[] = [];
  const call = async (index: number) => {
    open += 1;
    most = Math.max(most, open);
    numbers.push(index);
    await new Promise((wake) => setTimeout(wake, 1));
    open -= 1;
  };
  const { calls, errors } = await runLoad({ ...forever, concurrency: 4, mostCalls: 10, call });
  expect({ calls, errors, most }).toEqual({ calls: 10, errors: 0, most: 4 });
  expect(numbers).toEqual(Array.from({ length: 10 }, (_, index) => index));
});

it('counts errors separately, keeps the first, and continues', async () => {
  const call = async (index: number) => {
    if (index % 2 === 0) throw new Error(`call ${index}`);
  };
  const result = await runLoad({ ...forever, concurrency: 1, mostCalls: 5, call });
  expect(result).toMatchObject({ calls: 2, errors: 3, firstError: new Error('call 0') });
});

it('ends after its duration, and on the signal', async () => {
  const call = () => new Promise((wake) => setTimeout(wake, 1));
  const short = await runLoad({ ...forever, concurrency: 2, durationMs: 30, call });
  expect(short.seconds).toBeGreaterThanOrEqual(0.03);
  expect(short.seconds).toBeLessThan(5);
  const stopped = await runLoad({ ...forever, concurrency: 2, signal: AbortSignal.timeout(30), call });
  expect(stopped.seconds).toBeLessThan(5);
});

it('computes percentiles by nearest rank', () => {
  const sorted = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  expect([0.5, 0.9, 0.99].map((share) => percentile(sorted, share))).toEqual([5, 9, 10]);
  expect(percentile([], 0.5)).toBe(0);
});
