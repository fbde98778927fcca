import { expect, it } from 'vitest';
import { RequestCounts } from './request-counts';

it('[G6] puts each duration into the buckets that hold it', () => {
  const counts = new RequestCounts();
  for (const durationMs of [0, 1, 1.5, 2.5, 9_999, 60_000]) {
    counts.note({ method: 'GET', route: '/x', status: 200, durationMs });
  }
  const samples = counts.families().find(({ type }) => type === 'histogram')?.samples ?? [];
  const at = (le: string) => samples.find(({ labels }) => labels.le === le)?.value;
  expect(['0.001', '0.0025', '0.005', '2.5', '10', '+Inf'].map(at)).toEqual([2, 4, 4, 4, 5, 6]);
  expect(samples.find(({ suffix }) => suffix === '_sum')?.value).toBeCloseTo(70.004);
  expect(samples.find(({ suffix }) => suffix === '_count')?.value).toBe(6);
});
