import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import type { Cause } from '../../../model/history';
import type { Caller } from '../../../model/namespace-api';
import type { Override } from '../../../model/override';
import { assertOperates } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { missingInstance } from '../records/catalog';

/**
 * Sets the override of an instance, replacing all of the previous one. The instance may be gone if its override still
 * exists.
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
 * Clears an override. It is not an error if there is none.
 *
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`.
 */
export function clearOverride(draft: Draft, caller: Caller, key: InstanceKey, precondition: Precondition): void {
  assertOperates(caller, key);
  const current = draft.override(key);
  draft.require({ kind: 'override', ...key }, current, precondition);
  if (current !== undefined) draft.putOverride(key, null, 'overridden');
}

/** Returns an override with its members in a fixed order, so that equal overrides have equal text. */
export function inOrder({ enabled, weight, status, metadata, quarantine }: Override): Override {
  return {
    ...(enabled === undefined ? {} : { enabled }),
    ...(weight === undefined ? {} : { weight }),
    ...(status === undefined ? {} : { status }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(quarantine === undefined ? {} : { quarantine: { until: quarantine.until, reason: quarantine.reason } }),
  };
}
