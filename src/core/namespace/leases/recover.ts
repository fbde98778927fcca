import type { InstanceKey } from '../../../model/batch';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/missing';
import { withHealth } from '../records/records';

/**
 * Renews the lease of an instance that had turned unhealthy: it is healthy again. Named twice in one call, it recovers
 * once.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND`.
 */
export function recover(draft: Draft, key: InstanceKey): void {
  const current = draft.instance(key);
  if (current === undefined) throw missingInstance(key);
  if (current.record.healthy) return;
  draft.putInstance(key, withHealth(current.record, true, draft.stamp), 'recovered', true);
}
