import { quote, RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import { IMPORT_IDLE_MAX_MS, IMPORT_SCAN_MAX_COUNT, INSTANCES_PER_SERVICE_MAX_COUNT } from '../../../model/limits';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { ImportDifference, ImportMode, ImportPlan, PlanCommand } from '../../../model/transfer';
import { findRecord, RECORD_KINDS } from '../records/record-kinds';
import type { RecordKey } from '../records/records';
import { turn } from '../turn/turn';
import { planEntriesOfFile, planOtherEntries } from './import-entries';
import type { ImportState, PlanFacts } from './imports';
import { changeBy, presentRecords } from './staged-change';
import type { StagedRecord } from './staged-records';

/** Place from which a plan continues: after this record of the file, or after this existing record. */
type PlanPlace = ['file' | 'present', RecordKey | undefined];

/** The same among entries, by key. They follow the records. */
type KeyPlace = ['entries' | 'present-entries', string];

/**
 * Returns a page of the changes that an import would make to the current state: first records that the file adds or changes,
 * ordered by kind; then, if it replaces everything, existing records that are not in the file; and then entries, in the same
 * way.
 *
 * @throws {RegistryError} `CONFLICT`, `LIMIT_EXCEEDED` for a service that would have too many instances.
 */
export function planImport(
  state: ImportState,
  caller: Caller,
  { importId, mode, after }: PlanCommand,
): Promise<Answer<ImportPlan>> {
  const { imports, journal, agenda } = state;
  return turn(
    state,
    undefined,
    (now) => {
      imports.require(importId, 'staging');
      imports.schedule(agenda, now + IMPORT_IDLE_MAX_MS);
      if (after === undefined) imports.plan = newFacts(mode);
      const plan = pageFrom(state, after === undefined ? ['file', undefined] : decodePlanPlace(after), mode);
      if (plan.next === undefined && imports.plan?.mode === mode) imports.plan.isWhole = true;
      return { cursor: journal.cursor, body: jsonText(plan) };
    },
    caller.tokenId,
  );
}

function pageFrom(state: ImportState, place: PlanPlace | KeyPlace, mode: ImportMode): ImportPlan {
  if (!isAmongEntries(place)) return place[0] === 'file' ? ofFile(state, place[1], mode) : ofPresent(state, place[1]);
  const [side, after] = place;
  const plan = emptyPlan();
  const read = side === 'entries' ? planEntriesOfFile : planOtherEntries;
  const last = read(state, after, plan);
  if (last !== undefined) plan.next = JSON.stringify([side, last]);
  else if (side === 'entries' && mode === 'replace' && state.entries.count > 0) {
    plan.next = JSON.stringify(['present-entries', ''] satisfies KeyPlace);
  }
  return plan;
}

const isAmongEntries = (place: PlanPlace | KeyPlace): place is KeyPlace =>
  place[0] === 'entries' || place[0] === 'present-entries';

/** Returns the place of the first entry; undefined if there is none to compare. */
function firstEntry({ imports, entries }: ImportState, mode: ImportMode): string | undefined {
  const isAny = imports.tally.entries > 0 || (mode === 'replace' && entries.count > 0);
  return isAny ? JSON.stringify(['entries', ''] satisfies KeyPlace) : undefined;
}

const newFacts = (mode: ImportMode): PlanFacts => ({
  mode,
  addedInstances: 0,
  addedSize: 0,
  addedEntries: { entries: 0, keyBytes: 0, entryBytes: 0 },
  inService: { name: '', count: 0 },
  isWhole: false,
});

/** Counts a record of the file against the limits. */
function count({ catalog }: ImportState, facts: PlanFacts, row: StagedRecord, isNew: boolean): void {
  if (row.kind !== 'instance') return;
  const name = `${row.group}\u0000${row.service}`;
  if (isNew) facts.addedInstances += 1;
  if (facts.inService.name !== name) {
    facts.inService = { name, count: facts.mode === 'merge' ? (catalog.service(row)?.instances.size ?? 0) : 0 };
  }
  if (isNew || facts.mode === 'replace') facts.inService.count += 1;
  if (facts.inService.count <= INSTANCES_PER_SERVICE_MAX_COUNT) return;
  throw new RegistryError(
    'LIMIT_EXCEEDED',
    `line ${row.line}: the service ${quote(row.service)} would have more than ${INSTANCES_PER_SERVICE_MAX_COUNT} instances, the maximum for a service; import fewer, or remove some first`,
  );
}

function ofFile(state: ImportState, from: RecordKey | undefined, mode: ImportMode): ImportPlan {
  const { imports, catalog } = state;
  const plan = emptyPlan();
  const rows = imports.staged.after(from, IMPORT_SCAN_MAX_COUNT);
  for (const row of rows) {
    const present = findRecord(catalog, row)?.text;
    const change = changeBy(row, present);
    plan[change] += 1;
    if (change !== 'unchanged') plan.differences.push(difference(change, row));
    if (imports.plan === undefined) continue;
    imports.plan.addedSize += row.value.length - (present?.length ?? 0);
    count(state, imports.plan, row, change === 'added');
  }
  const last = rows.at(-1);
  if (rows.length === IMPORT_SCAN_MAX_COUNT) plan.next = encodePlanPlace(['file', last]);
  else if (mode === 'replace') plan.next = encodePlanPlace(['present', undefined]);
  else plan.next = firstEntry(state, mode);
  return plan;
}

function ofPresent(state: ImportState, from: RecordKey | undefined): ImportPlan {
  const { imports, catalog } = state;
  const plan = emptyPlan();
  let seen = 0;
  let last: RecordKey | undefined;
  for (const key of presentRecords(catalog, from)) {
    // A page never ends between an override and its instance.
    if (seen >= IMPORT_SCAN_MAX_COUNT && (key.kind !== 'instance' || key.id !== last?.id)) {
      plan.next = encodePlanPlace(['present', last]);
      return plan;
    }
    seen += 1;
    last = key;
    if (imports.staged.lineOf(key) !== undefined) continue;
    plan.removed += 1;
    plan.differences.push(difference('removed', key));
  }
  plan.next = firstEntry(state, 'replace');
  return plan;
}

const emptyPlan = (): ImportPlan => ({ added: 0, changed: 0, removed: 0, unchanged: 0, differences: [] });

function difference(change: ImportDifference['change'], { kind, group, service, id }: RecordKey): ImportDifference {
  return { kind: 'difference', change, record: kind, group, service, ...(kind === 'service' ? {} : { id }) };
}

function encodePlanPlace(place: PlanPlace): string {
  const [side, key] = place;
  return JSON.stringify(key === undefined ? [side] : [side, key.kind, key.group, key.service, key.id]);
}

function decodePlanPlace(text: string): PlanPlace | KeyPlace {
  const [side, kind, group = '', service = '', id = ''] = JSON.parse(text) as string[]; // `as`: only we wrote it
  if (side === 'entries' || side === 'present-entries') return [side, kind ?? ''];
  if (kind === undefined) return [side === 'present' ? 'present' : 'file', undefined];
  const known = (Object.keys(RECORD_KINDS) as RecordKey['kind'][]).find((each) => each === kind); // `as`: its keys
  return [side === 'present' ? 'present' : 'file', { kind: known ?? 'instance', group, service, id }];
}
