import { OVERRIDE_LINGER_MS } from '../../../model/limits';
import {
  ENTRY_FLAGS,
  type InstanceEntry,
  isHealthy,
  keyOf,
  type ServiceEntry,
  type SessionEntry,
} from '../records/catalog';
import { headName } from '../records/heads';
import { leaseText } from '../records/lease-terms';
import type { RecordRow } from '../records/record-row';
import {
  decodeInstance,
  INSTANCE_FLAGS,
  type InstanceRecord,
  instanceFlags,
  type OverrideRecord,
} from '../records/records';
import { holdInstance } from '../records/session-table';
import { effective, isEligible } from '../records/view';
import type { CommitState } from './commit-state';
import type { DraftedChange } from './draft';

/** A change that has been decided. */
interface Decided<Change extends DraftedChange = DraftedChange> {
  change: Change;
  /** The record as text; null where it is removed. */
  text: string | null;
  revision: number;
  /** On the namespace's axis. */
  now: number;
}

type Change<Kind extends DraftedChange['kind']> = Extract<DraftedChange, { kind: Kind }>;

/** Applies a change in memory, and returns the row that it makes. */
export function apply(state: CommitState, { change, text, revision, now }: Decided): RecordRow {
  const service = state.catalog.serviceFor(change);
  service.revision = revision;
  if (text === null) {
    service.hasHeads = true;
    service.unwrittenHeads.set(headName(change), revision);
  }
  const plain: RecordRow = {
    kind: change.kind,
    group: service.group,
    service: service.name,
    id: change.id,
    revision,
    flags: 0,
    lease: null,
    leaseTerms: null,
    timedAt: now,
    value: text,
  };
  if (change.kind === 'service') {
    applyOwn(state, service, { change, text, revision, now });
    return plain;
  }
  if (change.kind === 'override') {
    applyOverride(state, service, { change, text, revision, now });
    return plain;
  }
  const entry = applyInstance(state, service, { change, text, revision, now });
  return entry === undefined ? plain : { ...plain, ...instanceColumns(state, entry) };
}

function applyOwn(
  { catalog }: CommitState,
  service: ServiceEntry,
  { change, text, revision }: Decided<Change<'service'>>,
): void {
  const { record } = change;
  catalog.setOwn(service, record === null || text === null ? undefined : { text, record, revision });
}

function applyOverride(
  state: CommitState,
  service: ServiceEntry,
  { change, text, revision, now }: Decided<Change<'override'>>,
): void {
  const { id, record } = change;
  if (record === null || text === null) state.catalog.removeOverride(service, id);
  else state.catalog.putOverride(service, id, text, revision, record);
  const key = { group: service.group, service: service.name, id };
  const until = record?.override.quarantine?.until;
  if (until !== undefined) state.agenda.set({ kind: 'quarantine', key }, state.time.whenClockShows(Date.parse(until)));
  const entry = service.instances.get(id);
  if (entry !== undefined) refreshEligibility(entry, record ?? undefined);
  else if (record !== null) state.agenda.set({ kind: 'linger', key }, now + OVERRIDE_LINGER_MS);
}

/** Returns the entry, or undefined where the instance is removed. */
function applyInstance(
  state: CommitState,
  service: ServiceEntry,
  { change, text, revision, now }: Decided<Change<'instance'>>,
): InstanceEntry | undefined {
  const { id, record } = change;
  const before = service.instances.get(id);
  if (record === null || text === null) {
    if (before === undefined) return undefined;
    state.counters.removed[change.cause] += 1;
    removeInstance(state, before, now);
    return undefined;
  }
  if (before !== undefined && isHealthy(before) !== record.healthy) {
    state.counters[record.healthy ? 'recovered' : 'unhealthy'] += 1;
  }
  const override = service.overrides.get(id)?.record.override;
  const eligible = isEligible(effective(record, override)) ? ENTRY_FLAGS.eligible : 0;
  const entry = state.catalog.putInstance(service, id, text, revision, instanceFlags(record) | eligible, record.owner);
  // Only what is new waits for its first renewal: to register again is to renew.
  setLease(state, entry, record, { isNew: before === undefined, isRenewed: change.renewed, now });
  if (record.drainEndsAt !== undefined) state.agenda.set({ kind: 'drain', key: keyOf(entry) }, record.drainEndsAt);
  return entry;
}

function setLease(
  { leases, leaseTerms, sessions }: CommitState,
  entry: InstanceEntry,
  { definition, healthy, session }: InstanceRecord,
  { isNew, isRenewed, now }: { isNew: boolean; isRenewed: boolean; now: number },
): void {
  if (definition.lease === null) {
    releaseLease(leases, entry);
    return;
  }
  // An instance that leaves a session, or goes over to one, begins anew.
  if (entry.session?.key !== session) releaseLease(leases, entry);
  entry.terms = leaseTerms.read(leaseText(definition.lease));
  if (session !== undefined) {
    holdBySession(entry, sessions.get(session));
    return;
  }
  if (!isRenewed && entry.lease >= 0) {
    leases.setHealthy(entry.lease, healthy);
    return;
  }
  const { ttlMs, removeAfterMs } = entry.terms;
  const firstRemoveAfterMs = isNew ? entry.terms.firstRemoveAfterMs : undefined;
  const grant = { ttlMs, removeAfterMs, firstRemoveAfterMs, healthy, renewedAt: now, askedAt: 0 };
  if (entry.lease < 0) entry.lease = leases.grant(entry, grant);
  else leases.regrant(entry.lease, grant);
}

function removeInstance(state: CommitState, entry: InstanceEntry, now: number): void {
  releaseLease(state.leases, entry);
  state.catalog.removeInstance(entry);
  if (!entry.service.overrides.has(entry.id)) return;
  state.agenda.set({ kind: 'linger', key: keyOf(entry) }, now + OVERRIDE_LINGER_MS);
}

function holdBySession(entry: InstanceEntry, session: SessionEntry | undefined): void {
  if (session === undefined) throw new Error('an instance names a session that has ended');
  holdInstance(entry, session);
  entry.lease = session.lease;
}

/** Leaves an instance without a lease: its own ends, its session's goes on without it. */
function releaseLease(leases: CommitState['leases'], entry: InstanceEntry): void {
  if (entry.session !== undefined) holdInstance(entry, undefined);
  else if (entry.lease >= 0) leases.release(entry.lease);
  entry.lease = -1;
  entry.terms = null;
}

/** What the row of an instance says beside its text, so that waking needs no parsing. */
function instanceColumns({ leases }: CommitState, entry: InstanceEntry): Partial<RecordRow> {
  const flags = entry.flags & (INSTANCE_FLAGS.healthy | INSTANCE_FLAGS.willing);
  if (entry.terms === null) return { flags };
  if (entry.session !== undefined) {
    return { flags: flags | INSTANCE_FLAGS.heldBySession, lease: entry.lease, leaseTerms: leaseText(entry.terms) };
  }
  return {
    flags: leases.awaitsFirstRenewal(entry.lease) ? flags | INSTANCE_FLAGS.awaitsFirstRenewal : flags,
    lease: entry.lease,
    leaseTerms: leaseText(entry.terms),
    timedAt: leases.renewedAt(entry.lease),
  };
}

/** Works out again what an override makes of an instance. */
export function refreshEligibility(entry: InstanceEntry, override: OverrideRecord | undefined): void {
  const eligible = isEligible(effective(decodeInstance(entry.text), override?.override));
  entry.flags = eligible ? entry.flags | ENTRY_FLAGS.eligible : entry.flags & ~ENTRY_FLAGS.eligible;
}
