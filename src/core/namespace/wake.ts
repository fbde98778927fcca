import { LOG_REFUSALS_PER_SECOND_MAX_COUNT, SHIFT_STORED_MIN_MS } from '../../model/limits';
import { LogGate } from '../../model/log';
import type { Platform } from '../platform/platform';
import { CommitPipeline } from '../storage/commit-pipeline';
import { prepareStorage } from '../storage/schema';
import { countingRows, type SqlStorage } from '../storage/sql-storage';
import { RateLimiter } from './access/token-limits';
import { scheduleCompaction } from './commit/commit';
import type { StoredState } from './commit/commit-state';
import { changeEpochIfMarked, newEpoch } from './commit/epoch-change';
import { Journal, type Retention } from './commit/journal';
import { Settings } from './commit/settings';
import { lockHolder } from './entries/entry';
import { EntryStore } from './entries/entry-store';
import { beginLookAgain, LookAgainPlace } from './layouts/look-again';
import { Layouts } from './layouts/projection';
import { grantedTerms } from './leases/granting';
import { loadKeeper } from './leases/keeping';
import { Catalog } from './records/catalog';
import type { ServiceEntry, SessionEntry } from './records/catalog-entries';
import { type CheckpointHeader, Checkpoints, readCheckpoint, type StoredCheckpoint } from './records/checkpoints';
import { GrantedLeases, type LeaseRow, readLeaseRows, writeLeaseRow } from './records/granted-leases';
import { loadedTimes } from './records/instance-kind';
import { LeaseTable } from './records/lease-table';
import { LockDelays } from './records/lock-delays';
import type { RecordRow, WakingMemory } from './records/record-kind';
import { RECORD_KINDS } from './records/record-kinds';
import { readDocumentRows, readRecordRows } from './records/record-row';
import { LeaseTerms } from './records/records';
import { readSessionRows, SessionTable } from './records/session-table';
import type { NamespaceState } from './state';
import { Agenda } from './time/agenda';
import { Attention, type AttentionState, noteGap, reconnectSpreadMs, type StoredAttention } from './time/attention';
import { NamespaceTime } from './time/namespace-time';
import { resumeImport } from './transfer/apply';
import { Imports } from './transfer/imports';
import { Hub } from './watch/hub';
import { ReaderHolds } from './watch/reader-holds';
import { Receipts } from './watch/receipts';

/**
 * Loads a namespace from its storage, or creates a new one.
 *
 * It arms no alarm: the call or alarm that caused the wake does so when it ends, and knows then what is due.
 *
 * @param defaults Retention of the journal if the settings have none.
 */
