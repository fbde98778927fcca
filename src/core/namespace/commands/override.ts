import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import type { Cause } from '../../../model/history';
import type { Caller } from '../../../model/namespace-api';
import type { Override } from '../../../model/override';
import { assertOperates } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/catalog';

/**
 * Sets what the operator says about an instance, all of it anew. The instance may be gone as long as its override
 * lingers.
 *
 * @throws {RegistryError} `FORBIDDEN`, `INSTANCE_NOT_FOUND`, `REVISION_MISMATCH`.
 */
export function putOverride(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  override: Override,
  precondition: Precondition,
): OperationResult['outcome'] {
  assertOperates(caller, key);
  const current = draft.override(key);
  draft.require({ kind: 'override', ...key }, current, precondition);
  if (current === undefined && draft.instance(key) === undefined) throw missingInstance(key);
  const ordered = inOrder(override);
  if (current !== undefined && JSON.stringify(current.record.override) === JSON.stringify(ordered)) return 'unchanged';
  const cause: Cause = override.quarantine === undefined ? 'overridden' : 'quarantined';
  draft.putOverride(key, { override: ordered, actor: caller.tokenId, updatedAt: draft.stamp }, cause);
  return current === undefined ? 'created' : 'changed';
}

/**
 * Clears an override; one that is not there is no mistake.
 *
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`.
 */
export function clearOverride(draft: Draft, caller: Caller, key: InstanceKey, precondition: Precondition): void {
  assertOperates(caller, key);
  const current = draft.override(key);
  draft.require({ kind: 'override', ...key }, current, precondition);
  if (current !== undefined) draft.putOverride(key, null, 'overridden');
}

/** Members in one order, so that the same override has the same text. */
export function inOrder({ enabled, weight, status, metadata, quarantine }: Override): Override {
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(weight === undefined ? {} : { weight }),
    ...(status === undefined ? {} : { status }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(quarantine === undefined ? {} : { quarantine: { until: quarantine.until, reason: quarantine.reason } }),
  };
}
