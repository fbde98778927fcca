import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { grantLease, LeaseRequest } from './lease';
import { HEARTBEATS_PER_TTL_COUNT, LEASE_REMOVE_AFTER_MAX_MS, LEASE_TTL_MAX_MS, LEASE_TTL_MIN_MS } from './limits';

const problems = (request: unknown) =>
  LeaseRequest.safeParse(request).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('grantLease', () => {
  it('[R6] defaults to 30 s, removal at the same time, and a heartbeat every third of it', () => {
    const granted = { ttlMs: 30_000, removeAfterMs: 30_000, intervalMs: 10_000 };
    expect(grantLease(undefined)).toEqual(granted);
    expect(grantLease(null)).toEqual(granted);
    expect(grantLease({})).toEqual(granted);
  });

  it('uses requested values', () => {
    const asked = { ttlMs: 5_000, removeAfterMs: null, intervalMs: 1_000, firstRemoveAfterMs: 60_000 };
    expect(grantLease(asked)).toEqual(asked);
  });

  it('always leaves room for the heartbeats, and never removes an instance before it is unhealthy', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            ttlMs: fc.integer({ min: LEASE_TTL_MIN_MS, max: LEASE_TTL_MAX_MS }),
            removeAfterMs: fc.option(fc.integer({ min: LEASE_TTL_MIN_MS, max: LEASE_REMOVE_AFTER_MAX_MS })),
          },
          { requiredKeys: [] },
        ),
        (asked) => {
          const parsed = LeaseRequest.safeParse(asked);
          fc.pre(parsed.success);
          const lease = grantLease(parsed.data);
          expect(lease.intervalMs * HEARTBEATS_PER_TTL_COUNT).toBeLessThanOrEqual(lease.ttlMs);
          expect(lease.intervalMs).toBeGreaterThan(0);
          expect(lease.removeAfterMs ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(lease.ttlMs);
        },
      ),
    );
  });
});

describe('LeaseRequest', () => {
  it('[R14] accepts both bounds and nothing beyond them', () => {
    expect(problems({ ttlMs: LEASE_TTL_MIN_MS })).toEqual([]);
    expect(problems({ ttlMs: LEASE_TTL_MAX_MS, removeAfterMs: LEASE_REMOVE_AFTER_MAX_MS })).toEqual([]);
    expect(problems({ ttlMs: LEASE_TTL_MIN_MS - 1 })).toHaveLength(1);
    expect(problems({ ttlMs: LEASE_TTL_MAX_MS + 1 })).toHaveLength(1);
    expect(problems({ removeAfterMs: LEASE_REMOVE_AFTER_MAX_MS + 1 })).toHaveLength(1);
  });

  it('checks the times against each other, with the default for an omitted one', () => {
    expect(problems({ ttlMs: 10_000, removeAfterMs: 9_999 })).toEqual([
      'removeAfterMs: removeAfterMs (9999) must not be less than ttlMs (10000)',
    ]);
    expect(problems({ removeAfterMs: 29_999 })).toHaveLength(1);
    expect(problems({ intervalMs: 30_001 })).toHaveLength(1);
    expect(problems({ ttlMs: 10_000, intervalMs: 10_000, removeAfterMs: 10_000 })).toEqual([]);
  });

  it('refuses invalid times', () => {
    for (const request of [
      { ttlMs: 1_000.5 },
      { ttlMs: '30s' },
      { ttlMs: Number.NaN },
      { ttlMs: null },
      { intervalMs: 0 },
      { ttl: 30 },
      [[]],
    ]) {
      expect(problems(request), JSON.stringify(request)).not.toEqual([]);
    }
  });
});
