import { appOf, serviceOf } from '../../codecs/eureka/app-names';
import { quote } from '../../model/errors';
import type { Claim } from '../../model/instance';
import { isRecord } from '../../model/json';
import { REGISTRATION_CLAIMS_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';

/** Members by which Eureka clients look up an instance, in addition to its application. */
const ADDRESSES = ['vipAddress', 'secureVipAddress'] as const;

/**
 * Returns the services that the virtual addresses of an instance claim. The addresses are comma-separated, and in any case
 * because Java clients compare them in upper case. An address equal to its own application claims nothing.
 *
 * @param extension Eureka extension of the instance, even if parts of it are invalid.
 * @returns At most one more claim than a registration may have.
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

/** Returns the distinct addresses of a list. */
function partsOf(list: unknown): Set<string> {
  if (typeof list !== 'string') return new Set();
  const parts = list.split(',').map((part) => part.trim());
  return new Set(parts.filter((part) => part !== ''));
}
