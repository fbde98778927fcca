import type { InstanceKey } from '../../../model/batch';
import type { WatchedChange } from '../../../model/frames';
import { OVERRIDE_LINGER_MS } from '../../../model/limits';
import {
  ENTRY_FLAGS,
  type GrantedLease,
  type InstanceEntry,
  isDescribed,
  isHealthy,
  keyOf,
  type ServiceEntry,
  type SessionEntry,
} from './catalog-entries';
import type { StoredCheckpoint } from './checkpoints';
import { heldTerms } from './granted-leases';
import { LeaseTable, unpackLease } from './lease-table';
import type {
  JournaledRenewals,
  RecordKind,
  RecordMemory,
  RecordRow,
  RecordState,
  RecordsThen,
  RowColumns,
  WakingMemory,
} from './record-kind';
import {
  decodeInstance,
  encodeInstance,
  INSTANCE_FLAGS,
  type InstanceRecord,
  instanceFlags,
  keptLeaseText,
  leaseText,
  type OverrideRecord,
  ownerIn,
} from './records';
import { holdInstance, isGranted, isSession } from './session-table';
import { effective, instanceView, isEligible } from './view';

/** An instance, with its own lease or that of its holder. */
export const instanceKind: RecordKind<InstanceRecord> = {
  name: 'instance',
  number: 3,
  encode: encodeInstance,
  decode: decodeInstance,
  holderIn: ownerIn,
  find: (service, id) => service.instances.get(id),
  read(service, id) {
    const entry = service.instances.get(id);
    return entry && { record: decodeInstance(entry.text), revision: entry.revision };
  },

  renewalsUntil(memory, service, { id, cause, after }) {
    if (after !== null && cause !== 'unhealthy') return undefined;
    const entry = service.instances.get(id);
    return entry && renewalsOf(memory, entry);
  },

  apply(memory, service, { id, cause, record, after: text, renewed = false }, { revision, now }) {
    const before = service.instances.get(id);
    if (record === null || text === null) {
      if (before === undefined) return {};
      memory.counters.removed[cause] += 1;
      removeInstance(memory, before, now);
      return {};
    }
    if (before !== undefined && isHealthy(before) !== record.healthy) {
      memory.counters[record.healthy ? 'recovered' : 'unhealthy'] += 1;
    }
    const override = service.overrides.get(id)?.record.override;
    const eligible = isEligible(effective(record, override)) ? ENTRY_FLAGS.eligible : 0;
    const entry = memory.catalog.putInstance(
      service,
      id,
      text,
      revision,
      instanceFlags(record) | eligible,
      record.owner,
    );
    // Only a new instance awaits its first renewal: registering again counts as one.
    setLease(memory, entry, record, { isNew: before === undefined, isRenewed: renewed, now });
    if (record.drainEndsAt !== undefined) memory.agenda.set({ kind: 'drain', key: keyOf(entry) }, record.drainEndsAt);
    return columnsOf(memory, entry);
  },

  watched(key, record, then) {
    if (record === null) return { type: 'delete', kind: 'instance', ...key };
    return watchedInstance(key, { record, revision: then.revision }, then);
  },

  /** Overrides are loaded first, so that instances find theirs. */
  load(waking, service, row, text) {
    const eligible = (row.flags & ENTRY_FLAGS.willing) === 0 ? 0 : ENTRY_FLAGS.eligible;
    const entry = waking.catalog.putInstance(service, row.id, text, row.revision, row.flags | eligible);
    const override = service.overrides.get(row.id);
    if (override !== undefined) refreshEligibility(entry, override.record);
    if (isDescribed(entry)) waking.described.push(entry);
    loadLease(waking, entry, row);
  },

  loadHead(waking, service, row) {
    if (service.overrides.has(row.id)) noteRemoval(waking, service, row);
  },

  schedule({ agenda }, service) {
    for (const entry of service.instances.values()) {
      if ((entry.flags & ENTRY_FLAGS.willing) !== 0) continue;
      const { drainEndsAt } = decodeInstance(entry.text);
      if (drainEndsAt !== undefined) agenda.set({ kind: 'drain', key: keyOf(entry) }, drainEndsAt);
    }
  },
};

