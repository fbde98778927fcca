import type { InstanceKey } from '../../../model/batch';
import { matchesService } from '../../../model/coverage';
import { quoteKey } from '../../../model/entry';
import { quote, RegistryError } from '../../../model/errors';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { type InstanceEntry, keyOf } from '../records/catalog-entries';
import { type InstanceRecord, isOwnedBy } from '../records/records';

/**
 * Only the token that registered an instance, or one that operates its service, may change it. This is checked in the
 * same step as the change: a check when the request arrives could be stale.
 */

/** Returns whether a caller may change the instances of others in a service, and its overrides. */
export function operatesOn({ operates = false }: Caller, key: ServiceKey): boolean {
  if (typeof operates === 'boolean') return operates;
  return operates.some((pattern) => matchesService(pattern, key));
}

/** Returns whether a caller may change an instance. */
export function mayChange(caller: Caller, key: ServiceKey, owner: string): boolean {
  return owner === caller.tokenId || operatesOn(caller, key);
}

/** @throws {RegistryError} `FORBIDDEN` for an instance of another token, in a service that the caller does not operate. */
export function assertMayChange(caller: Caller, key: InstanceKey, owner: string): void {
  if (!mayChange(caller, key, owner)) throw foreignInstance(caller, key);
}

/** Does the same for an entry of the catalog: renewals are too frequent to decode a whole record for each. */
export function assertMayChangeEntry(caller: Caller, entry: InstanceEntry): void {
  if (caller.operates === true || isOwnedBy(entry.text, caller.tokenId)) return;
  const key = keyOf(entry);
  if (!operatesOn(caller, key)) throw foreignInstance(caller, key);
}

/**
 * Checks that an instance is not one that an entry describes: it changes and goes with the entry alone, so anything else
 * would be undone by the next put. Overrides are kept beside it.
 *
 * @throws {RegistryError} `CONFLICT`.
 */
export function assertRegistered({ group, service, id }: InstanceKey, { entry }: Pick<InstanceRecord, 'entry'>): void {
  if (entry === undefined) return;
  throw new RegistryError(
    'CONFLICT',
    `the instance ${quote(id)} of service ${quote(service)} in group ${quote(group)} is described by the entry ${quoteKey(entry.key)}; change or delete that entry, or put an override, such as a quarantine`,
  );
}

/** @throws {RegistryError} `FORBIDDEN` if the caller does not operate the service. */
export function assertOperates(caller: Caller, key: ServiceKey): void {
  if (operatesOn(caller, key)) return;
  throw new RegistryError(
    'FORBIDDEN',
    `token ${quote(caller.tokenId)} may not operate the service ${quote(key.service)} of group ${quote(key.group)}; use a token with the scope "operate" there`,
  );
}

function foreignInstance({ tokenId }: Caller, { group, service, id }: InstanceKey): RegistryError {
  return new RegistryError(
    'FORBIDDEN',
    `the instance ${quote(id)} of service ${quote(service)} in group ${quote(group)} was registered by a token other than ${quote(tokenId)}; use that token, or one with the scope "operate" there`,
  );
}
