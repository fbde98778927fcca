import {
  SELF_PRESERVATION_INSTANCES_MIN_COUNT,
  SELF_PRESERVATION_RENEWING_MIN_PERCENT_COUNT,
} from '../../../model/limits';
import type { StoredState } from '../commit/commit-state';
import { type InstanceEntry, isHealthy } from '../records/catalog-entries';

/** The parts of a namespace that show how many of its clients renew. */
type PreservedState = Pick<StoredState, 'catalog' | 'leases' | 'settings' | 'checkpoints' | 'platform'>;

/** Renewals per minute that Eureka's server expects of a client. */
const RENEWALS_A_MINUTE = 2;

/**
 * Returns whether so few clients of the Eureka dialect renew that the network is more likely at fault than the clients:
 * Eureka's self-preservation, by its formula. A client counts as renewing if it did so within two of its own intervals;
 * Eureka counts the renewals of the last minute, and assumes an interval of 30 s for every client.
 *
 * Source: Netflix' `PeerAwareInstanceRegistryImpl`: nothing is evicted unless the renewals are more than
 * `(int) (clients * 2 * 0.85)`.
 */
function preservesItself(state: PreservedState, now: number): boolean {
  if (!state.settings.selfPreservation) return false;
  let clients = 0;
  let renewing = 0;
  for (const service of state.catalog.services()) {
    for (const entry of service.instances.values()) {
      if (!isEurekas(entry)) continue;
      clients += 1;
      if (now - state.leases.renewedAt(entry.lease) < 2 * (entry.terms?.intervalMs ?? 0)) renewing += 1;
    }
  }
  if (clients < SELF_PRESERVATION_INSTANCES_MIN_COUNT) return false;
  const threshold = Math.floor((clients * RENEWALS_A_MINUTE * SELF_PRESERVATION_RENEWING_MIN_PERCENT_COUNT) / 100);
  return renewing * RENEWALS_A_MINUTE <= threshold;
}

/**
 * Divides expired instances into those that are removed, and those that are kept and checked again one time to live later.
 * Every other dialect shows the latter as unhealthy.
 */
export function partPreserved(
  state: PreservedState,
  expired: readonly InstanceEntry[],
  now: number,
): { expired: readonly InstanceEntry[]; unhealthy: InstanceEntry[] } {
  if (!expired.some(isEurekas) || !preservesItself(state, now)) return { expired, unhealthy: [] };
  const kept = expired.filter(isEurekas);
  for (const { lease, terms } of kept) state.leases.askAgainAfter(lease, terms?.ttlMs ?? 0, now);
  // As after renewals, a wake that finds the checkpoint open must listen for a while before it ends leases.
  state.checkpoints.open();
  state.platform.log('warn', 'self-preservation: too few clients renew; expired instances are kept', {
    kept: kept.length,
  });
  return { expired: expired.filter((entry) => !isEurekas(entry)), unhealthy: kept.filter(isHealthy) };
}

/** Returns whether the Eureka dialect registered an instance: only its leases have a different first term. */
const isEurekas = ({ terms }: InstanceEntry): boolean => terms?.firstRemoveAfterMs !== undefined;
