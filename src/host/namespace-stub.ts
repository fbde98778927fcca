import type { Placement } from '../model/namespace';
import type { Stub } from './remote-call';

/**
 * The object of a namespace, where its placement says that it lives: a hint counts when the object is made, while a
 * jurisdiction is part of the object's identity.
 *
 * On one machine there is one place, and workerd refuses to speak of jurisdictions: there a placement has no effect. On
 * any other host a jurisdiction that is refused stays an error, since data must not lie where it may not.
 */
export function namespaceStub(env: Env, id: string, placement: Placement | undefined): Stub {
  const isOneMachine = typeof env.ROLLCALL_PROCESS_ID === 'string';
  if (placement === undefined || isOneMachine) return env.NAMESPACES.getByName(id);
  if ('hint' in placement) return env.NAMESPACES.getByName(id, { locationHint: placement.hint });
  return env.NAMESPACES.jurisdiction(placement.jurisdiction).getByName(id);
}
