import {
  SELF_PRESERVATION_INSTANCES_MIN_COUNT,
  SELF_PRESERVATION_RENEWING_MIN_PERCENT_COUNT,
} from '../../../model/limits';
import type { StoredState } from '../commit/commit-state';
import { type InstanceEntry, isHealthy } from '../records/catalog-entries';

/** The parts of a namespace that tell how many of its clients renew. */
type PreservedState = Pick<StoredState, 'catalog' | 'leases' | 'settings' | 'checkpoints' | 'platform'>;

/** Renewals that Eureka's server expects of a client in a minute. */
const RENEWALS_A_MINUTE = 2;

/**
 * Says whether so few clients of Eureka's door renew that the network is more likely at fault than they: Eureka's
 * self-preservation, by its formula. It counts a client as renewing that did so within two of its own intervals; Eureka
 * takes the renewals of the last minute, and 30 s for everybody's interval.
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
 * Divides what has lapsed into what goes, and what is kept and asked again one time to live later. What is kept is
 * unhealthy in every other dialect.
 */
export function partPreserved(
  state: PreservedState,
  expired: readonly InstanceEntry[],
  now: number,
): { gone: readonly InstanceEntry[]; unhealthy: InstanceEntry[] } {
  if (!expired.some(isEurekas) || !preservesItself(state, now)) return { gone: expired, unhealthy: [] };
  const kept = expired.filter(isEurekas);
  for (const { lease, terms } of kept) state.leases.askAgainAfter(lease, terms?.ttlMs ?? 0, now);
  // As with renewals, a wake that finds it open listens for a while before it judges.
  state.checkpoints.open();
  state.platform.log('warn', 'self-preservation: too few renew, so what lapsed is kept', { kept: kept.length });
  return { gone: expired.filter((entry) => !isEurekas(entry)), unhealthy: kept.filter(isHealthy) };
}

/** Only that door grants a lease that tells its first term from the others. */
const isEurekas = ({ terms }: InstanceEntry): boolean => terms?.firstRemoveAfterMs !== undefined;
