import { LOG_REFUSALS_PER_SECOND_MAX_COUNT, OVERRIDE_LINGER_MS } from '../../model/limits';
import { LogGate } from '../../model/log';
import type { Platform } from '../platform/platform';
import { CommitPipeline } from '../storage/commit-pipeline';
import { prepareStorage } from '../storage/schema';
import type { SqlStorage } from '../storage/sql-storage';
import { RateLimiter } from './access/rate-limiter';
import { refreshEligibility } from './commit/apply';
import { scheduleCompaction } from './commit/commit';
import { changeEpochIfMarked, newEpoch } from './commit/epoch-change';
import { Journal, type Retention } from './commit/journal';
import { Settings } from './commit/settings';
import { noteGap } from './leases/listening';
import { reconnectSpreadMs } from './leases/reconnect-spread';
import { Catalog, ENTRY_FLAGS, type ServiceEntry, type SessionEntry } from './records/catalog';
import { type CheckpointHeader, Checkpoints, readCheckpoint, type StoredCheckpoint } from './records/checkpoints';
import { readDocumentRows } from './records/document-row';
import { LeaseTable, unpackLease } from './records/lease-table';
import { LeaseTerms } from './records/lease-terms';
import { type RecordRow, readRecordRows } from './records/record-row';
import { decodeInstance, decodeOverride, decodeService, INSTANCE_FLAGS } from './records/records';
import { holdInstance, type LeaseHolder, readSessionRows, SessionTable } from './records/session-table';
import type { NamespaceState } from './state';
import { Agenda } from './time/agenda';
import { Attention, type StoredAttention } from './time/attention';
import { NamespaceTime } from './time/namespace-time';
import { resumeImport } from './transfer/attend-import';
import { Imports } from './transfer/imports';
import { Hub } from './watch/hub';
import { ReaderHolds } from './watch/reader-holds';
import { Receipts } from './watch/receipts';

/**
 * Brings a namespace back from its storage, or makes a new one.
 *
 * It arms no alarm: the call or alarm that it wakes for does so at its end, and knows what is due then.
 *
 * @param defaults What is kept of the past where the settings say nothing.
 */
export function wake(lent: Platform, defaults?: Retention): { state: NamespaceState; hub: Hub } {
  const { counters } = lent;
  counters.wakes += 1;
  counters.wokeAt = lent.clock.now();
  const platform = { ...lent, storage: counting(lent.storage, (rows) => (counters.rowsWritten += rows)) };
  const { storage } = platform;
  const { epoch } = prepareStorage(storage, () => newEpoch(platform.random));
  const settings = new Settings(storage, defaults);
  const journal = new Journal(storage, epoch, () => settings.retention);
  const checkpoint = readCheckpoint(storage);
  const { header } = checkpoint;
  const attention = new Attention(header?.attention ?? noAttention(header), header?.at ?? 0, Number.NEGATIVE_INFINITY);
  const loaded = load(storage, checkpoint, attention);
  const shiftMs = header?.shiftMs ?? 0;
  // Stamps stand still after the clock was set back, so one that is still ahead of the clock tells nothing of the axis.
  const stampedAt = journal.latestStamp > counters.wokeAt ? 0 : journal.latestStamp + shiftMs;
  const latest = Math.max(header?.at ?? 0, loaded.latest, stampedAt);
  const start = { shiftMs, latest, latestStamp: journal.latestStamp };
  const time = new NamespaceTime(platform.clock, platform.monotonic, start);
  const armedFor = platform.alarm.armedFor();
  if (armedFor !== null) attention.lookDueAt = time.whenClockShows(armedFor);
  const pipeline = new CommitPipeline(storage, platform.nextTurn, counters, (reason) => {
    platform.log('error', 'a commit could not be stored; the namespace starts over from its storage', {
      reason: String(reason),
    });
    platform.abort('a commit could not be stored');
  });
  const { catalog, leases, leaseTerms, sessions } = loaded;
  const checkpoints = new Checkpoints({
    storage,
    leases,
    time,
    attention,
    counters,
    enqueue: (write) => pipeline.enqueue(write),
  });
  const alarmTimes = {
    ranAt: 0,
    nextLookAt: attention.lookDueAt === Number.NEGATIVE_INFINITY ? Number.POSITIVE_INFINITY : attention.lookDueAt,
    retryAt: 0,
    isRunning: false,
    hourStartedAt: 0,
    countThisHour: 0,
  };
  const agenda = new Agenda();
  const memory = {
    platform,
    time,
    catalog,
    leases,
    leaseTerms,
    sessions,
    agenda,
    journal,
    pipeline,
    checkpoints,
    counters,
    settings,
    rates: new RateLimiter(() => settings.limits),
    refusals: new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT),
    imports: new Imports(storage),
    attention,
    alarmTimes,
  };
  const receipts = new Receipts(() => settings.pollerLingerMs);
  const hub = new Hub(memory, receipts);
  const enqueue = (write: () => void) => pipeline.enqueue(write);
  const wokenAt = { now: time.now(), isNew: journal.revision === 0, pollerLingerMs: settings.pollerLingerMs };
  const readerHolds = new ReaderHolds(storage, enqueue, wokenAt);
  const state = { ...memory, publisher: hub, receipts, readerHolds };
  fillAgenda(state, loaded.goneAt);
  goOnListening(state, header);
  changeEpochIfMarked(state);
  resumeImport(state);
  return { state, hub };
}