export function wake(host: Platform, defaults?: Retention): { state: NamespaceState; hub: Hub } {
  const { counters } = host;
  counters.wakes += 1;
  counters.wokeAt = host.clock.now();
  const platform = { ...host, storage: countingRows(host.storage, counters) };
  const { storage } = platform;
  const { epoch } = prepareStorage(storage, () => newEpoch(platform.random));
  const settings = new Settings(storage, defaults);
  const journal = new Journal(storage, epoch, settings);
  const checkpoint = readCheckpoint(storage);
  const { header } = checkpoint;
  const attention = new Attention(header?.attention ?? noAttention(header), header?.at ?? 0, Number.NEGATIVE_INFINITY);
  const entries = new EntryStore(storage);
  const loaded = load(storage, checkpoint, attention, entries);
  const lockDelays = new LockDelays(storage);
  const shiftMs = header?.shiftMs ?? 0;
  // Stamps stand still after the clock was set back, so one that is still ahead of the clock says nothing about the axis.
  const stampedAt = journal.latestStamp > counters.wokeAt ? 0 : journal.latestStamp + shiftMs;
  const latest = Math.max(header?.at ?? 0, loaded.latest, lockDelays.load(), stampedAt);
  const start = { shiftMs, latest, latestStamp: journal.latestStamp };
  const time = new NamespaceTime(platform.clock, platform.monotonic, start);
  const armedFor = platform.alarm.armedFor();
  if (armedFor !== null) attention.lookDueAt = time.whenClockShows(armedFor);
  const pipeline = new CommitPipeline({
    storage,
    nextTurn: platform.flushesAside ? undefined : platform.nextTurn,
    counters,
    writeFault: platform.writeFault,
    onFailure: (reason) => {
      platform.log('error', 'a commit could not be stored; the namespace restarts from its storage', {
        reason: String(reason),
      });
      platform.abort('a commit could not be stored');
    },
  });
  const { catalog, leases, leaseTerms, sessions, granted } = loaded;
  const checkpoints = new Checkpoints({
    storage,
    leases,
    time,
    attention,
    counters,
    queue: pipeline,
    marksOpen: platform.monotonic === undefined,
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
    granted,
    lockDelays,
    agenda,
    entries,
    journal,
    pipeline,
    checkpoints,
    counters,
    settings,
    rates: new RateLimiter(settings),
    refusals: new LogGate(LOG_REFUSALS_PER_SECOND_MAX_COUNT),
    imports: new Imports(storage),
    attention,
    alarmTimes,
    layouts: new Layouts({ platform, catalog, entries, described: loaded.described }, settings.layouts),
    lookAgain: new LookAgainPlace(),
  };
  const receipts = new Receipts(() => settings.pollerLingerMs);
  const hub = new Hub(memory, receipts);
  const wokenAt = { now: time.now(), isNew: journal.revision === 0, pollerLingerMs: settings.pollerLingerMs };
  const readerHolds = new ReaderHolds(storage, (write) => pipeline.offer(write), wokenAt);
  const state = { ...memory, publisher: hub, receipts, readerHolds };
  fillAgenda(state, loaded);
  for (const { lease, renewedAt } of loaded.movedLeases) {
    pipeline.offer(() => writeLeaseRow(storage, lease, renewedAt));
  }
  resumeAttention(state, header);
  changeEpochIfMarked(state);
  beginLookAgain(state, time.now());
  resumeImport(state);
  return { state, hub };
}

/** Returns the attention of a storage that has none; see {@link StoredAttention}. */
function noAttention(header: CheckpointHeader | undefined): StoredAttention {
  return { since: header?.at ?? 0, attendedMs: 1 };
}

/** Loads the records of a namespace into memory. Documents come first, so that instances find theirs. */
function load(
  storage: SqlStorage,
  checkpoint: StoredCheckpoint,
  attention: Attention,
  entries: EntryStore,
): WakingMemory {
  const waking: WakingMemory = {
    catalog: new Catalog(),
    leases: new LeaseTable(attention),
    leaseTerms: new LeaseTerms(),
    sessions: new SessionTable(),
    granted: new GrantedLeases(),
    checkpoint,
    movedLeases: [],
    sessionsBySlot: new Map(),
    removedAt: new Map(),
    described: [],
    latest: 0,
  };
  loadSessions(waking, storage);
  const rows = readLeaseRows(storage);
  for (const { timedAt: _, ...row } of rows) {
    waking.granted.add({ ...row, keys: new Set(), instances: new Set(), locks: new Set() });
  }
  for (const document of readDocumentRows(storage)) {
    waking.catalog.putDocument(waking.catalog.serviceFor(document), document);
  }
  let service: ServiceEntry | undefined;
  for (const row of readRecordRows(storage)) {
    if (service?.name !== row.service || service.group !== row.group) service = waking.catalog.serviceFor(row);
    service.revision = Math.max(service.revision, row.revision);
    const { value } = row;
    if (value === null) loadHead(waking, service, row);
    else RECORD_KINDS[row.kind].load(waking, service, row, value);
  }
  entries.load();
  for (const entry of entries.held()) {
    waking.granted.noteHold(entry.key, null, entry);
    waking.granted.noteLock(entry.key, null, lockHolder(entry));
  }
  loadGrantedTimes(waking, rows);
  return waking;
}

/**
 * Puts granted leases into the lease table. The previous version of Rollcall knows none, and may have given their slots to
 * others: they then get new ones, which have to be stored.
 */
function loadGrantedTimes(waking: WakingMemory, rows: readonly LeaseRow[]): void {
  const { leases, granted } = waking;
  const moved: (() => void)[] = [];
  for (const { id, slot, ttlMs, timedAt } of rows) {
    const lease = granted.get(id);
    if (lease === undefined || ttlMs === null || lease.ending !== undefined) continue;
    const isMoved = leases.isUsed(slot);
    const times = isMoved ? { renewedAt: timedAt, askedAt: 0 } : loadedTimes(timedAt, slot, waking.checkpoint);
    waking.latest = Math.max(waking.latest, times.renewedAt);
    const grant = (free?: number) => {
      lease.slot = leases.grant(lease, grantedTerms(ttlMs, times.renewedAt, times.askedAt), free);
      for (const instance of lease.instances) instance.lease = lease.slot;
    };
    if (isMoved) {
      moved.push(grant);
      waking.movedLeases.push({ lease, renewedAt: times.renewedAt });
    } else grant(slot);
  }
  leases.collectFreeSlots();
  for (const grant of moved) grant();
  for (const lease of granted.all()) loadKeeper(waking, lease, lease.keeper);
}

function loadSessions(waking: WakingMemory, storage: SqlStorage): void {
  for (const { timedAt, ...row } of readSessionRows(storage)) {
    const session: SessionEntry = { ...row, instances: new Set(), connection: undefined };
    const times = loadedTimes(timedAt, row.lease, waking.checkpoint);
    waking.latest = Math.max(waking.latest, times.renewedAt);
    const terms = { ttlMs: row.ttlMs, removeAfterMs: row.ttlMs, healthy: true, ...times };
    waking.leases.grant(session, terms, row.lease);
    waking.sessions.add(session);
    waking.sessionsBySlot.set(row.lease, session);
  }
}

function loadHead(waking: WakingMemory, service: ServiceEntry, row: RecordRow): void {
  service.hasHeads = true;
  waking.latest = Math.max(waking.latest, row.timedAt);
  RECORD_KINDS[row.kind].loadHead?.(waking, service, row);
}

/** Fills the agenda, which follows entirely from the records. */
function fillAgenda(state: Pick<StoredState, 'catalog' | 'agenda' | 'time' | 'journal'>, waking: WakingMemory): void {
  const kinds = Object.values(RECORD_KINDS);
  for (const service of state.catalog.services()) {
    for (const kind of kinds) kind.schedule?.(state, service, waking);
  }
  if (waking.granted.nextEnding !== undefined) state.agenda.set({ kind: 'lease-end' }, state.time.now());
  scheduleCompaction(state, state.time.now());
}

/**
 * Continues the stored attention, as after a sleep, or restarts it if renewals may have been missed: after a crash, which
 * leaves the checkpoint open, and in a process that has just started. Other signs appear later: a late alarm, or sessions
 * whose sockets are gone.
 */
function resumeAttention(
  state: StoredState & Pick<AttentionState, 'attention'>,
  header: CheckpointHeader | undefined,
): void {
  const { leases, time, attention, checkpoints, platform, sessions, lockDelays } = state;
  const now = time.now();
  const spreadMs = reconnectSpreadMs(sessions.size);
  if (leases.size === 0) {
    if (header?.attention !== undefined) {
      // The clock was set back. Without the new shift, each wake would begin the lock delays again until it has caught up.
      if (lockDelays.isRunning(now) && time.shiftMs > header.shiftMs + SHIFT_STORED_MIN_MS) checkpoints.close();
      return;
    }
    attention.gap(now, 0);
    checkpoints.close();
  } else if (header?.attention === undefined) {
    leases.repack();
    noteGap(state, now, 'an earlier version ran before', spreadMs);
  } else if (header.state === 'open') {
    noteGap(state, now, 'renewals may have been lost', spreadMs);
  } else if (platform.monotonic !== undefined) {
    resumeInProcess(state, header, spreadMs);
    attention.pass(now);
  }
}

/** Takes over the attention of the process, which has also listened on behalf of a sleeping namespace. */
function resumeInProcess(
  state: StoredState & Pick<AttentionState, 'attention'>,
  { at }: CheckpointHeader,
  spreadMs: number,
): void {
  const { attention, time, platform } = state;
  const heard = platform.heard?.() ?? { since: Number.POSITIVE_INFINITY, beforeMs: 0, wereCutOff: true };
  if (heard === 'all') return;
  const { since, beforeMs, wereCutOff } = heard;
  // A freeze disconnects no client.
  const spread = wereCutOff ? spreadMs : 0;
  attention.credit(beforeMs - spread);
  const heardSince = Math.max(at, Math.min(time.now(), time.whenHostShows(since)));
  noteGap(state, heardSince, 'the namespace was not in memory', spread);
}
