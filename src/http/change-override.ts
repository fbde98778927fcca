import type { InstanceKey } from '../model/batch';
import { RegistryError, type RegistryErrorCode } from '../model/errors';
import { readJsonText } from '../model/json-text';
import { OVERRIDE_TRIES_MAX_COUNT } from '../model/limits';
import type { Caller, NamespaceApi } from '../model/namespace-api';
import type { Override, OverrideView } from '../model/override';

const hasCode = (error: unknown, code: RegistryErrorCode): boolean =>
  error instanceof RegistryError && error.code === code;

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
    const view = await readOverride(namespace, key, caller.tokenId);
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

/** What is said over an instance; undefined where nothing is. */
export async function readOverride(
  namespace: NamespaceApi,
  key: InstanceKey,
  tokenId: string,
): Promise<OverrideView | undefined> {
  try {
    const { body } = await namespace.readOverride({ key, tokenId });
    return body === null ? undefined : readJsonText(body);
  } catch (error) {
    if (hasCode(error, 'INSTANCE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** An override as it was put, without what the registry knows of it. */
export function saidIn(view: OverrideView | undefined): Override {
  if (view === undefined) return {};
  const { actor: _actor, revision: _revision, updatedAt: _updatedAt, ...override } = view;
  return override;
}
