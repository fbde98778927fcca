import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import type { Caller } from '../../../model/namespace-api';
import { assertMayChange } from '../access/ownership';
import type { Draft } from '../commit/draft';

/**
 * Removes an instance; one that is gone already is no mistake, unless a precondition says so.
 *
 * @throws {RegistryError} `FORBIDDEN`, `REVISION_MISMATCH`.
 */
export function deregister(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  precondition: Precondition,
): OperationResult['outcome'] {
  const current = draft.instance(key);
  if (current !== undefined) assertMayChange(caller, key, current.record.owner);
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (current === undefined) return 'absent';
  draft.removeInstance(key, 'deregistered');
  return 'removed';
}
