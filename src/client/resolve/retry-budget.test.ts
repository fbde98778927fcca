import { describe, expect, it } from 'vitest';
import { RetryBudget } from './retry-budget';

/** Retries had in a minute where every call is retried as often as it may be. */
function retriesPerSecond(requestsPerSecond: number): number {
  const budget = new RetryBudget();
  let retries = 0;
  const seconds = 120;
  for (let at = 0; at < seconds * 1_000; at += 1_000 / requestsPerSecond) {
    budget.request(at);
    while (budget.tryRetry(at)) if (at > (seconds * 1_000) / 2) retries += 1;
  }
  return retries / (seconds / 2);
}

describe('RetryBudget', () => {
  it.each([
    [1, 10.2],
    [100, 30],
    [1_000, 210],
  ])('[B16] allows a fifth of %d requests a second and ten on top: %d', (requests, retries) => {
    expect(retriesPerSecond(requests)).toBeGreaterThan(retries * 0.9);
    expect(retriesPerSecond(requests)).toBeLessThan(retries * 1.1);
  });

  it('[B16] does not save up for longer than some ten seconds', () => {
    const budget = new RetryBudget();
    for (let count = 0; count < 10_000; count++) budget.request(0);
    let retries = 0;
    while (budget.tryRetry(60_000)) retries += 1;
    expect(retries).toBe(104); // 100 in reserve, and e^-6 of 2,000
  });
});
