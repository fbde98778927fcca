import type { SharedDocument } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import type { Cause } from '../../../model/history';
import { RECORDS_PER_NAMESPACE_MAX_BYTES, REMOVED_SERVICES_MAX_COUNT } from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SqlStorage } from '../../storage/sql-storage';
import { assertShare, mostHeldBy } from '../access/token-limits';
import { type Entry, freed, lockHolder } from '../entries/entry';
import type { Catalog } from '../records/catalog';
import { type InstanceEntry, keyOf, type ServiceEntry } from '../records/catalog-entries';
import type { RecordMemory, RecordRow } from '../records/record-kind';
import { findRecord, RECORD_KINDS } from '../records/record-kinds';
import {
  headName,
  headRevision,
  removeDocumentRow,
  touchRecordRow,
  writeDocumentRow,
  writeRecordRows,
} from '../records/record-row';
import type { CommitState, StoredState } from './commit-state';
import type { Draft, DraftedChange } from './draft';
import type { JournaledChange } from './journal-format';
import type { StagedEnd } from './staged-parts';

/** A change of a commit, as the journal keeps it, with the record that its text encodes. */
type CommittedChange = DraftedChange & JournaledChange;

/** A drafted change with the texts of its record before and after it. */
interface WeighedChange {
  change: DraftedChange;
  before: { text: string; revision: number } | undefined;
  after: string | null;
}

/**
 * Turns a draft into the next revision: in memory at once, on the disk with the next group. Every change of a namespace
 * passes through here. A draft that changes nothing makes no revision, but its renewals and documents are applied.
 *
 * @param actor Id of the token, or `registry`.
 * @param staged End of a lease that becomes part of the revision. The draft then changes no entry.
 * @returns True if it made a revision.
 * @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace would hold too much, `UNAVAILABLE` while nothing can be
 *   stored. Nothing is changed then.
 */
export function commit(state: CommitState, draft: Draft, actor: string, staged?: StagedEnd): boolean {
  const { catalog, journal, platform, pipeline, publisher } = state;
  const { storage } = platform;
  const projected = state.layouts.project(draft);
  const encoded = encodeChanges(state, draft);
  const { documents } = draft;
  draft.entries.assertRoom(state.settings.limits, draft.by);
  const changesNothing = encoded.length === 0 && draft.entries.isEmpty && !staged?.rows.length;
  if (!changesNothing || documents.length > 0 || projected !== undefined) pipeline.assertStorable();
  // Reads previous values from the disk, which may fail: nothing has been changed yet.
  const entries = draft.entries.committed();
  for (const entry of draft.renewed) renew(state, entry, draft.now);
  putDocuments(catalog, documents);
  if (changesNothing) {
    const note = projected?.();
    if (documents.length > 0) pipeline.enqueue(() => writeDocuments(storage, documents));
    if (note !== undefined) pipeline.enqueue(note);
    return false;
  }
  const { revision, now } = draft;
  const changes = encoded.map((each) => committedChange(state, each));
  const rows = changes.map((change) => applyChange(state, change, revision, now));
  const released = catalog.dropReleasedDocuments();
  const entryRows = entries.map(({ key, after }) => {
    return after === null ? state.entries.remove(key, revision) : state.entries.put(after);
  });
  const note = projected?.();
  for (const { key, before, after } of entries) entryRows.push(...noteHolders(state, key, before, after, now));
  if (staged !== undefined) entryRows.push(...applyStaged(state, staged, revision));
  const cause = staged?.cause ?? draft.cause;
  const check = Math.floor(platform.random.fraction() * 0x1_0000_0000);
  const append = journal.append(changes, cause, actor, draft.stamp, check, entries, staged);
  state.counters.commits += 1;
  const published = { revision, cursor: journal.cursor, cause, actor, at: draft.stamp };
  const publish = publisher.prepare(published, changes, entries, staged?.keys);
  pipeline.enqueue(() => {
    writeDocuments(storage, documents);
    for (const { service, id } of released) removeDocumentRow(storage, documentOwner(service), id);
    writeRecordRows(storage, rows);
    for (const row of rows) {
      if (row.value === null) forgetUnwrittenHead(catalog, row);
    }
    for (const write of entryRows) write();
    note?.();
    append();
  }, publish);
  scheduleCompaction(state, now);
  return true;
}

