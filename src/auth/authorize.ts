import type { Operation } from '../model/batch';
import { covers, includesScope, type Target } from '../model/coverage';
import { quoteKey } from '../model/entry';
import { RegistryError } from '../model/errors';
import { type Grant, type Principal, type Scope, ServicePattern } from '../model/grant';
import type { Claim, ClaimsOf } from '../model/instance';
import { intervalOf, intervalOfPrefix, type KeyInterval } from '../model/key-interval';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../model/limits';
import type { Caller, ServiceKey, Share } from '../model/namespace-api';
import { ALL_NAMESPACES, joinedName, type ServiceNames } from '../model/service-name';
import type { Transaction } from '../model/transaction';
import { instanceOperations, keyUses } from '../model/transaction-rules';

/**
 * Checks that a principal has a scope on a target. Every route of every dialect and every frame of a socket is authorized
 * here. Ownership of an instance is checked by the namespace, in the same step as the change (I4).
 *
 * @throws {RegistryError} `FORBIDDEN` if no grant covers the scope on the target.
 */
export function authorize(principal: Principal, scope: Scope, target: Target): void {
  if (may(principal, scope, target)) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" lacks the scope "${scope}" on ${nameOf(target)}; use a token that has it`,
  );
}

/** Reports what {@link authorize} checks. A grant with `operate` includes `register`. */
export function may(principal: Principal, scope: Scope, target: Target): boolean {
  return principal.grants.some((grant) => covers(grant, scope, target));
}

/**
 * Checks that a principal has a grant on a namespace: one with the given scope, on any services, or without a scope any
 * grant other than `metrics`. For requests that are authorized in pieces, such as a socket frame by frame, or that show
 * nothing of a service.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeAny(principal: Principal, namespace: string, scope?: Scope): void {
  if (scope === undefined ? mayKnowOf(principal, namespace) : hasScope(principal, namespace, scope)) return;
  const lack = scope === undefined ? 'has no grant except for metrics' : `lacks the scope "${scope}" on every service`;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" ${lack} in namespace "${namespace}"; use a token that has one`,
  );
}

/**
 * Checks what a route declares: a scope on its target, or with `any` some grant on the namespace, as in
 * {@link authorizeAny}.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeRoute(principal: Principal, scope: Scope | 'any', target: Target): void {
  if (scope === 'any') authorizeAny(principal, target.namespace);
  else authorize(principal, scope, target);
}

/**
 * Reports whether a principal may know that a namespace exists, and its settings. Any grant other than `metrics` allows
 * it; `metrics` only allows `/metrics` to show its figures.
 */
export function mayKnowOf(principal: Principal, namespace: string): boolean {
  return grantsOn(principal, namespace).some(({ scope }) => scope !== 'metrics');
}

/**
 * Returns the namespaces whose metrics a principal may read: their ids, sorted, or {@link ALL_NAMESPACES}.
 *
 * @throws {RegistryError} `FORBIDDEN` if there are none.
 */
export function measuredNamespaces({ tokenId, grants }: Principal): typeof ALL_NAMESPACES | string[] {
  const ids = new Set(grants.filter(({ scope }) => includesScope(scope, 'metrics')).map(({ ns }) => ns));
  if (ids.has(ALL_NAMESPACES)) return ALL_NAMESPACES;
  if (ids.size > 0) return [...ids].sort();
  throw new RegistryError(
    'FORBIDDEN',
    `token "${tokenId}" does not have the scope "metrics" on any namespace; use a token that has it on the namespaces to scrape`,
  );
}

/**
 * Checks that a principal has a grant other than `metrics`, on any namespace, as it needs to get a ticket. Metrics
 * endpoints accept no ticket.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeTicket({ tokenId, grants }: Principal): void {
  if (grants.some(({ scope }) => scope !== 'metrics')) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${tokenId}" only has grants for metrics, which accept no ticket; send the token itself`,
  );
}

const hasScope = (principal: Principal, namespace: string, scope: Scope): boolean =>
  grantsOn(principal, namespace).some((grant) => includesScope(grant.scope, scope));

/** Returns the grants of a principal that apply to a namespace. */
export function grantsOn({ grants }: Principal, namespace: string): Grant[] {
  return grants.filter(({ ns }) => ns === ALL_NAMESPACES || ns === namespace);
}

/** Reports whether a grant is on a whole namespace. */
const isWhole = ({ services, keys }: Grant): boolean => services === undefined && keys === undefined;

/**
 * Returns where in a namespace a principal may change instances of any owner: everywhere (true), nowhere (false), or in
 * services that match these patterns.
 */
export function operatedServices(principal: Principal, namespace: string): boolean | string[] {
  const grants = grantsOn(principal, namespace).filter(({ scope }) => scope === 'admin' || scope === 'operate');
  if (grants.some(isWhole)) return true;
  const patterns = grants.flatMap(({ services = [] }) => services);
  return patterns.length > 0 && patterns;
}

/** Returns the share of a namespace's limits that a principal may use. */
export function shareOf(principal: Principal, namespace: string): Share {
  if (operatedServices(principal, namespace) === true) return 'all';
  const registers = grantsOn(principal, namespace).filter(({ scope }) => includesScope(scope, 'register'));
  return registers.some(isWhole) ? 'most' : 'half';
}

