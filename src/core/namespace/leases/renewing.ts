import type { HeartbeatReport, InstanceKey } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import type { Renewal } from '../../../model/instance';
import { jsonText } from '../../../model/json';
import type { Answer, Caller } from '../../../model/namespace-api';
import { assertMayChangeEntry } from '../access/ownership';
import { commit, renew } from '../commit/commit';
import type { CommitState } from '../commit/commit-state';
import { Draft } from '../commit/draft';
import { missingInstance, requireInstance } from '../records/catalog';
import { type InstanceEntry, isHealthy, keyOf } from '../records/catalog-entries';
import { leaseJson, withHealth } from '../records/records';
import { expiresAt } from './expiry';

/** @throws {RegistryError} `INSTANCE_NOT_FOUND`, `FORBIDDEN`, and `CONFLICT` where there is no lease to renew. */
export function renewOne(state: CommitState, caller: Caller, key: InstanceKey, now: number): Answer<Renewal> {
  const entry = requireInstance(state.catalog, key);
  assertMayChangeEntry(caller, entry);
  if (entry.lease < 0) {
    throw new RegistryError(
      'CONFLICT',
      `the instance ${quote(key.id)} has ephemeral: false, and so no lease to renew; it needs no heartbeat`,
    );
  }
  renewLeases(state, caller, [entry], now);
  return renewal(state, entry);
}

/** Renews those that are there, and names the others. @throws {RegistryError} `FORBIDDEN`; none is renewed then. */
export function renewMany(
  state: CommitState,
  caller: Caller,
  keys: readonly InstanceKey[],
  now: number,
): Answer<HeartbeatReport> {
  const known: InstanceEntry[] = [];
  const unknown: InstanceKey[] = [];
  for (const key of keys) {
    const entry = state.catalog.instance(key);
    if (entry === undefined) unknown.push(key);
    else known.push(entry);
  }
  renewLeases(state, caller, known, now);
  return { cursor: state.journal.cursor, body: jsonText({ renewed: known.length, unknown }) };
}

/**
 * Renews the leases of instances; those that had turned unhealthy recover, all in one revision. One that the caller may
 * not change refuses them all. While nothing can be stored, they stay alive, and a later renewal lets them recover.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function renewLeases(state: CommitState, caller: Caller, entries: readonly InstanceEntry[], now: number): void {
  for (const entry of entries) assertMayChangeEntry(caller, entry);
  const unhealthy: InstanceEntry[] = [];
  for (const entry of entries) {
    if (isHealthy(entry) || state.pipeline.fault !== undefined) renew(state, entry, now);
    else unhealthy.push(entry);
  }
  if (unhealthy.length === 0) return;
  const draft = new Draft(state, now);
  for (const entry of unhealthy) recover(draft, keyOf(entry));
  commit(state, draft, caller.tokenId);
}

/** Answer to a renewal that has just been applied. */
export function renewal(
  state: Pick<CommitState, 'journal' | 'leases' | 'time'>,
  entry: InstanceEntry,
): Answer<Renewal> {
  const expires = expiresAt(state, entry);
  if (entry.terms === null || expires === null) throw new Error('a lease was renewed that does not exist');
  return {
    cursor: state.journal.cursor,
    body: `{"lease":${leaseJson(entry.terms)},"expiresAt":"${expires}","revision":${entry.revision}}`,
  };
}

/**
 * Renews the lease of an instance that had turned unhealthy: it is healthy again. Named twice in one call, it recovers
 * once.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND`.
 */
export function recover(draft: Draft, key: InstanceKey): void {
  const current = draft.instance(key);
  if (current === undefined) throw missingInstance(key);
  if (current.record.healthy) return;
  draft.putInstance(key, withHealth(current.record, true, draft.stamp), 'recovered', true);
}
