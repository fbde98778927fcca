import { appOf, serviceOf } from '../../codecs/eureka/app-names';
import { quote } from '../../model/errors';
import type { Claim } from '../../model/instance';
import { isRecord } from '../../model/json';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';

/** Members by which clients of Eureka look an instance up, beside its application. */
const ADDRESSES = ['vipAddress', 'secureVipAddress'] as const;

/**
 * Reads the services that the virtual addresses of an instance claim: comma-separated, and in any case, since Java's
 * clients compare them in upper case. Those of its own application claim nothing: it is found under that anyway.
 *
 * @param extension What the instance keeps for this door, whether or not this door can read all of it.
 * @returns At most one more than a registration may claim.
 */
export function claimsOf(key: ServiceKey, extension: unknown): Claim[] {
  if (!isRecord(extension)) return [];
  const app = appOf(key);
  const claims: Claim[] = [];
  for (const member of ADDRESSES) {
    for (const address of partsOf(extension[member])) {
      const service = serviceOf(address);
      if (appOf(service) !== app) claims.push({ service, by: `${member} ${quote(address)}` });
      if (claims.length > REGISTRATION_CLAIMS_MAX_COUNT) return claims;
    }
  }
  return claims;
}

/** The addresses of a list, each once. */
function partsOf(list: unknown): Set<string> {
  if (typeof list !== 'string') return new Set();
  const parts = list.split(',').map((part) => part.trim());
  return new Set(parts.filter((part) => part !== ''));
}