/** Returns the attention of a storage that knows of none; see {@link StoredAttention}. */
function noAttention(header: CheckpointHeader | undefined): StoredAttention {
  return { since: header?.at ?? 0, attendedMs: 1 };
}

/** Counts the rows that everything written bills. */
function counting(storage: SqlStorage, count: (rows: number) => void): SqlStorage {
  return {
    run: (statement, ...bindings) => {
      const rows = storage.run(statement, ...bindings);
      count(rows);
      return rows;
    },
    read: (query, ...bindings) => storage.read(query, ...bindings),
    transaction: (work) => storage.transaction(work),
    sync: () => storage.sync(),
  };
}

interface Loaded {
  catalog: Catalog;
  leases: LeaseTable<LeaseHolder>;
  leaseTerms: LeaseTerms;
  sessions: SessionTable;
  /** When overrides were put, or their instances went since: those that are left behind linger from then. */
  goneAt: Map<ServiceEntry, Map<string, number>>;
  /** The latest time that any row knows of, on the namespace's axis. */
  latest: number;
}

/** Documents and overrides come before instances, so an instance finds its own there. */
function load(storage: SqlStorage, checkpoint: StoredCheckpoint, attention: Attention): Loaded {
  const loaded: Loaded = {
    catalog: new Catalog(),
    leases: new LeaseTable(attention),
    leaseTerms: new LeaseTerms(),
    sessions: new SessionTable(),
    goneAt: new Map(),
    latest: 0,
  };
  const bySlot = loadSessions(loaded, storage, checkpoint);
  for (const document of readDocumentRows(storage)) {
    loaded.catalog.putDocument(loaded.catalog.serviceFor(document), document);
  }
  let service: ServiceEntry | undefined;
  for (const row of readRecordRows(storage)) {
    if (service?.name !== row.service || service.group !== row.group) service = loaded.catalog.serviceFor(row);
    service.revision = Math.max(service.revision, row.revision);
    if (row.value === null) loadHead(loaded, service, row);
    else if (row.kind === 'instance') loadInstance(loaded, service, row, row.value, checkpoint, bySlot);
    else if (row.kind === 'override') {
      loaded.catalog.putOverride(service, row.id, row.value, row.revision, decodeOverride(row.value));
      noteGone(loaded, service, row);
    } else {
      const own = { text: row.value, record: decodeService(row.value), revision: row.revision };
      loaded.catalog.setOwn(service, own);
    }
  }
  loaded.leases.collectFreeSlots();
  return loaded;
}

/** Sessions by their slot, as the rows of their instances name it. */
function loadSessions(loaded: Loaded, storage: SqlStorage, checkpoint: StoredCheckpoint): Map<number, SessionEntry> {
  const bySlot = new Map<number, SessionEntry>();
  for (const { timedAt, ...row } of readSessionRows(storage)) {
    const session: SessionEntry = { ...row, instances: new Set(), connection: undefined };
    const times = leaseTimes(timedAt, row.lease, checkpoint);
    loaded.latest = Math.max(loaded.latest, times.renewedAt);
    const terms = { ttlMs: row.ttlMs, removeAfterMs: row.ttlMs, healthy: true, ...times };
    loaded.leases.grant(session, terms, row.lease);
    loaded.sessions.add(session);
    bySlot.set(row.lease, session);
  }
  return bySlot;
}

function loadHead(loaded: Loaded, service: ServiceEntry, row: RecordRow): void {
  service.hasHeads = true;
  loaded.latest = Math.max(loaded.latest, row.timedAt);
  if (row.kind === 'instance' && service.overrides.has(row.id)) noteGone(loaded, service, row);
}

