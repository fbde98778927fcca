import type { InstanceKey, OperationResult, Precondition } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import type { InstanceDefinition } from '../../../model/instance';
import type { Caller } from '../../../model/namespace-api';
import { assertMayChange, assertMayChangeEntry, assertRegistered } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { recover } from '../leases/renewing';
import { type InstanceEntry, isDescribed, isHealthy } from '../records/catalog-entries';
import { documentIn, holdsDefinition, type InstanceRecord, withHealth } from '../records/records';

/**
 * Registers or replaces an instance. Registering the same definition again renews the lease and changes nothing else. A
 * definition with a new incarnation is a restart, and ends a drain.
 *
 * @param document Document that it shares with other instances of its service. It is stored once, if absent.
 * @throws {RegistryError} `FORBIDDEN`, `CONFLICT` if an entry describes it, `REVISION_MISMATCH`, `LIMIT_EXCEEDED`.
 */
export function register(
  draft: Draft,
  caller: Caller,
  key: InstanceKey,
  definition: InstanceDefinition,
  precondition: Precondition,
  document?: SharedDocument,
): OperationResult['outcome'] {
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

/** Returns whether a registration repeats the existing one: the same content, held by the same session or none. */
function isRepeat(
  entry: InstanceEntry,
  definition: InstanceDefinition,
  caller: Caller,
  document: SharedDocument | undefined,
): boolean {
  const session = definition.lease === null ? undefined : caller.session;
  const isSame = entry.session?.key === session && !isDescribed(entry) && holdsDefinition(entry.text, definition);
  return isSame && documentIn(entry.text) === document?.id;
}

/** Renews an instance that registers the same definition again, or recovers it if it had become unhealthy. */
function repeat(draft: Draft, key: InstanceKey, entry: InstanceEntry): OperationResult['outcome'] {
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
    session: definition.lease === null ? undefined : caller.session,
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
    session: definition.lease === null ? undefined : caller.session,
    drainEndsAt: restarted ? undefined : record.drainEndsAt,
  };
}
