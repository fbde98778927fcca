import { RegistryError } from '../model/errors';
import { type Principal, ServicePattern } from '../model/grant';
import type { Claim } from '../model/instance';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../model/limits';
import { joinedName, type ServiceNames } from '../model/service-name';
import { authorize, may } from './authorize';

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
