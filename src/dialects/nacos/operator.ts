import type { RouteCall } from '../../http/route-call';
import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json-text';
import type { Metadata } from '../../model/metadata';
import type { Caller, NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { Override, OverrideView } from '../../model/override';

/** What somebody sets of an instance that is there. */
export interface Edit {
  enabled?: boolean | undefined;
  weight?: number | undefined;
  metadata?: Metadata | undefined;
}

/** How often an override is read and written again when somebody else wrote it meanwhile. */
const TRIES = 3;

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
  await changeOverride(namespace, caller, instance, (before) => ({
    ...before,
    ...present({ enabled: edit.enabled, weight: edit.weight, status: statusFor(edit, instance) }),
    ...(edit.metadata === undefined
      ? {}
      : { metadata: isWhole ? edit.metadata : { ...before.metadata, ...edit.metadata } }),
  }));
}

/** Changes what is said over an instance; the rest of it, such as a quarantine, stays. */
export async function changeOverride(
  namespace: NamespaceApi,
  caller: Caller,
  { group, service, id }: InstanceView,
  change: (before: Override) => Override,
): Promise<void> {
  const key = { group, service, id };
  for (let tried = 1; ; tried++) {
    const view = await overrideOf(namespace, key, caller.tokenId);
    const precondition = view === undefined ? { absent: true } : { revision: view.revision };
    try {
      await namespace.putOverride(caller, { key, override: change(saidIn(view)), precondition });
      return;
    } catch (error) {
      const isLate = error instanceof RegistryError && error.code === 'REVISION_MISMATCH';
      if (!isLate || tried === TRIES) throw error;
    }
  }
}

/** What is said over an instance; undefined where nothing is. */
export async function overrideOf(
  namespace: NamespaceApi,
  key: ServiceKey & { id: string },
  tokenId: string,
): Promise<OverrideView | undefined> {
  try {
    const { body } = await namespace.readOverride({ key, tokenId });
    return body === null ? undefined : readJsonText(body);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'INSTANCE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** An override as it was put, without what the registry knows of it. */
export function saidIn(view: OverrideView | undefined): Override {
  return present({
    enabled: view?.enabled,
    weight: view?.weight,
    status: view?.status,
    metadata: view?.metadata,
    quarantine: view?.quarantine,
  });
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
