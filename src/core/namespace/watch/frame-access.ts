import { authorize, authorizeAny, grantsOn } from '../../../auth/authorize';
import { authorizeOperations, authorizeServices } from '../../../auth/authorize-operations';
import { RegistryError } from '../../../model/errors';
import type { ClientFrame, WatchScope } from '../../../model/frames';
import type { Principal, Scope } from '../../../model/grant';
import type { ClaimsOf } from '../../../model/instance';
import type { ConnectionMemory } from '../../platform/connection';

/**
 * Says whether a socket may ask for what a frame asks for, as the route that does the same would. What only goes on
 * with something that was allowed needs no more than a token that is good for anything here but metrics.
 *
 * @param claimsOf Reads what registrations claim beside their own services.
 * @throws {RegistryError} `FORBIDDEN`; nothing has happened then.
 */
export function authorizeFrame(
  { caller, grants, namespace }: ConnectionMemory,
  frame: ClientFrame,
  claimsOf: ClaimsOf,
): void {
  const principal: Principal = { tokenId: caller.tokenId, grants };
  authorizeAny(principal, namespace);
  if (frame.type === 'session') authorizeSession(principal, namespace);
  else if (frame.type === 'batch') authorizeOperations(principal, namespace, frame.operations, claimsOf);
  else if (frame.type === 'watch') authorizeScope(principal, namespace, frame.scope);
  else if (frame.type === 'resolve') authorize(principal, 'read', { namespace, service: frame.service });
}

/** Scopes that let something be registered. */
const REGISTERING: ReadonlySet<Scope> = new Set(['register', 'operate', 'admin']);

/** A session holds what is registered over it, in whatever service: that is asked of each batch. */
function authorizeSession(principal: Principal, namespace: string): void {
  const mayRegister = grantsOn(principal, namespace).some(({ scope }) => REGISTERING.has(scope));
  if (mayRegister) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" may register nothing in namespace "${namespace}", so it holds no session; use a token that may`,
  );
}

/** All that is watched; the whole namespace where nothing is named. */
function authorizeScope(principal: Principal, namespace: string, { groups, services }: WatchScope): void {
  if (groups.length === 0 && services.length === 0) authorize(principal, 'read', { namespace });
  for (const group of groups) authorize(principal, 'read', { namespace, group });
  authorizeServices(principal, 'read', namespace, services);
}
