import { asRead, type InstanceKey } from '../../model/batch';
import { hasCode } from '../../model/errors';
import { OVERRIDE_TRIES_MAX_COUNT } from '../../model/limits';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { Override, OverrideView } from '../../model/override';
import { findOverride } from './find-record';

/**
 * Changes the override of an instance, for dialects that know only a part of an override: the rest, such as a
 * quarantine, stays, even if it is set at the same time. An override that becomes empty is cleared.
 *
 * @param change Returns the new override for the current one; called again if that has changed meanwhile.
 * @throws {RegistryError} The errors of `change`, and `REVISION_MISMATCH` if others keep changing the override.
 */
export async function changeOverride(
  namespace: NamespaceApi,
  caller: Caller,
  key: InstanceKey,
  change: (before: Override) => Override,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const view = await findOverride(namespace, key, caller.tokenId);
    const override = change(membersOf(view));
    const precondition = asRead(view);
    const isEmpty = Object.values(override).every((member) => member === undefined);
    if (isEmpty && view === undefined) return;
    try {
      if (isEmpty) await namespace.clearOverride(caller, { key, precondition });
      else await namespace.putOverride(caller, { key, override, precondition });
      return;
    } catch (error) {
      if (!hasCode(error, 'REVISION_MISMATCH') || tried === OVERRIDE_TRIES_MAX_COUNT) throw error;
    }
  }
}

/** Returns an override as it was put, without the members that the registry adds. */
export function membersOf(view: OverrideView | undefined): Override {
  if (view === undefined) return {};
  const { actor: _actor, revision: _revision, updatedAt: _updatedAt, ...override } = view;
  return override;
}
