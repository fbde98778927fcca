import type { Placement } from '../../model/namespace';
import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { homeJurisdiction, isOneMachine } from './home-jurisdiction';

/** A namespace's object as it is called. */
export type Stub = ReturnType<Env['NAMESPACES']['get']>;

/**
 * Makes stubs of a namespace's object, where its placement says that it lives: a hint counts when the object is made,
 * while a jurisdiction is part of the object's identity.
 *
 * On one machine there is one place, and workerd refuses to speak of jurisdictions: there a placement has no effect. On
 * any other host a jurisdiction that is refused stays an error, since data must not lie where it may not.
 *
 * @returns A new stub for each call. The object's id is a digest of the name: it is made once.
 */
export function namespaceStubs(env: Env, name: string, placement: Placement | undefined): () => Stub {
  // No definition ever placed `public`: it is where the directory is.
  const home = name === DEFAULT_NAMESPACE ? homeJurisdiction(env) : undefined;
  const { hint, jurisdiction } = isOneMachine(env) ? {} : { hint: undefined, jurisdiction: home, ...placement };
  const objects = jurisdiction === undefined ? env.NAMESPACES : env.NAMESPACES.jurisdiction(jurisdiction);
  const id = objects.idFromName(name);
  return hint === undefined ? () => objects.get(id) : () => objects.get(id, { locationHint: hint });
}
