import { RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import {
  IMPORT_IDLE_MAX_MS,
  IMPORT_RESUME_MS,
  IMPORT_SCAN_MAX_COUNT,
  IMPORT_SLICE_MAX_COUNT,
  IMPORT_SLICES_PER_CALL_COUNT,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { ApplyCommand, ApplyReport, ImportMode } from '../../../model/transfer';
import { assertRoomFor, commit } from '../commit/commit';
import { Draft, overLimit, tooManyServices } from '../commit/draft';
import { changeEpoch } from '../commit/epoch-change';
import { findRecord } from '../records/record-kinds';
import { withAuditEntry } from '../turn/operator-audit';
import { turn } from '../turn/turn';
import { amountsAfter, applyEntrySlice, entryLimitBelow } from './import-entries';
import type { ApplyPlace, ImportState, KeptImport } from './imports';
import { dropStaged } from './stage';
import { changeBy, presentRecords, putStaged, removeUnstaged } from './staged-change';
import type { StagedRecord } from './staged-records';

/**
 * Applies an import, a few slices per call. Each slice is a separate revision, and other calls run in between. The first
 * call records that the import is being applied. From then on it runs to its end, even if the client is gone. A slice may be
 * applied twice without harm, so after a wake the import starts from the beginning and skips what is done.
 *
 * An import that replaces everything notifies no watcher of the steps in between: at its end the namespace has a new epoch,
 * and watchers start over from the new state.
 *
 * @throws {RegistryError} `CONFLICT`, `LIMIT_EXCEEDED`, `UNAVAILABLE` if it can't be stored, or not recorded in the audit
 *   trail.
 */
export async function applyImport(
  state: ImportState,
  caller: Caller,
  { importId, mode }: ApplyCommand,
): Promise<Answer<ApplyReport>> {
  const { imports, journal, pipeline, platform, agenda } = state;
  const kept = imports.require(importId, 'staging', 'applying', 'over');
  if (kept.phase === 'staging') {
    const { services, overrides, instances, entries } = imports.tally;
    const others = entries === 0 ? '' : `, ${entries} entries`;
    const detail = `${mode}: ${services} services, ${overrides} overrides, ${instances} instances${others}`;
    const note = { action: 'imported' as const, actor: caller.tokenId, address: caller.address, detail };
    await withAuditEntry(state, note, (changed) =>
      turn(state, undefined, (now) => {
        begin(state, importId, mode, now);
        changed();
      }),
    );
  }
  let slices = 0;
  while (slices < IMPORT_SLICES_PER_CALL_COUNT && imports.isApplying) {
    await (pipeline.settled() ?? platform.nextTurn());
    await turn(state, undefined, (now) => {
      imports.schedule(agenda, now + IMPORT_RESUME_MS);
      // After a wake, slices that are done already must not use up the call: the import would never get any further.
      if (applySlice(state, now)) slices += 1;
    });
  }
  return turn(state, undefined, () => {
    const { phase } = imports.require(importId, 'applying', 'over');
    const { done = 0, of = 0 } = imports.place ?? {};
    const report = { done, of, isDone: phase === 'over', revision: journal.revision };
    return { cursor: journal.cursor, body: jsonText(report) };
  });
}

/** Marks an import as being applied. */
function begin(state: ImportState, importId: string, mode: ImportMode, now: number): void {
  const { imports, pipeline, agenda } = state;
  const kept = imports.require(importId, 'staging');
  assertRoom(state, mode);
  pipeline.assertStorable();
  pipeline.enqueue(imports.keep({ ...kept, phase: 'applying', mode }));
  imports.schedule(agenda, now + IMPORT_RESUME_MS);
  if (mode === 'replace') state.publisher.hold();
}

/** Checks that the result fits into the namespace, as far as is known now: others continue to register meanwhile. */
function assertRoom(state: ImportState, mode: ImportMode): void {
  const { imports, catalog, settings } = state;
  const { tally, plan } = imports;
  const known = plan?.mode === mode && plan.isWhole ? plan : undefined;
  const isMerge = mode === 'merge';
  const instances = isMerge ? catalog.instanceCount + (known?.addedInstances ?? tally.instances) : tally.instances;
  const size = isMerge ? catalog.size + (known?.addedSize ?? tally.size) : tally.size;
  if (instances > INSTANCES_PER_NAMESPACE_MAX_COUNT || size > RECORDS_PER_NAMESPACE_MAX_BYTES) {
    throw new RegistryError(
      'LIMIT_EXCEEDED',
      `the namespace would have ${instances} instances and ${size} bytes of records; the maximum is ${INSTANCES_PER_NAMESPACE_MAX_COUNT} and ${RECORDS_PER_NAMESPACE_MAX_BYTES}: import less, or remove some first`,
    );
  }
  const { limits } = settings;
  assertRoomFor(size, limits.bytes);
  if (limits.instances !== undefined && instances > limits.instances) {
    throw overLimit('limits.instances', limits.instances, 'instances');
  }
  assertRoomForServices(state, isMerge);
  const after = amountsAfter(state, isMerge, known);
  if (limits.entries !== undefined && after.entries > limits.entries) {
    throw overLimit('limits.entries', limits.entries, 'entries');
  }
  if (limits.entryBytes !== undefined && after.entryBytes > limits.entryBytes) {
    throw overLimit('limits.entryBytes', limits.entryBytes, 'bytes of entries');
  }
  const limit = entryLimitBelow(after);
  if (limit === undefined) return;
  const message = `the namespace would have more than ${limit}, the maximum: import less, or delete some entries first`;
  throw new RegistryError('LIMIT_EXCEEDED', message);
}

/** Counts services if there may be too many: a merge adds those that don't exist. */
function assertRoomForServices({ imports, catalog, settings }: ImportState, isMerge: boolean): void {
  const { staged, tally } = imports;
  const { services } = settings.limits;
  if (services !== undefined) {
    const brought = [...staged.services(['service', 'instance'])];
    const added = isMerge ? brought.filter((key) => catalog.service(key)?.exists !== true) : brought;
    if ((isMerge ? catalog.serviceCount : 0) + added.length > services) {
      throw overLimit('limits.services', services, 'services');
    }
  }
  // A file alone never has more: it was refused at the line.
  if (!isMerge || catalog.ownServiceCount + tally.services <= SERVICES_PER_NAMESPACE_MAX_COUNT) return;
  const added = [...staged.services(['service'])].filter((key) => catalog.service(key)?.own === undefined);
  if (catalog.ownServiceCount + added.length > SERVICES_PER_NAMESPACE_MAX_COUNT) throw tooManyServices();
}

/** Resumes an import after a wake: one that is being applied continues, and watches wait until it has ended. */
export function resumeImport(state: ImportState): void {
  const { imports, time, agenda } = state;
  if (!imports.isUnderWay) return;
  imports.schedule(agenda, imports.isApplying ? time.now() : time.now() + IMPORT_IDLE_MAX_MS);
  if (imports.isReplacing) state.publisher.hold();
}

/**
 * Continues an import from the alarm: applies the next slice if its client is gone, or drops it if nothing more
 * arrived.
 *
 * @returns True if there is more to apply.
 */
export function attendImport(state: ImportState, now: number): boolean {
  const { imports } = state;
  const kept = imports.current;
  if (kept === undefined || !imports.isUnderWay || now < imports.dueAt) return false;
  if (kept.phase === 'staging') dropStaged(state, kept);
  else applySlice(state, now);
  return imports.isApplying;
}

/** Puts or removes the next slice of records, as one revision, or ends the import. Returns whether it made a revision. */
function applySlice(state: ImportState, now: number): boolean {
  const { imports } = state;
  const kept = imports.current;
  if (kept?.phase !== 'applying') return false;
  state.pipeline.assertStorable();
  imports.place ??= newPlace(state, kept);
  const { place } = imports;
  const areRecordsDone = place.isAllPut && place.isAllRemoved;
  if (areRecordsDone && place.entries.isAllPut && place.entries.isAllRemoved) {
    end(state, kept);
    return false;
  }
  const draft = new Draft(state, now);
  if (areRecordsDone) place.done += applyEntrySlice(state, place.entries, draft);
  else applyRecordSlice(state, place, draft);
  return commit(state, draft, kept.actor);
}

function applyRecordSlice(state: ImportState, place: ApplyPlace, draft: Draft): void {
  const { imports } = state;
  const rows = place.isAllPut ? [] : imports.staged.after(place.put, IMPORT_SLICE_MAX_COUNT);
  // Removals come first only if there would be no room otherwise: readers must not find a service empty in between.
  if (!place.isAllPut && (place.isAllRemoved || fits(state, rows))) put(state, place, draft, rows);
  else remove(state, place, draft);
}

function newPlace({ imports, catalog, entries: store }: ImportState, { mode }: KeptImport): ApplyPlace {
  const { services, overrides, instances, entries } = imports.tally;
  const isMerge = mode === 'merge';
  const presentRecords = catalog.ownServiceCount + catalog.overrideCount + catalog.instanceCount;
  const present = isMerge ? 0 : presentRecords + store.count;
  return {
    put: undefined,
    isAllPut: false,
    present: undefined,
    isAllRemoved: isMerge,
    entries: { put: '', isAllPut: entries === 0, present: '', isAllRemoved: isMerge || store.count === 0 },
    done: 0,
    of: services + overrides + instances + entries + present,
  };
}

function fits({ catalog }: ImportState, rows: readonly StagedRecord[]): boolean {
  const size = rows.reduce((sum, { value }) => sum + value.length, catalog.size);
  return (
    catalog.instanceCount + rows.length <= INSTANCES_PER_NAMESPACE_MAX_COUNT && size <= RECORDS_PER_NAMESPACE_MAX_BYTES
  );
}

function put({ catalog }: ImportState, place: ApplyPlace, draft: Draft, rows: readonly StagedRecord[]): void {
  for (const row of rows) {
    if (changeBy(row, findRecord(catalog, row)?.text) !== 'unchanged') putStaged(draft, row);
  }
  place.put = rows.at(-1) ?? place.put;
  place.isAllPut = rows.length < IMPORT_SLICE_MAX_COUNT;
  place.done += rows.length;
}

function remove({ imports, catalog }: ImportState, place: ApplyPlace, draft: Draft): void {
  place.present ??= presentRecords(catalog);
  let removed = 0;
  for (let seen = 0; seen < IMPORT_SCAN_MAX_COUNT && removed < IMPORT_SLICE_MAX_COUNT; seen++) {
    const { value: key, done } = place.present.next();
    if (done) {
      place.isAllRemoved = true;
      return;
    }
    place.done += 1;
    if (imports.staged.lineOf(key) !== undefined) continue;
    removeUnstaged(draft, key);
    removed += 1;
  }
}

function end(state: ImportState, kept: KeptImport): void {
  const { imports, pipeline } = state;
  const write = imports.keep({ ...kept, phase: 'over' });
  const forget = () => {
    write();
    imports.clear();
  };
  if (kept.mode === 'replace') changeEpoch(state, 'imported', kept.actor, forget);
  else pipeline.enqueue(forget);
}
