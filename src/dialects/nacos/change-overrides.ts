import { saidIn } from '../../http/dialect-calls/change-override';
import { allOverrides } from '../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { Operation } from '../../model/batch';
import { hasCode } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { OVERRIDE_TRIES_MAX_COUNT } from '../../model/limits';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { Override, OverrideView } from '../../model/override';

/**
 * Changes the overrides of several instances of a service, in one revision. What else an override says, such as a
 * quarantine, stays, also where it is said at the same time.
 *
 * @param instances At most as many as a batch may have operations.
 * @param change Makes the whole override of an instance from the one that is there; undefined: that one stays as it is.
 *   May be called again for a newer one.
 * @throws {RegistryError} What `change` throws, and `REVISION_MISMATCH` where others write without a pause.
 */
export async function changeOverrides(
  namespace: NamespaceApi,
  service: ServiceKey,
  instances: readonly InstanceView[],
  change: (before: Override, instance: InstanceView) => Override | undefined,
  call: RouteCall,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    // The list said which are overridden; where it was too old, they are asked for.
    const areAsked = tried > 1 || instances.some(({ overridden }) => overridden);
    const views = areAsked ? await overridesOf(namespace, service, call.tokenId) : new Map<string, OverrideView>();
    const operations = instances.flatMap((instance): Operation[] => {
      const view = views.get(instance.id);
      const override = change(saidIn(view), instance);
      if (override === undefined) return [];
      const { group, service, id } = instance;
      const precondition = view === undefined ? { absent: true } : { revision: view.revision };
      return [{ op: 'override', key: { group, service, id }, override, precondition }];
    });
    if (operations.length === 0) return;
    try {
      await namespace.batch(call.callerWithOrigin, operations);
      return;
    } catch (error) {
      if (!hasCode(error, 'REVISION_MISMATCH') || tried === OVERRIDE_TRIES_MAX_COUNT) throw error;
    }
  }
}

/** Reads the overrides of a service's instances, by their ids: one call for all. */
async function overridesOf(
  namespace: NamespaceApi,
  service: ServiceKey,
  tokenId: string,
): Promise<Map<string, OverrideView>> {
  const list = await allOverrides(namespace, { ...service, tokenId });
  return new Map(list.map(({ id, ...view }) => [id, view]));
}