/** Returns a change of an instance, or of its override, as watchers see it. */
export function watchedInstance(
  key: InstanceKey,
  { record, revision }: RecordState<InstanceRecord>,
  then: RecordsThen,
): WatchedChange {
  const after = instanceView(key, record, revision, then.override(key)?.record.override, then.at);
  return { type: 'put', kind: 'instance', ...key, after };
}

/**
 * Returns how the lease of an instance was renewed, by the clock; undefined without a lease. Gaps are kept in memory, so
 * they are known since the instance was registered or the registry woke, whichever is later.
 */
export function renewalsOf(
  { leases, time, counters }: Pick<RecordMemory, 'leases' | 'time' | 'counters'>,
  entry: InstanceEntry,
): JournaledRenewals | undefined {
  const { lease } = entry;
  if (lease < 0) return undefined;
  return {
    lastAt: Math.floor(time.clockAt(leases.renewedAt(lease))),
    longestGapMs: leases.longestGapMs(lease),
    gapsSince: Math.max(counters.wokeAt, decodeInstance(entry.text).registeredAt),
  };
}

/** Recomputes the effect of an override on an instance. */
export function refreshEligibility(entry: InstanceEntry, override: OverrideRecord | undefined): void {
  const eligible = isEligible(effective(decodeInstance(entry.text), override?.override));
  entry.flags = eligible ? entry.flags | ENTRY_FLAGS.eligible : entry.flags & ~ENTRY_FLAGS.eligible;
}

/** Records the time since which an override may be without its instance. */
export function noteRemoval({ removedAt }: WakingMemory, service: ServiceEntry, { id, timedAt }: RecordRow): void {
  const known = removedAt.get(service) ?? new Map<string, number>();
  removedAt.set(service, known.set(id, Math.max(known.get(id) ?? 0, timedAt)));
}

