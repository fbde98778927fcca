import { withinLimits } from '../../../codecs/nacos/metadata-text';
import { membersOf } from '../../../http/dialect-calls/change-override';
import { allOverrides } from '../../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../../http/pipeline/route-call';
import { asRead, type Operation } from '../../../model/batch';
import { hasCode } from '../../../model/errors';
import type { InstanceView } from '../../../model/instance';
import { OVERRIDE_TRIES_MAX_COUNT } from '../../../model/limits';
import type { Metadata } from '../../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import type { Override, OverrideView } from '../../../model/override';

/** Members of an instance that a call sets. */
export interface Edit {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  metadata?: Metadata | undefined;
}

/**
 * Edits the instances of a service at one place, all of them or none, in one revision. A token that operates the service,
 * such as that of a console's user, edits their overrides, which remain when an instance registers again. One that may
 * only register, such as that of a process which takes itself offline, edits its own registrations.
 *
 * @param isWhole Replace all metadata instead of a part.
 * @throws {RegistryError} `FORBIDDEN` for instances of other owners; errors of the namespace are passed on.
 */
export async function editInstances(
  namespace: NamespaceApi,
  service: ServiceKey,
  instances: readonly InstanceView[],
  edit: Edit,
  isWhole: boolean,
  call: RouteCall,
): Promise<void> {
  if (!call.may('operate', service)) return editRegistrations(namespace, instances, edit, isWhole, call);
  const metadataAfter = (before: Metadata = {}): Metadata | undefined =>
    isWhole || edit.metadata === undefined ? edit.metadata : withinLimits({ ...before, ...edit.metadata });
  await changeOverrides(
    namespace,
    service,
    instances,
    (before, instance) => {
      const set = present({
        enabled: edit.enabled,
        weight: edit.weight,
        status: statusFor(edit, instance),
        metadata: metadataAfter(before.metadata),
      });
      return Object.keys(set).length === 0 ? undefined : { ...before, ...set };
    },
    call,
  );
}

async function editRegistrations(
  namespace: NamespaceApi,
  instances: readonly InstanceView[],
  edit: Edit,
  isWhole: boolean,
  call: RouteCall,
): Promise<void> {
  const operations = instances.flatMap((instance): Operation[] => {
    const { group, service, id } = instance;
    const status = edit.enabled === false ? ('out-of-service' as const) : statusFor(edit, instance);
    const removed = isWhole ? Object.fromEntries(Object.keys(instance.metadata).map((name) => [name, null])) : {};
    const metadata = edit.metadata === undefined ? undefined : { ...removed, ...edit.metadata };
    const patch = present({ weight: edit.weight, status, metadata });
    if (Object.keys(patch).length === 0) return [];
    return [{ op: 'update', key: { group, service, id }, patch, precondition: {} }];
  });
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

/** Returns the status for an edit: enabling an instance ends `out-of-service`, and changes no other status. */
const statusFor = ({ enabled }: Edit, { status }: InstanceView): 'up' | undefined =>
  enabled === true && status === 'out-of-service' ? 'up' : undefined;

/** Returns an object without its undefined members. */
function present<T extends object>(value: T): Partial<T> {
  // `as`: it has members of the object, and no others.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}

/**
 * Changes the overrides of several instances of a service, in one revision. Other members of an override, such as a
 * quarantine, are preserved, even if they are set concurrently.
 *
 * @param instances At most as many as a batch may have operations.
 * @param change Returns the new override of an instance from the existing one; undefined leaves it unchanged. May be
 *   called again with a newer one.
 * @throws {RegistryError} Errors of `change`, and `REVISION_MISMATCH` if other clients keep writing.
 */
export async function changeOverrides(
  namespace: NamespaceApi,
  service: ServiceKey,
  instances: readonly InstanceView[],
  change: (before: Override, instance: InstanceView) => Override | undefined,
  call: RouteCall,
): Promise<void> {
  for (let tried = 1; ; tried++) {
    // `overridden` shows which instances have one. If it turned out to be stale, the overrides are read again.
    const needsRead = tried > 1 || instances.some(({ overridden }) => overridden);
    const views = needsRead ? await overridesOf(namespace, service, call.tokenId) : new Map<string, OverrideView>();
    const operations = instances.flatMap((instance): Operation[] => {
      const view = views.get(instance.id);
      const override = change(membersOf(view), instance);
      if (override === undefined) return [];
      const { group, service, id } = instance;
      const precondition = asRead(view);
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

/** Reads the overrides of all instances of a service in one call, by instance id. */
async function overridesOf(
  namespace: NamespaceApi,
  service: ServiceKey,
  tokenId: string,
): Promise<Map<string, OverrideView>> {
  const list = await allOverrides(namespace, { ...service, tokenId });
  return new Map(list.map(({ id, ...view }) => [id, view]));
}
