import type { Claim } from '../../model/claim';
import { quote } from '../../model/errors';
import { isRecord } from '../../model/is-record';
import type { ServiceKey } from '../../model/namespace-api';
import { appOf, serviceOf } from './app-names';

/** Members by which clients of Eureka look an instance up, beside its application. */
const ADDRESSES = ['vipAddress', 'secureVipAddress'] as const;

/**
 * Reads the services that the virtual addresses of an instance claim: comma-separated, and in any case, since Java's
 * clients compare them in upper case. Those of its own application claim nothing: it is found under that anyway.
 *
 * @param extension What the instance keeps for this door, whether or not this door can read all of it.
 */
export function claimsOf(key: ServiceKey, extension: unknown): Claim[] {
  if (!isRecord(extension)) return [];
  const app = appOf(key);
  return ADDRESSES.flatMap((member) =>
    partsOf(extension[member])
      .map((address): Claim => ({ service: serviceOf(address), by: `${member} ${quote(address)}` }))
      .filter(({ service }) => appOf(service) !== app),
  );
}

/** The addresses of a list, each once. */
function partsOf(list: unknown): string[] {
  if (typeof list !== 'string') return [];
  const parts = list.split(',').map((part) => part.trim());
  return [...new Set(parts)].filter((part) => part !== '');
}