function setLease(
  { leases, leaseTerms, sessions, granted }: RecordMemory,
  entry: InstanceEntry,
  { definition, healthy, session }: InstanceRecord,
  { isNew, isRenewed, now }: { isNew: boolean; isRenewed: boolean; now: number },
): void {
  if (definition.lease === null) {
    releaseLease(leases, entry);
    return;
  }
  const { id } = definition.lease;
  const isHeld = id !== undefined || session !== undefined;
  const holder = id === undefined ? sessions.get(session ?? '') : granted.get(Number(id));
  if (isHeld && holder === undefined) throw new Error('an instance names a session or lease that has ended');
  // An instance that leaves or joins a holder gets a new lease.
  if (entry.holder !== holder) releaseLease(leases, entry);
  entry.terms =
    holder !== undefined && isGranted(holder)
      ? heldTerms(holder, definition.lease.ttlMs)
      : leaseTerms.read(leaseText(definition.lease));
  if (holder !== undefined) {
    holdInstance(entry, holder);
    entry.lease = slotOf(holder);
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

function removeInstance({ leases, catalog, agenda }: RecordMemory, entry: InstanceEntry, now: number): void {
  releaseLease(leases, entry);
  catalog.removeInstance(entry);
  if (!entry.service.overrides.has(entry.id)) return;
  agenda.set({ kind: 'linger', key: keyOf(entry) }, now + OVERRIDE_LINGER_MS);
}

/** Returns the slot of the lease by which an instance is held. */
const slotOf = (holder: SessionEntry | GrantedLease): number => (isSession(holder) ? holder.lease : holder.slot);

/** Detaches an instance from its lease: its own lease ends, that of its holder continues without it. */
function releaseLease(leases: RecordMemory['leases'], entry: InstanceEntry): void {
  if (entry.holder !== undefined) holdInstance(entry, undefined);
  else if (entry.lease >= 0) leases.release(entry.lease);
  entry.lease = -1;
  entry.terms = null;
}

/** Returns the columns of an instance's row besides its text, so that waking needs no parsing. */
function columnsOf({ leases }: RecordMemory, entry: InstanceEntry): Partial<RowColumns> {
  const flags = entry.flags & (INSTANCE_FLAGS.healthy | INSTANCE_FLAGS.willing | INSTANCE_FLAGS.described);
  if (entry.terms === null) return { flags };
  const { holder } = entry;
  if (holder !== undefined && isSession(holder)) {
    return { flags: flags | INSTANCE_FLAGS.heldBySession, lease: entry.lease, leaseTerms: keptLeaseText(entry.terms) };
  }
  // Without a slot, so that the previous version, which knows no granted leases, does not take it for one of its own.
  if (holder !== undefined) return { flags: flags | INSTANCE_FLAGS.heldByLease, leaseTerms: String(holder.id) };
  return {
    flags: leases.awaitsFirstRenewal(entry.lease) ? flags | INSTANCE_FLAGS.awaitsFirstRenewal : flags,
    lease: entry.lease,
    leaseTerms: keptLeaseText(entry.terms),
    timedAt: leases.renewedAt(entry.lease),
  };
}

function loadLease(waking: WakingMemory, entry: InstanceEntry, row: RecordRow): void {
  if ((row.flags & INSTANCE_FLAGS.heldByLease) !== 0) {
    loadGranted(waking, entry, row);
    return;
  }
  if (row.lease === null) return;
  entry.terms = waking.leaseTerms.read(row.leaseTerms);
  if ((row.flags & INSTANCE_FLAGS.heldBySession) !== 0) {
    const session = waking.sessionsBySlot.get(row.lease);
    holdInstance(entry, session);
    entry.lease = session?.lease ?? -1;
    return;
  }
  const { renewedAt, askedAt } = loadedTimes(row.timedAt, row.lease, waking.checkpoint);
  waking.latest = Math.max(waking.latest, renewedAt);
  const { ttlMs, removeAfterMs } = entry.terms;
  const isAwaited = (row.flags & INSTANCE_FLAGS.awaitsFirstRenewal) !== 0 && renewedAt === row.timedAt;
  const firstRemoveAfterMs = isAwaited ? entry.terms.firstRemoveAfterMs : undefined;
  const healthy = (row.flags & ENTRY_FLAGS.healthy) !== 0;
  const grant = { ttlMs, removeAfterMs, firstRemoveAfterMs, healthy, renewedAt, askedAt };
  entry.lease = waking.leases.grant(entry, grant, row.lease);
}

/** Attaches an instance to the granted lease that its row names. The lease gets its slot once all instances are loaded. */
function loadGranted({ granted }: WakingMemory, entry: InstanceEntry, { leaseTerms }: RecordRow): void {
  const lease = granted.get(Number(leaseTerms));
  if (lease === undefined) return;
  holdInstance(entry, lease);
  entry.terms = heldTerms(lease, lease.ttlMs ?? 0);
}

/**
 * Returns the times of a lease from its row or the checkpoint. A checkpoint older than the row belongs to the slot's
 * previous holder.
 */
export function loadedTimes(
  timedAt: number,
  slot: number,
  { rows, header }: StoredCheckpoint,
): { renewedAt: number; askedAt: number } {
  const packed = rows.get(LeaseTable.rowOf(slot));
  const times = packed === undefined ? undefined : unpackLease(packed, slot);
  if (times === undefined || times.renewedAt < timedAt) return { renewedAt: timedAt, askedAt: 0 };
  // An earlier version of Rollcall stored a time of the clock in this column.
  return header?.attention === undefined ? { ...times, askedAt: 0 } : times;
}
