import { RegistryError } from '../model/errors';
import { OVERRIDE_LINGER_MS, RECORDS_PER_NAMESPACE_MAX_BYTES } from '../model/limits';
import { ENTRY_FLAGS, type InstanceEntry, isHealthy, type ServiceEntry } from './catalog';
import type { Draft, DraftedChange } from './draft';
import { headName, headRevision } from './heads';
import type { Cause, JournaledChange } from './journal';
import { type RecordRow, writeRecordRow } from './record-row';
import type { InstanceRecord, OverrideRecord } from './records';
import { decodeInstance, encodeInstance, encodeOverride, encodeService, instanceFlags } from './records';
import { holdInstance } from './session-table';
import type { NamespaceState } from './state';
import { effective, isEligible } from './view';

/** A change with the texts it makes, ready to be applied. */
interface EncodedChange {
  change: DraftedChange;
  before: { text: string; revision: number } | undefined;
  after: string | null;
}

/**
 * Turns a draft into the next revision: in memory at once, on the disk with the next group. Everything that changes a
 * namespace comes through here. A draft that changes nothing makes no revision; its renewals count all the same.
 *
 * @param actor Id of the token, or `registry`.
 * @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace would hold too much; nothing has happened then.
 */
export function commit(state: NamespaceState, draft: Draft, actor: string): void {
  const encoded = encodeChanges(state, draft);
  for (const entry of draft.renewed) renew(state, entry, draft.now);
  if (encoded.length === 0) return;
  const { revision, now } = draft;
  const journaled = encoded.map((each) => journaledChange(state, each));
  const rows = encoded.map(({ change, after }) => apply(state, change, after, revision, now));
  const check = Math.floor(state.platform.random.fraction() * 0x1_0000_0000);
  const append = state.journal.append(journaled, draft.cause, actor, draft.stamp, check);
  state.counters.commits += 1;
  const told = { revision, cursor: state.journal.cursor, cause: draft.cause, actor, at: draft.stamp };
  const publish = state.publisher.prepare(told, journaled);
  state.pipeline.enqueue(() => {
    for (const row of rows) {
      writeRecordRow(state.platform.storage, row);
      if (row.value === null) forgetUnwrittenHead(state, row);
    }
    append();
  }, publish);
  scheduleCompaction(state, now);
}

/** Puts the next compaction on the agenda, where there is anything to compact. */
export function scheduleCompaction(state: NamespaceState, now: number): void {
  const { journal, agenda, time } = state;
  const at = journal.isOverfull ? now : time.whenClockShows(journal.overdueAt);
  if (at < Number.POSITIVE_INFINITY) agenda.set({ kind: 'compaction' }, at);
}

/** Renews a lease that changes in nothing else: no revision, no row. */
export function renew(state: NamespaceState, entry: InstanceEntry, now: number): void {
  if (entry.lease < 0 || entry.session !== undefined || entry.service.instances.get(entry.id) !== entry) return;
  state.checkpoints.open();
  state.leases.renew(entry.lease, now);
  state.counters.renewals += 1;
}

/** What health and drains add to a record counts for no limit: a namespace that is full goes on with what it has. */
const UNLIMITED: ReadonlySet<Cause> = new Set(['unhealthy', 'recovered', 'expired', 'drained']);

