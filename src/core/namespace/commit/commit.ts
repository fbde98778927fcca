import type { SharedDocument } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import type { Cause } from '../../../model/history';
import {
  GONE_SERVICES_MAX_COUNT,
  OVERRIDE_BEYOND_LIMIT_MAX_BYTES,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
} from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';
import { assertShare, mostHeldBy } from '../access/shares';
import { type Catalog, type InstanceEntry, keyOf, type ServiceEntry } from '../records/catalog';
import { removeDocumentRow, writeDocumentRow } from '../records/document-row';
import { headName, headRevision } from '../records/heads';
import { type RecordRow, touchRecordRow, writeRecordRows } from '../records/record-row';
import { encodeInstance, encodeOverride, encodeService } from '../records/records';
import { apply } from './apply';
import type { CommitState } from './commit-state';
import type { Draft, DraftedChange } from './draft';
import type { JournaledChange, JournaledRenewals } from './journaled-change';
import { renewalsOf } from './renewals';

/** A change of a commit, as the journal keeps it, with the record that its text was made from. */
type CommittedChange = DraftedChange & JournaledChange;

/** A drafted change with the texts of its record before and after it. */
interface WeighedChange {
  change: DraftedChange;
  before: { text: string; revision: number } | undefined;
  after: string | null;
}

/**
 * Turns a draft into the next revision: in memory at once, on the disk with the next group. Everything that changes a
 * namespace comes through here. A draft that changes nothing makes no revision; its renewals and documents count all the
 * same.
 *
 * @param actor Id of the token, or `registry`.
 * @returns Whether there is a new revision.
 * @throws {RegistryError} `LIMIT_EXCEEDED` if the namespace would hold too much; nothing has happened then.
 */
export function commit(state: CommitState, draft: Draft, actor: string): boolean {
  const encoded = encodeChanges(state, draft);
  for (const entry of draft.renewed) renew(state, entry, draft.now);
  const documents = putDocuments(state, draft);
  if (encoded.length === 0) {
    if (documents.length > 0) state.pipeline.enqueue(() => writeDocuments(state, documents));
    return false;
  }
  const { revision, now } = draft;
  const changes = encoded.map((each) => committedChange(state, each));
  const rows = changes.map((change) => apply(state, { change, text: change.after, revision, now }));
  const released = state.catalog.dropReleasedDocuments();
  const check = Math.floor(state.platform.random.fraction() * 0x1_0000_0000);
  const append = state.journal.append(changes, draft.cause, actor, draft.stamp, check);
  state.counters.commits += 1;
  const told = { revision, cursor: state.journal.cursor, cause: draft.cause, actor, at: draft.stamp };
  const publish = state.publisher.prepare(told, changes);
  state.pipeline.enqueue(() => {
    writeDocuments(state, documents);
    for (const { service, id } of released) removeDocumentRow(state.platform.storage, documentOwner(service), id);
    writeRecordRows(state.platform.storage, rows);
    for (const row of rows) {
      if (row.value === null) forgetUnwrittenHead(state, row);
    }
    append();
  }, publish);
  scheduleCompaction(state, now);
  return true;
}

/** Puts the new documents of a draft in memory, before the instances that name them. */
function putDocuments({ catalog }: CommitState, draft: Draft): (ServiceKey & SharedDocument)[] {
  const documents = [...draft.documents];
  for (const document of documents) catalog.putDocument(catalog.serviceFor(document), document);
  return documents;
}

function writeDocuments({ platform }: CommitState, documents: readonly (ServiceKey & SharedDocument)[]): void {
  for (const document of documents) writeDocumentRow(platform.storage, document, document);
}

const documentOwner = ({ group, name }: ServiceEntry): ServiceKey => ({ group, service: name });

/** Puts the next compaction on the agenda, where there is anything to compact. */
export function scheduleCompaction(state: CommitState, now: number): void {
  const { journal, agenda, time } = state;
  const isDue = journal.isOverfull || knowsTooManyServices(state);
  const at = isDue ? now : time.whenClockShows(journal.overdueAt);
  if (at < Number.POSITIVE_INFINITY) agenda.set({ kind: 'compaction' }, at);
}

/** Tells whether so many services are gone that the past has to go before its time. The newest revision stays, whatever it removed. */
export function knowsTooManyServices({ catalog, journal }: CommitState): boolean {
  return catalog.goneCount > GONE_SERVICES_MAX_COUNT && journal.count > 1;
}

