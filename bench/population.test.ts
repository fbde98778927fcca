import { describe, expect, it } from 'vitest';
import { placeOf, registrationBatch, servicesOfTwenty } from './population';

function sizes(count: number): Map<string, number> {
  const services = new Map<string, number>();
  for (let n = 0; n < count; n++) {
    const { service } = placeOf(n);
    services.set(service, (services.get(service) ?? 0) + 1);
  }
  return services;
}

describe('population', () => {
  it('fills services of 20 to 100 instances', () => {
    expect([...sizes(3_000).values()].sort((a, b) => a - b)).toEqual(
      [20, 40, 60, 80, 100].flatMap((size) => Array(10).fill(size)),
    );
  });

  it('gives every instance its own id', () => {
    expect(new Set(Array.from({ length: 5_000 }, (_, n) => placeOf(n).id)).size).toBe(5_000);
  });

  it.each([100, 10_000])('names the services with exactly twenty of %i instances', (count) => {
    const all = [...sizes(count)].filter(([, size]) => size === 20).map(([service]) => service);
    expect(servicesOfTwenty(count)).toEqual(all);
  });

  it('omits a service with fewer than twenty instances', () => {
    expect(servicesOfTwenty(310)).toHaveLength(1);
    expect(servicesOfTwenty(320)).toHaveLength(2);
  });

  it('makes batches of equal length whose instances have different addresses', () => {
    const one = registrationBatch(7, 8, {});
    const other = registrationBatch(99_999, 100_000, { generation: 123 });
    expect(one).not.toBe(other);
    expect(one).toHaveLength(other.length);
  });
});
