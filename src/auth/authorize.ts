import { RegistryError } from '../model/errors';
import type { Grant, Principal, Scope } from './principal';

/** What a request wants to touch. */
export interface Target {
  /** Id of the namespace. */
  namespace: string;
}

const covers = (grant: Grant, scope: Scope, target: Target): boolean =>
  (grant.scope === 'admin' || grant.scope === scope) &&
  (grant.namespace === '*' || grant.namespace === target.namespace);

/**
 * Says whether a principal may do something: the one place that decides it, for every route of every dialect.
 *
 * @throws {RegistryError} `FORBIDDEN` if no grant covers the scope on the target.
 */
export function authorize(principal: Principal, scope: Scope, target: Target): void {
  if (principal.grants.some((grant) => covers(grant, scope, target))) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" lacks the scope "${scope}" on namespace "${target.namespace}"; use a token that has it`,
  );
}
