import { shownKey } from '../../../model/entry';
import type { GrantedLeaseDetail, GrantedLeaseList, GrantedLeaseView } from '../../../model/granted-lease';
import { GRANTED_LEASES_PER_PAGE_COUNT, LEASE_HOLDS_SHOWN_MAX_COUNT } from '../../../model/limits';
import type { Caller, LeaseListCommand } from '../../../model/namespace-api';
import { timestamp } from '../../../model/timestamp';
import type { StoredState } from '../commit/commit-state';
import { type GrantedLease, keyOf } from '../records/catalog-entries';

/** The parts of a namespace that answers about granted leases show. */
type LeaseSource = Pick<StoredState, 'granted' | 'leases'>;

/** Returns a granted lease as answers show it. */
export function grantedView({ leases }: LeaseSource, lease: GrantedLease, now: number): GrantedLeaseView {
  const { id, alias, ttlMs, tokenId: owner, grantedAt, slot } = lease;
  return {
    id: String(id),
    alias,
    ttlMs,
    remainingMs: slot < 0 ? null : Math.max(0, leases.ttlEndsAt(slot) - now),
    owner,
    grantedAt: timestamp(grantedAt),
    holds: { entries: lease.keys.size, instances: lease.instances.size },
  };
}

/** Returns a granted lease with what it holds, up to a limit. */
export function grantedDetail(state: LeaseSource, lease: GrantedLease, now: number): GrantedLeaseDetail {
  const keys = [...lease.keys].sort().slice(0, LEASE_HOLDS_SHOWN_MAX_COUNT);
  const instances = [...lease.instances].slice(0, LEASE_HOLDS_SHOWN_MAX_COUNT).map(keyOf);
  return { ...grantedView(state, lease, now), entries: keys.map(shownKey), instances };
}

/** Returns a page of the granted leases of a caller, by id; of all tokens if it operates the namespace. */
export function grantedList(
  state: LeaseSource,
  { tokenId, operates }: Caller,
  { limit = GRANTED_LEASES_PER_PAGE_COUNT, after = '0' }: LeaseListCommand,
  now: number,
): GrantedLeaseList {
  const last = Number(after);
  const found: GrantedLease[] = [];
  for (const lease of state.granted.all()) {
    if (lease.id > last && (operates === true || lease.tokenId === tokenId)) found.push(lease);
  }
  found.sort((a, b) => a.id - b.id);
  const page = found.slice(0, Math.min(limit, GRANTED_LEASES_PER_PAGE_COUNT));
  const next = page.length < found.length ? String(page.at(-1)?.id) : undefined;
  return { leases: page.map((lease) => grantedView(state, lease, now)), next };
}
