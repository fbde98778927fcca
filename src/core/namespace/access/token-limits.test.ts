import { describe, expect, it } from 'vitest';
import {
  ENTRIES_PER_NAMESPACE_MAX_BYTES,
  ENTRIES_PER_NAMESPACE_MAX_COUNT,
  ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES,
  GRANTED_LEASES_MAX_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RATE_BUCKETS_SWEEP_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import type { NamespaceLimits } from '../../../model/namespace';
import { assertShare, mostHeldBy, RateLimiter, shareOf } from './token-limits';

/** Returns how many of a number of simultaneous calls are admitted. */
function admitted(limiter: RateLimiter, tokenId: string | undefined, now: number, calls = 100): number {
  let count = 0;
  for (let call = 0; call < calls; call += 1) {
    try {
      limiter.admit(tokenId, now);
      count += 1;
    } catch {
      // Refused: it is not counted.
    }
  }
  return count;
}

const limiterOf = (limits: NamespaceLimits) => new RateLimiter({ limits });

describe('RateLimiter', () => {
  it('[N24] allows a burst of one second, then the rate', () => {
    const limiter = limiterOf({ perToken: { requestsPerSecond: 10 } });
    expect(admitted(limiter, 't', 0)).toBe(10);
    expect(admitted(limiter, 't', 500)).toBe(5);
    expect(admitted(limiter, 't', 550)).toBe(0);
    expect(admitted(limiter, 't', 60_000)).toBe(10);
  });

  it('[N24] allows a burst of one if the rate is below one per second', () => {
    const limiter = limiterOf({ perToken: { requestsPerSecond: 0.1 } });
    expect([admitted(limiter, 't', 0), admitted(limiter, 't', 9_900), admitted(limiter, 't', 10_000)]).toEqual([
      1, 0, 1,
    ]);
  });

  it('[N24] counts each token separately, and all together', () => {
    const limiter = limiterOf({ requestsPerSecond: 15, perToken: { requestsPerSecond: 10 } });
    expect([admitted(limiter, 'noisy', 0), admitted(limiter, 'quiet', 0)]).toEqual([10, 5]);
  });

  it('[N24] charges other tokens nothing for a refused call', () => {
    const limiter = limiterOf({ requestsPerSecond: 15, perToken: { requestsPerSecond: 10 } });
    admitted(limiter, 'noisy', 0, 1_000);
    expect(admitted(limiter, 'quiet', 0)).toBe(5);
  });

  it('[N24] counts nothing without a limit, and never counts root or internal calls', () => {
    expect(admitted(limiterOf({}), 't', 0)).toBe(100);
    const limiter = limiterOf({ requestsPerSecond: 1, perToken: { requestsPerSecond: 1 } });
    expect([admitted(limiter, 'root', 0), admitted(limiter, undefined, 0)]).toEqual([100, 100]);
  });

  it('[N24] returns the limit that was exceeded, its value, and when to retry', () => {
    const limiter = limiterOf({ perToken: { requestsPerSecond: 0.25 } });
    limiter.admit('t', 0);
    expect(() => limiter.admit('t', 1_000)).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringMatching(/0\.25 .*limits\.perToken\.requestsPerSecond/),
        details: { retryAfterSeconds: 3, isOverRate: true },
      }),
    );
  });

  it('[N24] forgets quiet tokens, however many appear', () => {
    const limiter = limiterOf({ perToken: { requestsPerSecond: 1 } });
    for (let token = 0; token < 5_000; token += 1) limiter.admit(`t${token}`, token * 10);
    expect(limiter.size).toBeLessThanOrEqual(RATE_BUCKETS_SWEEP_COUNT + 1);
  });
});

const ALL = Number.POSITIVE_INFINITY;

describe('shares of a namespace', () => {
  it('[N26] are everything for its operators, also in a call from an earlier version, and most of it for other tokens', () => {
    expect(shareOf({ tokenId: 't', operates: true })).toBe('all');
    expect(shareOf({ tokenId: 't', operates: ['a@@b'] })).toBe('most');
    expect(shareOf({ tokenId: 't', operates: false, share: 'all' })).toBe('all');
  });

  it('[N26] are shares of the namespace’s own limits', () => {
    expect(mostHeldBy({ tokenId: 't' }, {}, 'instances')).toBe(0.75 * INSTANCES_PER_NAMESPACE_MAX_COUNT);
    expect(mostHeldBy({ tokenId: 't', share: 'half' }, {}, 'bytes')).toBe(RECORDS_PER_NAMESPACE_MAX_BYTES / 2);
    expect(mostHeldBy({ tokenId: 't', share: 'half' }, { bytes: 100 }, 'bytes')).toBe(50);
    expect(mostHeldBy({ tokenId: 't', operates: true }, { bytes: 100 }, 'bytes')).toBe(ALL);
  });

  it('[N26] cover entries, their keys and granted leases, too', () => {
    const caller = { tokenId: 't', share: 'half' } as const;
    expect(mostHeldBy(caller, {}, 'entries')).toBe(ENTRIES_PER_NAMESPACE_MAX_COUNT / 2);
    expect(mostHeldBy(caller, {}, 'entryBytes')).toBe(ENTRIES_PER_NAMESPACE_MAX_BYTES / 2);
    expect(mostHeldBy(caller, {}, 'entryKeyBytes')).toBe(ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES / 2);
    expect(mostHeldBy(caller, {}, 'grantedLeases')).toBe(GRANTED_LEASES_MAX_COUNT / 2);
    expect(mostHeldBy(caller, { entryBytes: 100 }, 'entryKeyBytes')).toBe(50);
    expect(mostHeldBy(caller, { perToken: { entryBytes: 90 } }, 'entryKeyBytes')).toBe(90);
    expect(() => assertShare(caller, { entryBytes: 100 }, 'entryKeyBytes', 40, 11)).toThrow(
      'this would give the token 51 bytes of keys, up from 40: as its grants name services or keys, it may have 50 of the ' +
        "namespace's 100, so that others have room; remove some, use several tokens, or ask the namespace's admin to set " +
        'limits.perToken.entryBytes: rollcall ns set --max-entry-bytes-per-token',
    );
  });

  it('[N26] are replaced by limits set per token, except for root', () => {
    const limits = { perToken: { bytes: 7 } };
    expect(mostHeldBy({ tokenId: 't', operates: true }, limits, 'bytes')).toBe(7);
    expect(mostHeldBy({ tokenId: 'root', operates: true }, limits, 'bytes')).toBe(ALL);
    expect(() => assertShare({ tokenId: 't' }, limits, 'bytes', 5, 2)).not.toThrow();
    expect(() => assertShare({ tokenId: 't' }, limits, 'bytes', 5, 3)).toThrow(
      'this would give the token 8 bytes of records, up from 5: the limit limits.perToken.bytes of the namespace allows 7; remove some, or ask its admin to raise it',
    );
  });
});
