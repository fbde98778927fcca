import type { InstanceKey, OperationResult, Precondition } from '../../model/batch';
import type { Draft } from '../draft';

/**
 * Removes an instance; one that is gone already is no mistake, unless a precondition says so.
 *
 * @throws {RegistryError} `REVISION_MISMATCH`.
 */
export function deregister(draft: Draft, key: InstanceKey, precondition: Precondition): OperationResult['outcome'] {
  const current = draft.instance(key);
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (current === undefined) return 'absent';
  draft.removeInstance(key, 'deregistered');
  return 'removed';
}