/**
 * Records which leases hold an entry and its lock after a change. Returns functions that write the lock delay, if the change
 * takes the lock from a lease that has ended.
 */
function noteHolders(
  { granted, lockDelays }: CommitState,
  key: string,
  before: Entry | null,
  after: Entry | null,
  now: number,
): (() => void)[] {
  const holder = lockHolder(before);
  granted.noteHold(key, before, after);
  const next = lockHolder(after);
  granted.noteLock(key, holder, next);
  const ended = holder === null || holder === next ? undefined : granted.get(holder);
  if (ended?.ending === undefined || ended.lockDelayMs === 0) return [];
  return [lockDelays.begin([key], ended.lockDelayMs, now)];
}

/** Applies a staged end of a lease in memory, without reading a value. Returns functions that write it. */
function applyStaged({ entries, granted }: CommitState, staged: StagedEnd, revision: number): (() => void)[] {
  const released = staged.released.flatMap((key) => {
    const before = entries.get(key);
    if (!before?.facts) return [];
    const facts = { ...before.facts, lock: freed(before.facts.lock) };
    const after = { ...before, revision, version: before.version + 1, facts };
    granted.noteHold(key, before, after);
    granted.noteLock(key, lockHolder(before), null);
    return after;
  });
  // Their locks may be of other leases.
  for (const key of staged.keys) granted.noteLock(key, lockHolder(entries.get(key)), null);
  return [entries.removeHeld(staged.lease, staged.keys, revision), entries.replaceFacts(released, revision)];
}

/** Applies a change in memory, and returns its row. */
function applyChange(memory: RecordMemory, change: CommittedChange, revision: number, now: number): RecordRow {
  const { kind, group, id, after } = change;
  const service = memory.catalog.serviceFor(change);
  service.revision = revision;
  if (after === null) {
    service.hasHeads = true;
    service.unwrittenHeads.set(headName(change), revision);
  }
  const columns = RECORD_KINDS[kind].apply(memory, service, change, { revision, now });
  return {
    kind,
    group,
    service: service.name,
    id,
    revision,
    flags: 0,
    lease: null,
    leaseTerms: null,
    timedAt: now,
    value: after,
    ...columns,
  };
}

/** Adds new documents to memory, before the instances that refer to them. */
function putDocuments(catalog: Catalog, documents: readonly (ServiceKey & SharedDocument)[]): void {
  for (const document of documents) catalog.putDocument(catalog.serviceFor(document), document);
}

function writeDocuments(storage: SqlStorage, documents: readonly (ServiceKey & SharedDocument)[]): void {
  for (const document of documents) writeDocumentRow(storage, document, document);
}

const documentOwner = ({ group, name }: ServiceEntry): ServiceKey => ({ group, service: name });

/** Schedules the next compaction, if there is anything to compact. */
export function scheduleCompaction(
  state: Pick<StoredState, 'catalog' | 'journal' | 'agenda' | 'time'>,
  now: number,
): void {
  const { journal, agenda, time } = state;
  const isDue = journal.isOverfull || knowsTooManyServices(state);
  const at = isDue ? now : time.whenClockShows(journal.overdueAt);
  if (at < Number.POSITIVE_INFINITY) agenda.set({ kind: 'compaction' }, at);
}

/** Returns whether so many services are gone that history must be compacted early. The newest revision always stays. */
export function knowsTooManyServices({ catalog, journal }: Pick<StoredState, 'catalog' | 'journal'>): boolean {
  return catalog.removedCount > REMOVED_SERVICES_MAX_COUNT && journal.count > 1;
}

/** The parts of a namespace that a renewal changes. */
type RenewalState = Pick<StoredState, 'leases' | 'checkpoints' | 'counters' | 'pipeline' | 'platform'>;

/**
 * Renews a lease without any other change: it makes no revision, and no row. The renewal of a lease that was asked is stored
 * before it is answered: otherwise crashes that lose one renewal after another would make its holder look silent.
 */
