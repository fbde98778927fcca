import { describe, expect, it } from 'vitest';
import { grantLease } from '../../../model/lease';
import { DEFAULT_LEASE, LeaseTerms, leaseText } from './lease-terms';

describe('leaseText', () => {
  it('is null for what a registration gets that asks for nothing', () => {
    expect(leaseText(grantLease(undefined))).toBeNull();
    expect(new LeaseTerms().read(null)).toBe(DEFAULT_LEASE);
  });

  it('keeps other terms apart from the default', () => {
    for (const request of [
      { ttlMs: 30_001 },
      { removeAfterMs: null },
      { intervalMs: 1 },
      { firstRemoveAfterMs: 90_000 },
    ]) {
      const lease = grantLease(request);
      expect(new LeaseTerms().read(leaseText(lease)), JSON.stringify(request)).toEqual(lease);
    }
  });
});

describe('LeaseTerms', () => {
  it('keeps the same terms once, however many leases have them', () => {
    const terms = new LeaseTerms();
    const text = leaseText(grantLease({ ttlMs: 15_000, removeAfterMs: 30_000 }));
    expect(terms.read(text)).toBe(terms.read(text));
  });

  it('goes on where there are very many different ones', () => {
    const terms = new LeaseTerms();
    for (let ttlMs = 1_000; ttlMs < 4_000; ttlMs++) {
      expect(terms.read(leaseText(grantLease({ ttlMs }))).ttlMs).toBe(ttlMs);
    }
  });
});
