import type { Principal } from '../model/grant';
import type { Caller } from '../model/namespace-api';
import { operatedServices, shareOf } from './authorize';

/** The callers that principals were made into, by namespace. A principal is remembered as long as its token is. */
const known = new WeakMap<Principal, Map<string, Caller>>();

/**
 * A principal as a namespace sees it: who it is, and what it may change there of others. Made once for as long as the
 * principal is remembered, since each beat needs it; so nobody may change it.
 */
export function callerOf(principal: Principal, namespace: string): Caller {
  const callers = known.get(principal);
  const caller = callers?.get(namespace);
  if (caller !== undefined) return caller;
  const { tokenId } = principal;
  const operates = operatedServices(principal, namespace);
  const made: Caller = Object.freeze({ tokenId, operates, share: shareOf(principal, namespace) });
  if (callers === undefined) known.set(principal, new Map([[namespace, made]]));
  else callers.set(namespace, made);
  return made;
}
