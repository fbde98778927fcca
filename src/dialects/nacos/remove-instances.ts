import type { RouteCall } from '../../http/route-call';
import type { InstanceView } from '../../model/instance';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { findAtPlace } from './found-instances';
import { instanceAt, type Place } from './names';

/**
 * Removes what is at a place, in one revision; nothing there is no mistake, as in Nacos. A token that operates the
 * service removes all of it. One that may only register removes the instance that it registered at this door, and leaves
 * what came through other doors to them; where this door knows of none, it removes those.
 *
 * @throws {RegistryError} `FORBIDDEN` for the instances of others: a removal without effect is never a success.
 */
export async function removeInstances(
  namespace: NamespaceApi,
  { service, place }: { service: ServiceKey; place: Place },
  call: RouteCall,
): Promise<void> {
  const there = await findAtPlace(namespace, service, place, call.tokenId);
  const chosen = call.may('operate', service) ? there : ownFirst(there, instanceAt(service, place).id);
  const operations = chosen.map(({ id }) => ({
    op: 'deregister' as const,
    key: { ...service, id },
    precondition: {},
  }));
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

function ownFirst(there: readonly InstanceView[], id: string): readonly InstanceView[] {
  const own = there.filter((instance) => instance.id === id);
  return own.length > 0 ? own : there;
}