function encodeChanges(state: NamespaceState, draft: Draft): EncodedChange[] {
  const encoded: EncodedChange[] = [];
  let growth = 0;
  for (const change of draft.changes) {
    const before = state.catalog.record(change);
    const after = encode(change);
    if (before === undefined && after === null) continue;
    if (!UNLIMITED.has(change.cause)) growth += (after?.length ?? 0) - (before?.text.length ?? 0);
    encoded.push({ change, before, after });
  }
  if (growth > 0 && state.catalog.size + growth > RECORDS_PER_NAMESPACE_MAX_BYTES) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the records of this namespace would take more than ${RECORDS_PER_NAMESPACE_MAX_BYTES} bytes, the most it holds`,
    );
  }
  return encoded;
}

function encode(change: DraftedChange): string | null {
  if (change.record === null) return null;
  if (change.kind === 'instance') return encodeInstance(change.record);
  return change.kind === 'override' ? encodeOverride(change.record) : encodeService(change.record);
}

function journaledChange(state: NamespaceState, { change, before, after }: EncodedChange): JournaledChange {
  const { kind, group, service, id, cause } = change;
  const entry = state.catalog.service(change);
  return {
    kind,
    group,
    service,
    id,
    cause,
    previous: before?.revision ?? headRevision(state.platform.storage, change, entry),
    servicePrevious: entry?.revision ?? 0,
    before: before?.text ?? null,
    after,
  };
}

function forgetUnwrittenHead(state: NamespaceState, row: RecordRow): void {
  const heads = state.catalog.service(row)?.unwrittenHeads;
  if (heads?.get(headName(row)) === row.revision) heads.delete(headName(row));
}

/** Applies a change in memory, and returns the row that it makes. */
function apply(
  state: NamespaceState,
  change: DraftedChange,
  text: string | null,
  revision: number,
  now: number,
): RecordRow {
  const { kind, group, id } = change;
  const service = state.catalog.serviceFor(change);
  service.revision = revision;
  if (change.cause === 'expired') state.counters.expired += 1;
  else if (change.cause === 'unhealthy') state.counters.unhealthy += 1;
  const row: RecordRow = {
    kind,
    group,
    service: service.name,
    id,
    revision,
    flags: 0,
    lease: null,
    ttlMs: null,
    removeAfterMs: null,
    firstRemoveAfterMs: null,
    timedAt: now,
    value: text,
  };
  if (text === null) {
    service.hasHeads = true;
    service.unwrittenHeads.set(headName(change), revision);
  }
  if (change.kind === 'instance') {
    if (change.record === null || text === null) removeInstance(state, service, id, now);
    else putInstance(state, service, change.record, change.renewed, row, text, now);
  } else if (change.kind === 'override') {
    putOverride(state, service, id, change.record, text, revision, now);
  } else {
    const own = change.record === null || text === null ? undefined : { text, record: change.record, revision };
    state.catalog.setOwn(service, own);
  }
  return row;
}

function putInstance(
  state: NamespaceState,
  service: ServiceEntry,
  record: InstanceRecord,
  renewed: boolean,
  row: RecordRow,
  text: string,
  now: number,
): void {
  const { leases } = state;
  const flags = instanceFlags(record);
  const override = service.overrides.get(row.id)?.record.override;
  const eligible = isEligible(effective(record, override)) ? ENTRY_FLAGS.eligible : 0;
  const before = service.instances.get(row.id);
  if (before !== undefined && !isHealthy(before) && record.healthy) state.counters.recovered += 1;
  const entry = state.catalog.putInstance(service, row.id, text, row.revision, flags | eligible);
  const { lease } = record.definition;
  if (lease === null) {
    releaseLease(state, entry);
  } else if (record.session !== undefined) {
    holdBySession(state, entry, record.session);
  } else if (renewed || entry.lease < 0 || entry.session !== undefined) {
    if (entry.session !== undefined) releaseLease(state, entry);
    // Only what is new waits for its first renewal: to register again is to renew.
    const firstRemoveAfterMs = before === undefined ? lease.firstRemoveAfterMs : undefined;
    const grant = { ...lease, firstRemoveAfterMs, healthy: record.healthy, renewedAt: now, extendedAt: 0 };
    if (entry.lease < 0) entry.lease = leases.grant(entry, grant);
    else leases.regrant(entry.lease, grant);
  } else {
    leases.setHealthy(entry.lease, record.healthy);
  }
  if (record.drainEndsAt !== undefined) {
    state.agenda.set(
      { kind: 'drain', key: { group: service.group, service: service.name, id: row.id } },
      record.drainEndsAt,
    );
  }
  row.flags = flags;
  if (lease === null) return;
  row.lease = entry.lease;
  if (entry.session !== undefined) return;
  row.ttlMs = lease.ttlMs;
  row.removeAfterMs = lease.removeAfterMs;
  row.firstRemoveAfterMs = leases.awaitsFirstRenewal(entry.lease) ? (lease.firstRemoveAfterMs ?? null) : null;
  row.timedAt = leases.renewedAt(entry.lease);
}

function removeInstance(state: NamespaceState, service: ServiceEntry, id: string, now: number): void {
  const entry = service.instances.get(id);
  if (entry === undefined) return;
  releaseLease(state, entry);
  state.catalog.removeInstance(entry);
  if (!service.overrides.has(id)) return;
  state.agenda.set(
    { kind: 'linger', key: { group: service.group, service: service.name, id } },
    now + OVERRIDE_LINGER_MS,
  );
}

/** Leaves an instance without a lease: its own ends, its session's goes on without it. */
function releaseLease(state: NamespaceState, entry: InstanceEntry): void {
  if (entry.session !== undefined) holdInstance(entry, undefined);
  else if (entry.lease >= 0) state.leases.release(entry.lease);
  entry.lease = -1;
}

function holdBySession(state: NamespaceState, entry: InstanceEntry, key: string): void {
  const session = state.sessions.get(key);
  if (session === undefined) throw new Error('an instance names a session that has ended');
  if (entry.session === session) return;
  releaseLease(state, entry);
  holdInstance(entry, session);
  entry.lease = session.lease;
}

function putOverride(
  state: NamespaceState,
  service: ServiceEntry,
  id: string,
  record: OverrideRecord | null,
  text: string | null,
  revision: number,
  now: number,
): void {
  if (record === null || text === null) state.catalog.removeOverride(service, id);
  else state.catalog.putOverride(service, id, text, revision, record);
  const key = { group: service.group, service: service.name, id };
  const until = record?.override.quarantine?.until;
  if (until !== undefined) state.agenda.set({ kind: 'quarantine', key }, state.time.whenClockShows(Date.parse(until)));
  const entry = service.instances.get(id);
  if (entry !== undefined) refreshEligibility(entry, record ?? undefined);
  else if (record !== null) state.agenda.set({ kind: 'linger', key }, now + OVERRIDE_LINGER_MS);
}

/** Works out again what an override makes of an instance. */
export function refreshEligibility(entry: InstanceEntry, override: OverrideRecord | undefined): void {
  const eligible = isEligible(effective(decodeInstance(entry.text), override?.override));
  entry.flags = eligible ? entry.flags | ENTRY_FLAGS.eligible : entry.flags & ~ENTRY_FLAGS.eligible;
}
