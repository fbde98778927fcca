import type { AuditNote } from '../../model/audit';
import { shownKey } from '../../model/entry';
import { RegistryError } from '../../model/errors';
import type {
  GrantedLeaseDetail,
  GrantedLeaseList,
  GrantedLeaseView,
  LeaseListCommand,
  LeaseName,
  LeaseRenewal,
  LeaseRenewalReport,
} from '../../model/granted-lease';
import { jsonText } from '../../model/json';
import { GRANTED_LEASES_PER_PAGE_COUNT, LEASE_HOLDS_SHOWN_MAX_COUNT } from '../../model/limits';
import type { Answer, Caller } from '../../model/namespace-api';
import { timestamp } from '../../model/timestamp';
import type { StoredState } from './commit/commit-state';
import { endGranted, findGranted, grantLease, renewGranted, requireGranted, requireRevocable } from './leases/granting';
import { continueEnds } from './leases/slow-end';
import { type GrantedLease, keyOf } from './records/catalog-entries';
import { withAuditEntry } from './turn/operator-audit';
import { type OnDecided, turn } from './turn/turn';
import type { TurnState } from './turn/turn-state';
import type { Command, Reply } from './write-calls';

/** The calls of `LeaseApi`, and their answers. */

export function callGrantLease(
  state: TurnState,
  caller: Caller,
  command: Command<'grantLease'>,
  decided?: OnDecided,
): Reply<'grantLease'> {
  return aboutLease(
    state,
    caller,
    (now) => grantedView(state, grantLease(state, caller, command, now), now, command),
    decided,
  );
}

export function callRenewLease(state: TurnState, caller: Caller, name: LeaseName): Reply<'renewLease'> {
  return aboutLease(state, caller, (now) => {
    const lease = requireGranted(state.granted, caller, name);
    renewGranted(state, lease, now);
    return grantedView(state, lease, now, name);
  });
}

export function callRenewLeases(
  state: TurnState,
  caller: Caller,
  renewals: readonly LeaseRenewal[],
  decided?: OnDecided,
): Reply<'renewLeases'> {
  return aboutLease(state, caller, (now) => renewLeases(state, caller, renewals, now), decided);
}

/** Renews several leases. @throws {RegistryError} `FORBIDDEN`; none is renewed then. */
function renewLeases(
  state: TurnState,
  caller: Caller,
  renewals: readonly LeaseRenewal[],
  now: number,
): LeaseRenewalReport {
  const known: { name: string; lease: GrantedLease; ageMs: number | undefined }[] = [];
  const unknown: string[] = [];
  for (const { ageMs, ...name } of renewals) {
    const lease = findGranted(state.granted, caller, name);
    if (lease === undefined) unknown.push(name.lease);
    else known.push({ name: name.lease, lease, ageMs });
  }
  for (const { lease, ageMs } of known) renewGranted(state, lease, now, ageMs);
  const renewed = known.map(({ name, lease }) => ({ lease: name, remainingMs: remainingMs(state, lease, now) }));
  return { renewed, unknown };
}

export function callReadLease(
  state: TurnState,
  caller: Caller,
  name: LeaseName,
  decided?: OnDecided,
): Reply<'readLease'> {
  const read = (now: number) => grantedDetail(state, requireGranted(state.granted, caller, name), now, name);
  return aboutLease(state, caller, read, decided);
}

export function callListLeases(
  state: TurnState,
  caller: Caller,
  command: Command<'listLeases'>,
  decided?: OnDecided,
): Reply<'listLeases'> {
  return aboutLease(state, caller, (now) => grantedList(state, caller, command, now), decided);
}

export function callRevokeLease(
  state: TurnState,
  caller: Caller,
  name: LeaseName,
  decided?: OnDecided,
): Reply<'revokeLease'> {
  const lease = state.granted.findHolding(name.lease, name.door ?? 'native');
  const isForeign = lease !== undefined && lease.tokenId !== caller.tokenId && caller.operates === true;
  const noted = (changed?: () => void) => (hasEnded: boolean) => {
    if (hasEnded) changed?.();
    decided?.(0);
  };
  if (!isForeign) return revoke(state, { ...caller, operates: false }, name, noted());
  const { tokenId: actor, address } = caller;
  const detail = `of ${lease.tokenId}, entries: ${lease.keys.size}, instances: ${lease.instances.size}`;
  const note: AuditNote = { action: 'lease-revoked', actor, address, target: String(lease.id), detail };
  // By its id: until the action is recorded, it may have ended, and another lease may have its alias.
  const recorded = { ...name, lease: String(lease.id) };
  return withAuditEntry(state, note, (changed) => revoke(state, caller, recorded, noted(changed)));
}

/**
 * Revokes a lease, or continues its end, and returns when all that it held is deleted.
 *
 * @param noted Called once it is decided whether this call has ended the lease.
 */
