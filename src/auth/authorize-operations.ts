import type { Operation } from '../model/batch';
import type { Principal, Scope } from '../model/grant';
import type { ClaimsOf } from '../model/instance';
import type { ServiceKey } from '../model/namespace-api';
import { authorize, may } from './authorize';
import { authorizeRegistration } from './authorize-registration';

/** What an operation of a batch asks for, as the single call does. Whose the instance is, the namespace looks at. */
const SCOPES: Record<Exclude<Operation['op'], 'register'>, Scope> = {
  update: 'register',
  deregister: 'register',
  override: 'operate',
};

/**
 * Says whether a principal may do all of a batch: each operation on its own, and the first that it may not refuses all.
 *
 * @param claimsOf Reads what registrations claim beside their own services.
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeOperations(
  principal: Principal,
  namespace: string,
  operations: readonly Operation[],
  claimsOf: ClaimsOf,
): void {
  // Who may do everything is not asked a thousand times.
  if (may(principal, 'operate', { namespace })) return;
  for (const operation of operations) {
    const { op, key } = operation;
    if (op !== 'register') authorize(principal, SCOPES[op], { namespace, service: key });
    else authorizeRegistration(principal, namespace, key, claimsOf(key, operation.definition.extensions));
  }
}

/**
 * Says whether a principal may do the same to each of these services. The same one may come many times, and mostly does.
 *
 * @throws {RegistryError} `FORBIDDEN` for the first that it may not.
 */
export function authorizeServices(
  principal: Principal,
  scope: Scope,
  namespace: string,
  services: readonly ServiceKey[],
): void {
  if (may(principal, scope, { namespace })) return;
  let last: ServiceKey | undefined;
  for (const service of services) {
    if (last?.service === service.service && last.group === service.group) continue;
    authorize(principal, scope, { namespace, service });
    last = service;
  }
}
