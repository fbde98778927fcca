import { RegistryError } from '../../../model/errors';
import type { GrantLeaseCommand, LeaseName, LeaseRenewal, RevokeLeaseCommand } from '../../../model/granted-lease';
import type { Cause } from '../../../model/history';
import {
  GRANTED_LEASES_MAX_COUNT,
  LEASE_DATA_MAX_BYTES,
  LEASE_DATA_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { Caller } from '../../../model/namespace-api';
import { assertShare } from '../access/token-limits';
import { commit } from '../commit/commit';
import type { CommitState } from '../commit/commit-state';
import { Draft, overLimit } from '../commit/draft';
import type { GrantedLease } from '../records/catalog-entries';
import { deleteLeaseRows, type GrantedLeases, writeLeaseRow } from '../records/granted-leases';
import { assertKeptBy, keeperOf, ownsKeeper, releaseKept, setKeeper } from './keeping';
import { beginEnd, delayLocks, draftEnd, isSlowToEnd } from './slow-end';

/**
 * Leases that are granted by themselves. Only the token that was granted one may renew, use or revoke it, or one that
 * operates the namespace. The implicit leases of instances and sessions are not reachable here.
 */

/**
 * Grants a lease. It makes no revision, and one row.
 *
 * @throws {RegistryError} `CONFLICT` if its alias is taken, `LIMIT_EXCEEDED`, `UNAVAILABLE` while nothing can be stored.
 */
export function grantLease(
  state: CommitState,
  caller: Caller,
  { ttlMs, alias, door = 'native', lockDelayMs = 0, data, keeper }: GrantLeaseCommand,
  now: number,
): GrantedLease {
  const { granted, leases, pipeline, platform, time } = state;
  pipeline.assertStorable();
  if (alias !== undefined && granted.isTaken(alias, door)) {
    throw new RegistryError(
      'CONFLICT',
      `the alias ${alias} already belongs to another lease; choose another one, or omit it`,
    );
  }
  assertRoomForData(granted, data);
  if (granted.size >= GRANTED_LEASES_MAX_COUNT) throw tooManyLeases();
  const { limits } = state.settings;
  const { grantedLeases } = limits;
  if (grantedLeases !== undefined && granted.size >= grantedLeases) {
    throw overLimit('limits.grantedLeases', grantedLeases, 'granted leases');
  }
  assertShare(caller, limits, 'grantedLeases', granted.countOf(caller.tokenId), 1);
  const lease: GrantedLease = {
    id: granted.newId(() => platform.random.fraction()),
    alias,
    door,
    tokenId: caller.tokenId,
    ttlMs,
    grantedAt: time.stamp(),
    slot: -1,
    keys: new Set(),
    instances: new Set(),
    locks: new Set(),
    lockDelayMs,
    data,
  };
  if (ttlMs !== null) lease.slot = leases.grant(lease, grantedTerms(ttlMs, now));
  granted.add(lease);
  setKeeper(state, lease, keeperOf(granted, lease, keeper));
  pipeline.enqueue(() => writeLeaseRow(platform.storage, lease, now));
  return lease;
}

/** @throws {RegistryError} `INVALID_REQUEST` for data that is too long, `LIMIT_EXCEEDED` if all leases have too much. */
function assertRoomForData({ dataBytes }: GrantedLeases, data = ''): void {
  const bytes = utf8Length(data);
  if (bytes > LEASE_DATA_MAX_BYTES) {
    const message = `the data of a lease has at most ${LEASE_DATA_MAX_BYTES} bytes; this has ${bytes}`;
    throw new RegistryError('INVALID_REQUEST', message);
  }
  if (dataBytes + bytes <= LEASE_DATA_PER_NAMESPACE_MAX_BYTES) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `the granted leases of this namespace have ${dataBytes} bytes of data, of a maximum of ${LEASE_DATA_PER_NAMESPACE_MAX_BYTES}; end some of them first`,
  );
}

/** Returns the terms of a granted lease: it is healthy until it ends. */
export function grantedTerms(ttlMs: number, renewedAt: number, askedAt = 0) {
  return { ttlMs, removeAfterMs: ttlMs, healthy: true, renewedAt, askedAt };
}

/**
 * Renews a granted lease, without a row: like the lease of an instance, it is stored with the next checkpoint. The renewal
 * of a lease that was asked, or has another keeper from now on, is stored before it is answered.
 *
 * An older sign of life than the last one changes nothing, unless no lease keeps this one: then its keeper keeps it.
 */