async function revoke(
  state: TurnState,
  caller: Caller,
  name: LeaseName,
  noted: (hasEnded: boolean) => void,
): ReturnType<typeof callRevokeLease> {
  const revoked = (now: number) => {
    const lease = requireRevocable(state.granted, caller, name);
    const isFirst = lease.ending === undefined;
    if (isFirst) endGranted(state, [lease], 'revoked', caller.tokenId, now);
    noted(isFirst);
    return lease;
  };
  const lease = await turn(state, undefined, revoked, caller.tokenId);
  const isEnding = () => state.granted.get(lease.id) === lease;
  // The alarm does the same. Slices of both may alternate.
  while (isEnding() && continueEnds(state, state.time.now())) {
    await (state.pipeline.settled() ?? state.platform.nextTurn());
  }
  if (isEnding()) throw endsLater(name, state.pipeline.fault);
  return turn(state, undefined, () => ({ cursor: state.journal.cursor }));
}

/** Returns the error for a revoked lease that still holds something, as nothing can be stored. */
function endsLater({ lease }: LeaseName, fault = 'the disk failed'): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    `the lease ${lease} has ended, but what it holds is still there, as nothing can be stored: ${fault}; once that is fixed it is deleted, also without a retry`,
    { retryAfterSeconds: 5 },
  );
}

/** Runs one call about granted leases. They are no records, so it makes no revision. */
function aboutLease<Body>(
  state: TurnState,
  caller: Caller,
  act: (now: number) => Body,
  decided?: OnDecided,
): Promise<Answer<Body>> {
  return turn(
    state,
    undefined,
    (now) => {
      const body = jsonText(act(now));
      decided?.(body.length);
      return { cursor: state.journal.cursor, body };
    },
    caller.tokenId,
  );
}

/** The parts of a namespace that answers about granted leases show. */
type LeaseSource = Pick<StoredState, 'granted' | 'leases'>;

/** The surface that an answer is for. */
type Door = Pick<LeaseName, 'door'>;

/** Returns a granted lease as answers show it: with its data for its own door alone. */
function grantedView(state: LeaseSource, lease: GrantedLease, now: number, asked: Door): GrantedLeaseView {
  const { id, alias, door, ttlMs, tokenId: owner, grantedAt, lockDelayMs } = lease;
  return {
    id: String(id),
    door: door === 'native' ? undefined : door,
    data: door === asked.door ? lease.data : undefined,
    alias,
    ttlMs,
    remainingMs: remainingMs(state, lease, now),
    owner,
    grantedAt: timestamp(grantedAt),
    lockDelayMs,
    holds: { entries: lease.keys.size, instances: lease.instances.size, locks: lease.locks.size },
  };
}

/** Returns the time until a lease ends unless it is renewed; null for one that ends only when it is revoked. */
function remainingMs({ leases }: Pick<StoredState, 'leases'>, { slot }: GrantedLease, now: number): number | null {
  return slot < 0 ? null : Math.max(0, leases.ttlEndsAt(slot) - now);
}

/** Returns a granted lease with what it holds, up to a limit. */
function grantedDetail(state: LeaseSource, lease: GrantedLease, now: number, asked: Door): GrantedLeaseDetail {
  const keys = [...lease.keys].sort().slice(0, LEASE_HOLDS_SHOWN_MAX_COUNT);
  const instances = [...lease.instances].slice(0, LEASE_HOLDS_SHOWN_MAX_COUNT).map(keyOf);
  const locks = [...lease.locks].sort().map(shownKey);
  return { ...grantedView(state, lease, now, asked), entries: keys.map(shownKey), locks, instances };
}

/** Returns a page of the granted leases of a caller, by id; of all tokens if it operates the namespace. */
function grantedList(
  state: LeaseSource,
  { tokenId, operates }: Caller,
  { door, limit = GRANTED_LEASES_PER_PAGE_COUNT, after = '0' }: LeaseListCommand,
  now: number,
): GrantedLeaseList {
  const last = Number(after);
  const ids: number[] = [];
  for (const lease of state.granted.all()) {
    if (lease.id <= last || lease.ending !== undefined || (door !== undefined && lease.door !== door)) continue;
    if (operates === true || lease.tokenId === tokenId) ids.push(lease.id);
  }
  // Sorting numbers natively takes a tenth of the time of a sort with a function: there may be 100,000.
  const sorted = Float64Array.from(ids).sort().subarray(0, Math.min(limit, GRANTED_LEASES_PER_PAGE_COUNT));
  const page = Array.from(sorted).flatMap((id) => state.granted.get(id) ?? []);
  const next = page.length < ids.length ? String(page.at(-1)?.id) : undefined;
  return { leases: page.map((lease) => grantedView(state, lease, now, { door })), next };
}