/**
 * Renews a lease that changes in nothing else: no revision, and no row. But one that was asked is written down before the
 * renewal is answered: crashes that lose one renewal after another would otherwise make its holder look silent.
 */
export function renew(state: CommitState, entry: InstanceEntry, now: number): void {
  if (entry.lease < 0 || entry.session !== undefined || entry.service.instances.get(entry.id) !== entry) return;
  const wasAsked = state.leases.isAsked(entry.lease);
  state.checkpoints.open();
  state.leases.renew(entry.lease, now);
  state.counters.renewals += 1;
  if (wasAsked) state.pipeline.enqueue(() => touchRecordRow(state.platform.storage, keyOf(entry), now));
}

/**
 * What health and drains add to a record counts for no limit: a namespace that is full goes on with what it has. An
 * import has counted what it brings before it began.
 */
const UNLIMITED: ReadonlySet<Cause> = new Set(['unhealthy', 'recovered', 'expired', 'drained', 'imported']);

function encodeChanges(state: CommitState, draft: Draft): WeighedChange[] {
  const encoded: WeighedChange[] = [];
  const { limits } = state.settings;
  const { by } = draft;
  const isShared = by !== undefined && mostHeldBy(by, limits, 'bytes') !== Number.POSITIVE_INFINITY;
  let growth = 0;
  let ownGrowth = 0;
  for (const change of draft.changes) {
    const before = state.catalog.record(change);
    const after = encode(change);
    if (before === undefined && after === null) continue;
    const each = { change, before, after };
    encoded.push(each);
    if (UNLIMITED.has(change.cause)) continue;
    const most = isAlwaysTaken(each) ? 0 : Number.POSITIVE_INFINITY;
    growth += Math.min(most, (after?.length ?? 0) - (before?.text.length ?? 0));
    if (isShared) ownGrowth += Math.min(most, growthOf(state.catalog, by.tokenId, each));
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

/** @throws {RegistryError} `LIMIT_EXCEEDED` for more bytes of records than the registry or the namespace's limit takes. */
export function assertRoomFor(bytes: number, most = RECORDS_PER_NAMESPACE_MAX_BYTES): void {
  if (bytes <= most) return;
  const name = most === RECORDS_PER_NAMESPACE_MAX_BYTES ? '' : ' by its limit limits.bytes';
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `the records of this namespace would take ${bytes} bytes, and ${most} are the most it holds${name}; remove some, or make them smaller`,
  );
}

/** Tells a change that takes an instance out of traffic or back: it does not wait for room. */
function isAlwaysTaken({ change, after }: WeighedChange): boolean {
  if (change.kind !== 'override' || change.record?.override.metadata !== undefined) return false;
  return after !== null && after.length <= OVERRIDE_BEYOND_LIMIT_MAX_BYTES;
}

/** Computes what a change adds to the records that count against a token. */
function growthOf(catalog: Catalog, tokenId: string, { change, before, after }: WeighedChange): number {
  const had = before !== undefined && catalog.holderOf(change) === tokenId ? before.text.length : 0;
  return (after !== null && holderAfter(change) === tokenId ? after.length : 0) - had;
}

function holderAfter(change: DraftedChange): string | undefined {
  return change.kind === 'instance' ? change.record?.owner : change.record?.actor;
}

function encode(change: DraftedChange): string | null {
  if (change.record === null) return null;
  if (change.kind === 'instance') return encodeInstance(change.record);
  return change.kind === 'override' ? encodeOverride(change.record) : encodeService(change.record);
}

function committedChange(state: CommitState, { change, before, after }: WeighedChange): CommittedChange {
  const entry = state.catalog.service(change);
  return {
    ...change,
    previous: before?.revision ?? headRevision(state.platform.storage, change, entry),
    servicePrevious: entry?.revision ?? 0,
    before: before?.text ?? null,
    after,
    watchers: state.publisher.audienceOf(change) || undefined,
    renewals: renewalsUntil(state, change, after),
  };
}

/** How an instance that turns unhealthy or goes was renewed until now: nobody else will remember. */
function renewalsUntil(state: CommitState, change: DraftedChange, after: string | null): JournaledRenewals | undefined {
  if (change.kind !== 'instance' || (after !== null && change.cause !== 'unhealthy')) return undefined;
  const entry = state.catalog.instance(change);
  return entry === undefined ? undefined : renewalsOf(state, entry);
}

function forgetUnwrittenHead(state: CommitState, row: RecordRow): void {
  const heads = state.catalog.service(row)?.unwrittenHeads;
  if (heads?.get(headName(row)) === row.revision) heads.delete(headName(row));
}