/** Cached callers of principals, by namespace. A principal lives as long as its token is cached. */
const known = new WeakMap<Principal, Map<string, Caller>>();

/**
 * Returns a principal in the form that a namespace takes: its id, and what it may change there. The result is cached,
 * because every heartbeat needs it, and therefore frozen.
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

function nameOf({ namespace, service, group, keys }: Target): string {
  const where = namespace === ALL_NAMESPACES ? 'all namespaces' : `namespace "${namespace}"`;
  if (keys !== undefined) return `${keysName(keys)} of ${where}`;
  if (service !== undefined) return `service "${joinedName(service)}" of ${where}`;
  return group === undefined ? where : `all of group "${group}" of ${where}`;
}

function keysName({ from, to }: KeyInterval): string {
  if (to === intervalOf(from).to) return `key ${quoteKey(from)}`;
  if (from === '' && to === undefined) return 'all keys';
  if (to === intervalOfPrefix(from).to) return `all keys that begin with ${quoteKey(from)}`;
  return `the keys from ${quoteKey(from)} ${to === undefined ? 'on' : `up to ${quoteKey(to)}`}`;
}

/**
 * Checks that a principal may register an instance in a service and in all services that the instance claims, because it
 * receives traffic of all of them.
 *
 * @throws {RegistryError} `FORBIDDEN` for the first service that the principal may not register in; `INVALID_REQUEST` for
 * more than {@link REGISTRATION_CLAIMS_MAX_COUNT} claims.
 */
export function authorizeRegistration(
  principal: Principal,
  namespace: string,
  service: ServiceNames,
  claims: readonly Claim[],
): void {
  authorize(principal, 'register', { namespace, service });
  if (claims.length === 0 || may(principal, 'register', { namespace })) return;
  if (claims.length > REGISTRATION_CLAIMS_MAX_COUNT) throw tooManyClaims(claims);
  for (const claim of claims) {
    if (!may(principal, 'register', { namespace, service: claim.service }))
      throw foreignClaim(principal, namespace, claim);
  }
}

function tooManyClaims([first]: readonly Claim[]): RegistryError {
  return new RegistryError(
    'INVALID_REQUEST',
    `the instance claims too many other services, the first by ${first?.by}; claim at most ${REGISTRATION_CLAIMS_MAX_COUNT}, or use a token for the whole namespace`,
  );
}

function foreignClaim({ tokenId }: Principal, namespace: string, { service, by }: Claim): RegistryError {
  const name = joinedName(service);
  return new RegistryError(
    'FORBIDDEN',
    `${by} names the service "${name}" of namespace "${namespace}", where token "${tokenId}" lacks the scope "register"; remove it${orGrant(namespace, name)}`,
  );
}

/** Suggests a sufficient grant; empty if the name can't be granted alone, because it is a pattern or no valid one. */
function orGrant(namespace: string, name: string): string {
  if (name.endsWith('*') || !ServicePattern.safeParse(name).success) return '';
  return `, or use a token with the grant ${JSON.stringify({ scope: 'register', ns: namespace, services: [name] })}`;
}

/** Scope that an operation of a batch needs, the same as the single call. The namespace checks ownership. */
const SCOPES: Record<Exclude<Operation['op'], 'register'>, Scope> = {
  update: 'register',
  deregister: 'register',
  override: 'operate',
};

/**
 * Checks that a principal may perform every operation of a batch. The first one that is not allowed fails the batch.
 *
 * @param claimsOf Returns the further services that a registration claims.
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeOperations(
  principal: Principal,
  namespace: string,
  operations: readonly Operation[],
  claimsOf: ClaimsOf,
): void {
  // A principal that may operate the whole namespace needs no check of each operation.
  if (may(principal, 'operate', { namespace })) return;
  for (const operation of operations) {
    const { op, key } = operation;
    if (op !== 'register') authorize(principal, SCOPES[op], { namespace, service: key });
    else authorizeRegistration(principal, namespace, key, claimsOf(key, operation.definition.extensions));
  }
}

/**
 * Checks that a principal has the scope for every key and instance that a transaction names, on both of its sides: which one
 * is carried out depends on the keys that it compares.
 *
 * @param claimsOf Returns the further services that a registration claims.
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeTransaction(
  principal: Principal,
  namespace: string,
  transaction: Transaction,
  claimsOf: ClaimsOf,
): void {
  authorizeAny(principal, namespace);
  authorizeOperations(principal, namespace, instanceOperations(transaction), claimsOf);
  const isWhole = { read: may(principal, 'read', { namespace }), register: may(principal, 'register', { namespace }) };
  for (const { keys, isChange } of keyUses(transaction)) {
    const scope = isChange ? 'register' : 'read';
    if (!isWhole[scope]) authorize(principal, scope, { namespace, keys });
  }
}

/**
 * Checks that a principal has a scope on each of these services, which may repeat and usually do.
 *
 * @throws {RegistryError} `FORBIDDEN` for the first service on which it does not.
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
