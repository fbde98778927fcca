import { RegistryError } from '../../../model/errors';
import type { Caller } from '../../../model/namespace-api';
import type { CommitState } from '../commit/commit-state';
import type { GrantedLease } from '../records/catalog-entries';
import type { GrantedLeases } from '../records/granted-leases';

/**
 * Leases that keep others. A gateway holds one, and names it when it grants or renews the leases of its clients: only the
 * gateway hears those, so only it can declare them dead. It does so by a revocation that names the keeper, which fails for a
 * client that has moved to another gateway. If the gateway dies, its lease ends by the rules for all leases, and each lease
 * that it kept has its whole time to live again, in which another gateway or the client itself renews it.
 *
 * A keeper may belong to any token, and its id is random. A client gains nothing by naming one that it could not have with a
 * longer time to live; so that it has no more than that, a keeper has a time to live and no keeper of its own.
 *
 * Source: design/decisions/0053-kept-leases.md.
 */

/** Returns the id of the lease that keeps another one by the given name; undefined if none with that id may. */
export function keeperOf(granted: GrantedLeases, lease: GrantedLease, name: string | undefined): number | undefined {
  const keeper = name === undefined ? undefined : granted.get(Number(name));
  return keeper !== undefined && mayKeep(granted, keeper, lease) ? keeper.id : undefined;
}

/** Returns whether one lease may keep another. Neither keeps itself, nor is there a chain. */
function mayKeep(granted: GrantedLeases, keeper: GrantedLease, lease: GrantedLease): boolean {
  if (keeper === lease || lease.ttlMs === null || granted.keptBy(lease).size > 0) return false;
  return keeper.ttlMs !== null && keeper.ending === undefined && keeper.keeper === undefined;
}

/** Sets the keeper of a lease with a slot, or removes it: its time to live then counts from its last renewal. */
export function setKeeper(
  { granted, leases }: Pick<CommitState, 'granted' | 'leases'>,
  lease: GrantedLease,
  keeper: number | undefined,
): void {
  if (lease.keeper === keeper) return;
  granted.setKeeper(lease, keeper);
  leases.setKept(lease.slot, keeper !== undefined);
}

/** Gives a lease the keeper that its row names, if that still lives. Call it once all leases are loaded. */
export function loadKeeper(
  state: Pick<CommitState, 'granted' | 'leases'>,
  lease: GrantedLease,
  keeper: number | undefined,
): void {
  if (keeper === undefined || lease.ending !== undefined) return;
  lease.keeper = undefined;
  setKeeper(state, lease, keeperOf(state.granted, lease, String(keeper)));
}

/**
 * Releases the leases that ended ones have kept: each has its whole time to live from now on. That is stored with the end,
 * in a checkpoint instead of a row for each.
 */
export function releaseKept(state: CommitState, ended: readonly GrantedLease[], now: number): void {
  const { granted, leases, checkpoints } = state;
  let isAny = false;
  for (const keeper of ended) {
    for (const lease of [...granted.keptBy(keeper)]) {
      if (lease.ending !== undefined) granted.setKeeper(lease, undefined);
      else {
        leases.hear(lease.slot, now);
        setKeeper(state, lease, undefined);
        isAny = true;
      }
    }
  }
  if (isAny) checkpoints.close();
}

/** @throws {RegistryError} `CONFLICT` if a lease with this id does not keep another one: it has moved. */
export function assertKeptBy(lease: GrantedLease, keeper: string): void {
  if (lease.keeper !== undefined && lease.keeper === Number(keeper)) return;
  throw new RegistryError(
    'CONFLICT',
    `the lease ${lease.id} is not kept by the lease ${keeper}: its client may have moved to another gateway, so it is not revoked`,
  );
}

/** Returns whether a caller was granted a keeper. */
export function ownsKeeper(granted: GrantedLeases, caller: Caller, keeper: string | undefined): boolean {
  return keeper !== undefined && granted.get(Number(keeper))?.tokenId === caller.tokenId;
}