export function renewGranted(
  state: CommitState,
  lease: GrantedLease,
  now: number,
  { ageMs = 0, keeper: name }: Pick<LeaseRenewal, 'ageMs' | 'keeper'>,
): void {
  const { leases, granted, pipeline } = state;
  const { slot } = lease;
  if (slot < 0) return;
  const heardAt = now - ageMs;
  const isNews = heardAt >= leases.renewedAt(slot);
  const wasAsked = leases.isAsked(slot);
  if (isNews) {
    state.checkpoints.open();
    leases.renew(slot, heardAt);
    state.counters.renewals += 1;
  }
  const keeper = keeperOf(granted, lease, name);
  // While nothing can be stored, the keeper stays: after a restart it would keep the lease again.
  const isMoved = keeper !== lease.keeper && (isNews || lease.keeper === undefined) && pipeline.fault === undefined;
  if (isMoved) setKeeper(state, lease, keeper);
  if (!isMoved && !(isNews && wasAsked)) return;
  const renewedAt = leases.renewedAt(slot);
  pipeline.offer(() => writeLeaseRow(state.platform.storage, lease, renewedAt));
}

/**
 * Finds a lease that the caller may use.
 *
 * @throws {RegistryError} `LEASE_NOT_FOUND`, `FORBIDDEN`.
 */
export function requireGranted(granted: GrantedLeases, caller: Caller, name: LeaseName): GrantedLease {
  const lease = findGranted(granted, caller, name);
  if (lease !== undefined) return lease;
  throw unknownLease(name);
}

/**
 * Finds a lease that the caller may use; undefined if there is none, or it has ended.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function findGranted(granted: GrantedLeases, caller: Caller, name: LeaseName): GrantedLease | undefined {
  return permitted(granted.find(name.lease, name.door ?? 'native'), caller, name);
}

/**
 * Finds a lease that the caller may revoke. One that has ended is found as long as it holds something, so that a call
 * without an answer can be repeated. The owner of its keeper may revoke it by naming the keeper.
 *
 * @throws {RegistryError} `LEASE_NOT_FOUND`, `FORBIDDEN`, and `CONFLICT` if the named keeper does not keep it.
 */
export function requireRevocable(granted: GrantedLeases, caller: Caller, name: RevokeLeaseCommand): GrantedLease {
  const lease = granted.findHolding(name.lease, name.door ?? 'native');
  if (lease === undefined) throw unknownLease(name);
  if (name.keeper !== undefined) assertKeptBy(lease, name.keeper);
  if (!ownsKeeper(granted, caller, name.keeper)) permitted(lease, caller, name);
  return lease;
}

function unknownLease({ lease }: LeaseName): RegistryError {
  return new RegistryError('LEASE_NOT_FOUND', `there is no lease ${lease}, or it has ended; grant a new one`);
}

/** Returns the lease if the caller may use it. */
function permitted(lease: GrantedLease | undefined, caller: Caller, name: LeaseName): GrantedLease | undefined {
  if (lease === undefined || lease.tokenId === caller.tokenId || caller.operates === true) return lease;
  throw new RegistryError(
    'FORBIDDEN',
    `the lease ${name.lease} was granted to a token other than "${caller.tokenId}"; use that token, or one with the scope "operate" on the namespace`,
  );
}

/** @throws {RegistryError} `LEASE_NOT_FOUND` if a lease that still holds an entry has ended, and may not hold a change of it. */
export function assertHolds(granted: GrantedLeases, id: number): void {
  if (granted.get(id)?.ending === undefined) return;
  throw new RegistryError(
    'LEASE_NOT_FOUND',
    `the lease ${id} has ended, and its entries are being deleted; use another`,
  );
}

/**
 * Ends granted leases in one revision: everything that they hold is deleted, and their locks are released. If they hold
 * nothing, there is no revision. Those that hold too much are only marked as ended, and get revisions of their own later.
 *
 * @param actor Id of the token, or `registry`.
 * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
 */
export function endGranted(
  state: CommitState,
  ended: readonly GrantedLease[],
  cause: Cause,
  actor: string,
  now: number,
): void {
  state.pipeline.assertStorable();
  const draft = new Draft(state, now);
  const quick: { lease: GrantedLease; locks: string[] }[] = [];
  for (const lease of ended) {
    if (isSlowToEnd(state, lease)) beginEnd(state, lease, cause, actor, now);
    else quick.push({ lease, locks: [...lease.locks] });
  }
  for (const { lease } of quick) draftEnd(draft, lease, cause);
  commit(state, draft, actor);
  releaseKept(state, ended, now);
  for (const { lease, locks } of quick) {
    delayLocks(state, lease, locks, now);
    if (lease.slot >= 0) state.leases.release(lease.slot);
    state.granted.remove(lease);
  }
  const ids = quick.map(({ lease }) => lease.id);
  if (ids.length > 0) state.pipeline.enqueue(() => deleteLeaseRows(state.platform.storage, ids));
}

function tooManyLeases(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `this namespace has ${GRANTED_LEASES_MAX_COUNT} granted leases, the maximum; revoke some, or hold more with each`,
  );
}
