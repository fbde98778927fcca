import type { Caller } from '../model/namespace-api';
import { type InstanceEntry, isHealthy, keyOf } from './catalog';
import { recover } from './commands/recover';
import { commit, renew } from './commit';
import { Draft } from './draft';
import { assertMayChangeEntry } from './ownership';
import type { NamespaceState } from './state';

/**
 * Renews the leases of instances; those that had turned unhealthy recover, all in one revision. One that the caller may
 * not change refuses them all.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function renewLeases(
  state: NamespaceState,
  caller: Caller,
  entries: readonly InstanceEntry[],
  now: number,
): void {
  for (const entry of entries) assertMayChangeEntry(caller, entry);
  const unhealthy: InstanceEntry[] = [];
  for (const entry of entries) {
    if (isHealthy(entry)) renew(state, entry, now);
    else unhealthy.push(entry);
  }
  if (unhealthy.length === 0) return;
  const draft = new Draft(state.catalog, state.journal, now, state.time.stamp());
  for (const entry of unhealthy) recover(draft, keyOf(entry));
  commit(state, draft, caller.tokenId);
}
