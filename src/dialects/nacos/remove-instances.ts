import type { RouteCall } from '../../http/pipeline/route-call';
import type { InstanceView } from '../../model/instance';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { findAtPlace } from './found-instances';
import { instanceAt, type Place } from './names';

/**
 * Removes what is at a place, in one revision; nothing there is no mistake, as in Nacos. A token that operates the
 * service removes all of it. One that may only register removes what it registered itself: the instance of this door, and
 * leaves what came through other doors to them; where this door has none of it, those.
 *
 * @throws {RegistryError} `FORBIDDEN` where all of it is others': a removal without effect is never a success.
 */
export async function removeInstances(
  namespace: NamespaceApi,
  { service, place }: { service: ServiceKey; place: Place },
  call: RouteCall,
): Promise<void> {
  const there = await findAtPlace(namespace, service, place, call.tokenId);
  const chosen = call.may('operate', service) ? there : ownOf(there, instanceAt(service, place).id, call.tokenId);
  const operations = chosen.map(({ id }) => ({
    op: 'deregister' as const,
    key: { ...service, id },
    precondition: {},
  }));
  if (operations.length > 0) await namespace.batch(call.callerWithOrigin, operations);
}

/** Instances that a token which may only register removes; all of them, for the namespace to refuse, where it registered none. */
function ownOf(there: readonly InstanceView[], id: string, tokenId: string): readonly InstanceView[] {
  const own = there.filter(({ owner }) => owner === tokenId);
  if (own.length === 0) return there;
  const ofThisDoor = own.filter((instance) => instance.id === id);
  return ofThisDoor.length > 0 ? ofThisDoor : own;
}
