import { changeOverride } from '../../http/change-override';
import type { RouteCall } from '../../http/route-call';
import type { InstanceView } from '../../model/instance';
import type { Metadata } from '../../model/metadata';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import { withinLimits } from './metadata-text';

/** What somebody sets of an instance that is there. */
export interface Edit {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  metadata?: Metadata | undefined;
}

/**
 * Edits an instance. Who operates its service edits what is said over it, which stays when the instance registers again:
 * a person at a console. Who may not, edits the instance itself, if it is their own: a process that takes itself offline.
 *
 * @param isWhole The metadata is all of it, not a part.
 * @throws {RegistryError} `FORBIDDEN` for the instances of others; whatever the namespace throws.
 */
export async function editInstance(
  namespace: NamespaceApi,
  instance: InstanceView,
  edit: Edit,
  isWhole: boolean,
  call: RouteCall,
): Promise<void> {
  const caller = call.callerWithOrigin;
  if (!call.may('operate', instance)) return editRegistration(namespace, caller, instance, edit, isWhole);
  const { group, service, id } = instance;
  const metadataAfter = (before: Metadata = {}): Metadata | undefined =>
    isWhole || edit.metadata === undefined ? edit.metadata : withinLimits({ ...before, ...edit.metadata });
  await changeOverride(namespace, caller, { group, service, id }, (before) => ({
    ...before,
    ...present({
      enabled: edit.enabled,
      weight: edit.weight,
      status: statusFor(edit, instance),
      metadata: metadataAfter(before.metadata),
    }),
  }));
}

async function editRegistration(
  namespace: NamespaceApi,
  caller: Caller,
  instance: InstanceView,
  edit: Edit,
  isWhole: boolean,
): Promise<void> {
  const { group, service, id } = instance;
  const status = edit.enabled === false ? ('out-of-service' as const) : statusFor(edit, instance);
  const gone = isWhole ? Object.fromEntries(Object.keys(instance.metadata).map((name) => [name, null])) : {};
  const metadata = edit.metadata === undefined ? undefined : { ...gone, ...edit.metadata };
  const patch = present({ weight: edit.weight, status, metadata });
  if (Object.keys(patch).length === 0) return;
  await namespace.patch(caller, { key: { group, service, id }, patch, precondition: {} });
}

/** To be enabled is to be no longer out of service; what else an instance says of itself stays. */
const statusFor = ({ enabled }: Edit, { status }: InstanceView): 'up' | undefined =>
  enabled === true && status === 'out-of-service' ? 'up' : undefined;

/** An object without its members that are undefined. */
function present<T extends object>(value: T): Partial<T> {
  // `as`: it has members of the object, and no others.
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;
}
