import type { InstanceKey } from '../../model/batch';
import { hasCode } from '../../model/errors';
import { OVERRIDE_TRIES_MAX_COUNT } from '../../model/limits';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { Override, OverrideView } from '../../model/override';
import { findOverride } from './find-record';

/**
 * Changes what operators say of an instance, for dialects that know only a part of an override: the rest, such as a
 * quarantine, stays, also where it is said at the same time. An override that says nothing any more is cleared.
 *
 * @param change Makes the whole override from the one that is there; may be called again for a newer one.
 * @throws {RegistryError} What `change` throws, and `REVISION_MISMATCH` where others write without a pause.
 */
export async function changeOverride(
  namespace: NamespaceApi,
  caller: Caller,
  key: InstanceKey,
  change: (before: Override) => Override,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    const view = await findOverride(namespace, key, caller.tokenId);
    const override = change(saidIn(view));
    const precondition = view === undefined ? { absent: true } : { revision: view.revision };
    const isSilent = Object.values(override).every((member) => member === undefined);
    if (isSilent && view === undefined) return;
    try {
      if (isSilent) await namespace.clearOverride(caller, { key, precondition });
      else await namespace.putOverride(caller, { key, override, precondition });
      return;
    } catch (error) {
      if (!hasCode(error, 'REVISION_MISMATCH') || tried === OVERRIDE_TRIES_MAX_COUNT) throw error;
    }
  }
}

/** An override as it was put, without what the registry knows of it. */
export function saidIn(view: OverrideView | undefined): Override {
  if (view === undefined) return {};
  const { actor: _actor, revision: _revision, updatedAt: _updatedAt, ...override } = view;
  return override;
}
