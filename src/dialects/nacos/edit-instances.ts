import type { RouteCall } from '../../http/pipeline/route-call';
import type { Operation } from '../../model/batch';
import type { InstanceView } from '../../model/instance';
import type { Metadata } from '../../model/metadata';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { changeOverrides } from './change-overrides';
import { withinLimits } from './metadata-text';

/** The members of an instance that a call sets. */
export interface Edit {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  metadata?: Metadata | undefined;
}

/**
 * Edits the instances of a service at one place, all of them or none, in one revision. A token that operates the service
 * edits their overrides, which stay when an instance registers again: a person at a console. One that may only register
 * edits its own registrations: a process that takes itself offline.
 *
 * @param isWhole The metadata is all of it, not a part.
 * @throws {RegistryError} `FORBIDDEN` for the instances of others; whatever the namespace throws.
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
    const gone = isWhole ? Object.fromEntries(Object.keys(instance.metadata).map((name) => [name, null])) : {};
    const metadata = edit.metadata === undefined ? undefined : { ...gone, ...edit.metadata };
    const patch = present({ weight: edit.weight, status, metadata });
    if (Object.keys(patch).length === 0) return [];
    return [{ op: 'update', key: { group, service, id }, patch, precondition: {} }];
  });
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

/** To be enabled is to be no longer out of service; what else an instance says of itself stays. */
const statusFor = ({ enabled }: Edit, { status }: InstanceView): 'up' | undefined =>
  enabled === true && status === 'out-of-service' ? 'up' : undefined;

/** An object without its members that are undefined. */
function present<T extends object>(value: T): Partial<T> {
  // `as`: it has members of the object, and no others.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}