export function renew(state: RenewalState, entry: InstanceEntry, now: number): void {
  if (entry.lease < 0 || entry.holder !== undefined || entry.service.instances.get(entry.id) !== entry) return;
  const wasAsked = state.leases.isAsked(entry.lease);
  state.checkpoints.open();
  state.leases.renew(entry.lease, now);
  state.counters.renewals += 1;
  if (wasAsked) state.pipeline.offer(() => touchRecordRow(state.platform.storage, keyOf(entry), now));
}

/**
 * Causes that no limit applies to. A full namespace must continue to record health and drains, and an import has counted its
 * records before it began.
 */
const UNLIMITED: ReadonlySet<Cause> = new Set([
  'unhealthy',
  'recovered',
  'expired',
  'drained',
  'drain-cancelled',
  'imported',
]);

function encodeChanges(state: Pick<StoredState, 'catalog' | 'settings'>, draft: Draft): WeighedChange[] {
  const encoded: WeighedChange[] = [];
  const { limits } = state.settings;
  const { by } = draft;
  const isShared = by !== undefined && mostHeldBy(by, limits, 'bytes') !== Number.POSITIVE_INFINITY;
  let growth = 0;
  let ownGrowth = 0;
  for (const change of draft.changes) {
    const { record } = change;
    const kind = RECORD_KINDS[change.kind];
    const before = findRecord(state.catalog, change);
    const after = record === null ? null : kind.encode(record);
    if (before === undefined && after === null) continue;
    encoded.push({ change, before, after });
    if (UNLIMITED.has(change.cause)) continue;
    const needsRoom = record === null || after === null || kind.needsNoRoom?.(record, after) !== true;
    const most = needsRoom ? Number.POSITIVE_INFINITY : 0;
    growth += Math.min(most, sizeOf(after) - sizeOf(before?.text));
    if (!isShared) continue;
    const sizeHeld = (text: string | null | undefined) =>
      text && kind.holderIn(text) === by.tokenId ? text.length : 0;
    ownGrowth += Math.min(most, sizeHeld(after) - sizeHeld(before?.text));
  }
  for (const { text } of draft.documents) {
    growth += text.length;
    ownGrowth += text.length;
  }
  if (growth > 0) assertRoomFor(state.catalog.size + growth, limits.bytes);
  if (isShared && ownGrowth > 0) {
    assertShare(by, limits, 'bytes', state.catalog.holdings.of(by.tokenId).bytes, ownGrowth);
  }
  return encoded;
}

const sizeOf = (text: string | null | undefined): number => text?.length ?? 0;

/** @throws {RegistryError} `LIMIT_EXCEEDED` for more bytes of records than the registry or the namespace's limit allows. */
export function assertRoomFor(bytes: number, most = RECORDS_PER_NAMESPACE_MAX_BYTES): void {
  if (bytes <= most) return;
  const name = most === RECORDS_PER_NAMESPACE_MAX_BYTES ? '' : ' set by limits.bytes';
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `the records of this namespace would take ${bytes} bytes, more than the maximum of ${most}${name}; remove some, or make them smaller`,
  );
}

function committedChange(state: CommitState, { change, before, after }: WeighedChange): CommittedChange {
  const { kind, group, service, id, cause, record, renewed } = change;
  const entry = state.catalog.service(change);
  return {
    kind,
    group,
    service,
    id,
    cause,
    record,
    renewed,
    previous: before?.revision ?? headRevision(state.platform.storage, change, entry),
    servicePrevious: entry?.revision ?? 0,
    before: before?.text ?? null,
    after,
    watchers: state.publisher.audienceOf(change) || undefined,
    // The last record of how an instance was renewed before it became unhealthy or was removed.
    renewals: entry && RECORD_KINDS[kind].renewalsUntil?.(state, entry, { id, cause, after }),
  };
}

function forgetUnwrittenHead(catalog: Catalog, row: RecordRow): void {
  const heads = catalog.service(row)?.unwrittenHeads;
  if (heads?.get(headName(row)) === row.revision) heads.delete(headName(row));
}