/** An import may bring an override whose instance never was. */
function noteGone({ goneAt }: Loaded, service: ServiceEntry, { id, timedAt }: RecordRow): void {
  const known = goneAt.get(service) ?? new Map<string, number>();
  goneAt.set(service, known.set(id, Math.max(known.get(id) ?? 0, timedAt)));
}

function loadInstance(
  loaded: Loaded,
  service: ServiceEntry,
  row: RecordRow,
  text: string,
  checkpoint: StoredCheckpoint,
  sessions: ReadonlyMap<number, SessionEntry>,
): void {
  const eligible = (row.flags & ENTRY_FLAGS.willing) === 0 ? 0 : ENTRY_FLAGS.eligible;
  const entry = loaded.catalog.putInstance(service, row.id, text, row.revision, row.flags | eligible);
  const override = service.overrides.get(row.id);
  if (override !== undefined) refreshEligibility(entry, override.record);
  if (row.lease === null) return;
  entry.terms = loaded.leaseTerms.read(row.leaseTerms);
  if ((row.flags & INSTANCE_FLAGS.heldBySession) !== 0) {
    const session = sessions.get(row.lease);
    holdInstance(entry, session);
    entry.lease = session?.lease ?? -1;
    return;
  }
  const { renewedAt, askedAt } = leaseTimes(row.timedAt, row.lease, checkpoint);
  loaded.latest = Math.max(loaded.latest, renewedAt);
  const { ttlMs, removeAfterMs } = entry.terms;
  const isAwaited = (row.flags & INSTANCE_FLAGS.awaitsFirstRenewal) !== 0 && renewedAt === row.timedAt;
  const firstRemoveAfterMs = isAwaited ? entry.terms.firstRemoveAfterMs : undefined;
  const healthy = (row.flags & ENTRY_FLAGS.healthy) !== 0;
  const grant = { ttlMs, removeAfterMs, firstRemoveAfterMs, healthy, renewedAt, askedAt };
  entry.lease = loaded.leases.grant(entry, grant, row.lease);
}

/** The newer of what the row and the checkpoint know. An older checkpoint is of the slot's former holder. */
function leaseTimes(timedAt: number, slot: number, { rows, header }: StoredCheckpoint) {
  const packed = rows.get(LeaseTable.rowOf(slot));
  const times = packed === undefined ? undefined : unpackLease(packed, slot);
  if (times === undefined || times.renewedAt < timedAt) return { renewedAt: timedAt, askedAt: 0 };
  // An earlier version of Rollcall kept a time of the clock in this place.
  return header?.attention === undefined ? { ...times, askedAt: 0 } : times;
}

/** Everything on the agenda follows from the records. */
function fillAgenda(state: NamespaceState, goneAt: Loaded['goneAt']): void {
  const { agenda, catalog, time } = state;
  for (const service of catalog.services()) {
    for (const [id, { record }] of service.overrides) {
      const key = { group: service.group, service: service.name, id };
      const until = record.override.quarantine?.until;
      if (until !== undefined) agenda.set({ kind: 'quarantine', key }, time.whenClockShows(Date.parse(until)));
      if (service.instances.has(id)) continue;
      agenda.set({ kind: 'linger', key }, (goneAt.get(service)?.get(id) ?? 0) + OVERRIDE_LINGER_MS);
    }
    for (const entry of service.instances.values()) {
      if ((entry.flags & ENTRY_FLAGS.willing) !== 0) continue;
      const { drainEndsAt } = decodeInstance(entry.text);
      const key = { group: service.group, service: service.name, id: entry.id };
      if (drainEndsAt !== undefined) agenda.set({ kind: 'drain', key }, drainEndsAt);
    }
  }
  scheduleCompaction(state, time.now());
}

/**
 * Goes on with the attention that was stored, as after a sleep; or begins anew where renewals may have been missed: after
 * a crash, which leaves the checkpoint open, and in a process that has just started. Other signs show later: an alarm
 * that is late, sessions whose sockets vanished.
 */
function goOnListening(state: NamespaceState, header: CheckpointHeader | undefined): void {
  const { leases, time, attention, checkpoints, platform, sessions } = state;
  const now = time.now();
  const spreadMs = reconnectSpreadMs(sessions.size);
  if (leases.size === 0) {
    if (header?.attention !== undefined) return;
    attention.gap(now, 0);
    checkpoints.close();
  } else if (header?.attention === undefined) {
    leases.packAnew();
    noteGap(state, now, 'an earlier version ran before', spreadMs);
  } else if (header.state === 'open') {
    noteGap(state, now, 'renewals may have been lost', spreadMs);
  } else if (platform.monotonic !== undefined) {
    noteGap(state, now, 'the process has started', spreadMs);
  }
}
