import type { InstanceEntry } from '../records/catalog';
import { decodeInstance } from '../records/records';
import type { StoredState } from './commit-state';
import type { JournaledRenewals } from './journaled-change';

/**
 * How the lease of an instance was renewed, by the clock; undefined without a lease. Gaps are known since it was
 * registered or, as they live in memory, since the registry woke.
 */
export function renewalsOf(
  { leases, time, counters }: StoredState,
  entry: InstanceEntry,
): JournaledRenewals | undefined {
  const { lease } = entry;
  if (lease < 0) return undefined;
  return {
    lastAt: Math.floor(time.clockAt(leases.renewedAt(lease))),
    longestGapMs: leases.longestGapMs(lease),
    gapsSince: Math.max(counters.wokeAt, decodeInstance(entry.text).registeredAt),
  };
}
