import type { Operation } from '../model/batch';
import { RegistryError } from '../model/errors';
import {
  ALL_NAMESPACES,
  type Grant,
  matchesGroup,
  matchesService,
  type Principal,
  type Scope,
  ServicePattern,
} from '../model/grant';
import type { Claim, ClaimsOf } from '../model/instance';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../model/limits';
import type { Caller, ServiceKey, Share } from '../model/namespace-api';
import { joinedName, type ServiceNames } from '../model/service-name';

/**
 * What a request wants to touch in a namespace: a service, all services of a group, or else the namespace as a whole.
 * Who may do something to some services may not do it to the whole: nothing is ever filtered instead of refused.
 */
export interface Target {
  /** Id of the namespace, or `*` for what concerns all of them. */
  namespace: string;
  service?: ServiceKey | undefined;
  group?: string | undefined;
}

/**
 * Says whether a principal may do something: the one place that decides it, for every route of every dialect and for
 * every frame of a socket. What lies with the owner of an instance, the namespace decides in the same step as the
 * change (I4).
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

/** The same as an answer. A grant to operate is one to register, too: whoever may change all instances may add one. */
export function may(principal: Principal, scope: Scope, target: Target): boolean {
  return principal.grants.some((grant) => covers(grant, scope, target));
}

/**
 * Asks for any grant at all on a namespace, but one for metrics alone, or any that is good for a scope, on whichever
 * services: for what is authorized piece by piece, such as a socket frame by frame, or shows nothing of a service.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeAny(principal: Principal, namespace: string, scope?: Scope): void {
  if (scope === undefined ? mayKnowOf(principal, namespace) : hasScope(principal, namespace, scope)) return;
  const lack =
    scope === undefined ? 'is good for nothing but metrics, if that,' : `lacks the scope "${scope}" on all services`;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${principal.tokenId}" ${lack} of namespace "${namespace}"; use a token that has more`,
  );
}

/**
 * Asks for what a route declares: a scope on its target; or `any`, which is some grant on the namespace, as in {@link authorizeAny}.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeRoute(principal: Principal, scope: Scope | 'any', target: Target): void {
  if (scope === 'any') authorizeAny(principal, target.namespace);
  else authorize(principal, scope, target);
}

/** True if a principal may know that there is a namespace, and its settings: by any grant but one for metrics, which opens `/metrics` alone. */
export function mayKnowOf(principal: Principal, namespace: string): boolean {
  return grantsOn(principal, namespace).some(({ scope }) => scope !== 'metrics');
}

/**
 * Asks for any grant but ones for metrics, on whichever namespace: for a ticket, which no door to metrics takes.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeTicket({ tokenId, grants }: Principal): void {
  if (grants.some(({ scope }) => scope !== 'metrics')) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token "${tokenId}" is good for metrics alone, which take no ticket; send the token itself`,
  );
}

const hasScope = (principal: Principal, namespace: string, scope: Scope): boolean =>
  grantsOn(principal, namespace).some((grant) => isEnough(grant.scope, scope));

/** The grants of a principal that concern a namespace. */
export function grantsOn({ grants }: Principal, namespace: string): Grant[] {
  return grants.filter(({ ns }) => ns === ALL_NAMESPACES || ns === namespace);
}

/**
 * What a principal may change in a namespace whoever registered it: everything, nothing, or the services of these
 * patterns.
 */
export function operatedServices(principal: Principal, namespace: string): boolean | string[] {
  const grants = grantsOn(principal, namespace).filter(({ scope }) => scope === 'admin' || scope === 'operate');
  if (grants.some(({ services }) => services === undefined)) return true;
  const patterns = grants.flatMap(({ services = [] }) => services);
  return patterns.length > 0 && patterns;
}

/** How much of a namespace a principal may fill with what it registers. */
export function shareOf(principal: Principal, namespace: string): Share {
  if (operatedServices(principal, namespace) === true) return 'all';
  const registers = grantsOn(principal, namespace).filter(({ scope }) => isEnough(scope, 'register'));
  return registers.some(({ services }) => services === undefined) ? 'most' : 'half';
}

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

const isEnough = (held: Scope, scope: Scope): boolean =>
  held === scope || held === 'admin' || (held === 'operate' && scope === 'register');

function covers(grant: Grant, scope: Scope, { namespace, service, group }: Target): boolean {
  if (grant.ns !== ALL_NAMESPACES && grant.ns !== namespace) return false;
  if (!isEnough(grant.scope, scope)) return false;
  if (grant.services === undefined) return true;
  if (service !== undefined) return grant.services.some((pattern) => matchesService(pattern, service));
  return group !== undefined && grant.services.some((pattern) => matchesGroup(pattern, group));
}

function nameOf({ namespace, service, group }: Target): string {
  const where = namespace === ALL_NAMESPACES ? 'all namespaces' : `namespace "${namespace}"`;
  if (service !== undefined) return `service "${joinedName(service)}" of ${where}`;
  return group === undefined ? where : `all of group "${group}" of ${where}`;
}

/**
 * Says whether a principal may register an instance in a service, and have it found under those that it claims: it draws
 * the traffic of all of them.
 *
 * @throws {RegistryError} `FORBIDDEN` for the first service that it may not register in; `INVALID_REQUEST` for more claims
 * than are worth asking for.
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
    `the instance claims too many services beside its own, the first by ${first?.by}; name at most ${REGISTRATION_CLAIMS_MAX_COUNT}, or use a token for the whole namespace`,
  );
}

function foreignClaim({ tokenId }: Principal, namespace: string, { service, by }: Claim): RegistryError {
  const name = joinedName(service);
  return new RegistryError(
    'FORBIDDEN',
    `${by} names the service "${name}" of namespace "${namespace}", where token "${tokenId}" lacks the scope "register"; leave it out${orGrant(namespace, name)}`,
  );
}

/** The grant that would do. Where the name reads as a pattern, or as none, there is none for that service alone. */
function orGrant(namespace: string, name: string): string {
  if (name.endsWith('*') || !ServicePattern.safeParse(name).success) return '';
  return `, or use a token with the grant ${JSON.stringify({ scope: 'register', ns: namespace, services: [name] })}`;
}

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
