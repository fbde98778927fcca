import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import type { InstanceDefinition } from '../../../model/instance';
import type { Caller } from '../../../model/namespace-api';
import { assertMayChange, assertMayChangeEntry, assertRegistered } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { requireGranted } from '../leases/granting';
import { recover } from '../leases/renewing';
import { type InstanceEntry, isDescribed, isHealthy } from '../records/catalog-entries';
import { heldTerms } from '../records/granted-leases';
import { documentIn, holdsDefinition, type InstanceRecord, withHealth } from '../records/records';
import { isSession } from '../records/session-table';

/**
 * Registers or replaces an instance. Registering the same definition again renews the lease and changes nothing else. A
 * definition with a new incarnation is a restart, and ends a drain.
 *
 * @param document Document that it shares with other instances of its service. It is stored once, if absent.
 * @throws {RegistryError} `FORBIDDEN`, `CONFLICT` if an entry describes it, `REVISION_MISMATCH`, `LIMIT_EXCEEDED`,
 *   `LEASE_NOT_FOUND`.
 */
export function register(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  asked: InstanceDefinition,
  precondition: Precondition,
  document?: SharedDocument,
): OperationResult['outcome'] {
  const definition = withGrantedTerms(draft, caller, asked);
  const entry = draft.untouched(key);
  if (entry !== undefined && isRepeat(entry, definition, caller, document)) {
    assertMayChangeEntry(caller, entry);
    draft.require({ kind: 'instance', ...key }, { record: entry, revision: entry.revision }, precondition);
    if (document !== undefined) draft.putDocument(key, document);
    return repeat(draft, key, entry);
  }
  const current = draft.instance(key);
  if (current !== undefined) {
    assertMayChange(caller, key, current.record.owner);
    assertRegistered(key, current.record);
  }
  draft.require({ kind: 'instance', ...key }, current, precondition);
  if (document !== undefined) draft.putDocument(key, document);
  const registered = { definition, document: document?.id };
  if (current === undefined) {
    draft.putInstance(key, newRecord(draft, caller, registered), 'registered', true);
    return 'created';
  }
  draft.putInstance(key, replaced(draft, caller, current.record, registered), 'registered', true);
  return 'changed';
}

/**
 * Replaces the lease of a definition by the terms of the granted lease that it names.
 *
 * @throws {RegistryError} `LEASE_NOT_FOUND`, `FORBIDDEN`, and `CONFLICT` for a lease without a time to live.
 */
function withGrantedTerms(draft: Draft, caller: Caller, definition: InstanceDefinition): InstanceDefinition {
  const name = definition.lease?.id;
  if (name === undefined) return definition;
  const lease = requireGranted(draft.granted, caller, { lease: name });
  if (lease.ttlMs === null) throw endless(name);
  return { ...definition, lease: heldTerms(lease, lease.ttlMs) };
}

function endless(name: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `the lease ${name} ends only when it is revoked, so it holds no instances; use a lease with a ttlMs, or register with ephemeral: false`,
  );
}

/** Returns the key of the session that holds an instance with this definition; undefined if none does. */
function sessionFor({ lease }: InstanceDefinition, { session }: Caller): string | undefined {
  return lease === null || lease.id !== undefined ? undefined : session;
}

/** Returns whether a registration repeats the existing one: the same content, held by the same session or none. */
function isRepeat(
  entry: InstanceEntry,
  definition: InstanceDefinition,
  caller: Caller,
  document: SharedDocument | undefined,
): boolean {
  if (isDescribed(entry)) return false;
  const holder = entry.holder !== undefined && isSession(entry.holder) ? entry.holder.key : undefined;
  const isSame = holder === sessionFor(definition, caller) && holdsDefinition(entry.text, definition);
  return isSame && documentIn(entry.text) === document?.id;
}

/** Renews an instance that registers the same definition again, or recovers it if it had become unhealthy. */
export function repeat(draft: Draft, key: InstanceKey, entry: InstanceEntry): OperationResult['outcome'] {
  if (isHealthy(entry)) {
    draft.renew(entry);
    return 'unchanged';
  }
  recover(draft, key);
  return 'changed';
}

/** The part of a record that a registration sets. */
type Registered = Pick<InstanceRecord, 'definition' | 'document'>;

function newRecord(draft: Draft, caller: Caller, { definition, document }: Registered): InstanceRecord {
  return {
    definition,
    document,
    place: definition.location === undefined ? caller.place : undefined,
    owner: caller.tokenId,
    createdRevision: draft.revision,
    changes: 1,
    registeredAt: draft.stamp,
    updatedAt: draft.stamp,
    healthy: true,
    healthChangedAt: [],
    session: sessionFor(definition, caller),
  };
}

function replaced(
  draft: Draft,
  caller: Caller,
  record: InstanceRecord,
  { definition, document }: Registered,
): InstanceRecord {
  const { incarnation } = definition;
  const restarted = incarnation !== undefined && incarnation !== record.definition.incarnation;
  const healed = record.healthy ? record : withHealth(record, true, draft.stamp);
  return {
    ...healed,
    definition,
    document,
    place: definition.location === undefined ? (record.place ?? caller.place) : undefined,
    changes: record.changes + 1,
    updatedAt: draft.stamp,
    session: sessionFor(definition, caller),
    drainEndsAt: restarted ? undefined : record.drainEndsAt,
  };
}
