import { quote, RegistryError } from '../../../model/errors';
import type { ImportedEntry, ImportedRecord } from '../../../model/export-line';
import { jsonText } from '../../../model/json';
import {
  IMPORT_IDLE_MAX_MS,
  INSTANCES_PER_NAMESPACE_MAX_COUNT,
  RECORDS_PER_NAMESPACE_MAX_BYTES,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { NumberedRecord, StageCommand } from '../../../model/transfer';
import { inOrder } from '../commands/override';
import { encodeInstance, encodeOverride, encodeService } from '../records/records';
import { turn } from '../turn/turn';
import { entryLimitBelow, stagedEntries } from './import-entries';
import type { ImportState, KeptImport } from './imports';
import type { StagedEntry } from './staged-entries';
import { countOf, EMPTY_TALLY, type StagedRecord, type StagedTally } from './staged-records';

/**
 * Stages records of a file. Records of an import that was never applied are dropped when another import begins, so that a
 * client that sends its file again after a crash need not wait.
 *
 * It costs one row per record.
 *
 * @throws {RegistryError} `CONFLICT`, `INVALID_REQUEST` for a record that the file has twice, `LIMIT_EXCEEDED`,
 *   `UNAVAILABLE` while nothing can be stored.
 */
export function stageImport(
  state: ImportState,
  caller: Caller,
  { importId, records }: StageCommand,
): Promise<Answer<{ importId: string }>> {
  const { imports, pipeline, platform, journal, agenda } = state;
  return turn(
    state,
    undefined,
    (now) => {
      pipeline.assertStorable();
      const isNew = importId === undefined;
      if (isNew) assertNoneIsApplied(state);
      else imports.require(importId, 'staging');
      const { rows, entries, tally } = staged(state, caller, records, isNew ? EMPTY_TALLY : imports.tally);
      const id = importId ?? platform.random.id();
      if (isNew) {
        const write = imports.keep({ id, actor: caller.tokenId, phase: 'staging' });
        pipeline.enqueue(() => {
          imports.clear();
          write();
        });
      }
      imports.plan = undefined;
      pipeline.enqueue(imports.add(rows, entries, tally));
      imports.schedule(agenda, now + IMPORT_IDLE_MAX_MS);
      return { cursor: journal.cursor, body: jsonText({ importId: id }) };
    },
    caller.tokenId,
  );
}

/** Drops the staged records, unless they are being applied. */
export function dropImport(
  state: ImportState,
  { tokenId }: Caller,
  { importId }: { importId: string },
): Promise<{ cursor: string }> {
  return turn(
    state,
    undefined,
    () => {
      const { current } = state.imports;
      if (current?.id === importId && current.phase === 'staging') {
        state.pipeline.assertStorable();
        dropStaged(state, current);
      }
      return { cursor: state.journal.cursor };
    },
    tokenId,
  );
}

/** Drops the staged records. */
export function dropStaged({ imports, pipeline }: ImportState, kept: KeptImport): void {
  const write = imports.keep({ ...kept, phase: 'dropped' });
  pipeline.enqueue(() => {
    write();
    imports.clear();
  });
}

function assertNoneIsApplied({ imports }: ImportState): void {
  if (!imports.isApplying) return;
  const { actor = '' } = imports.current ?? {};
  throw new RegistryError(
    'CONFLICT',
    `an import by token ${quote(actor)} is being applied; it continues by itself, so wait until it ends and retry`,
    { retryAfterSeconds: 5 },
  );
}

function staged(
  { imports, time }: ImportState,
  { tokenId }: Caller,
  records: readonly NumberedRecord[],
  before: StagedTally,
): { rows: StagedRecord[]; entries: StagedEntry[]; tally: StagedTally } {
  const tally = { ...before };
  const stamp = time.stamp();
  const lines = new Map<string, number>();
  const known = (key: string) => (before.entries === 0 ? undefined : imports.lineOfEntry(key));
  const entries = stagedEntries(records.filter(isEntry), tally, known, refused);
  const rows = records.filter(isRecord).map((record) => {
    const row = stagedRecord(record, tokenId, stamp);
    const name = JSON.stringify([row.kind, row.group, row.service, row.id]);
    const twin = lines.get(name) ?? (before.size === 0 ? undefined : imports.staged.lineOf(row));
    if (twin !== undefined) {
      const what = `${row.kind} ${quote(row.id === '' ? row.service : row.id)}`;
      throw refused(record.line, `the ${what} of service ${quote(row.service)} is already in line ${twin}`);
    }
    lines.set(name, record.line);
    tally[countOf(row.kind)] += 1;
    tally.size += row.value.length;
    assertRoom(tally, record.line);
    return row;
  });
  assertRoom(tally, records.at(-1)?.line ?? 0);
  return { rows, entries, tally };
}

type NumberedEntry = ImportedEntry & { line: number };

const isEntry = (record: NumberedRecord): record is NumberedEntry => record.kind === 'entry';

const isRecord = (record: NumberedRecord): record is Exclude<NumberedRecord, NumberedEntry> => record.kind !== 'entry';

/** Returns a record of a file in its staged form. Members that are known only when it is applied have no value yet. */
function stagedRecord(record: Exclude<NumberedRecord, NumberedEntry>, tokenId: string, stamp: number): StagedRecord {
  const { kind, group, service, line } = record;
  return {
    kind,
    group,
    service,
    id: record.kind === 'service' ? '' : record.id,
    line,
    value: textOf(record, tokenId, stamp),
  };
}

function textOf(record: Exclude<ImportedRecord, ImportedEntry>, tokenId: string, stamp: number): string {
  if (record.kind === 'service') {
    const { metadata, protectThreshold, selector } = record.definition;
    return encodeService({ definition: { metadata, protectThreshold, selector }, createdRevision: 0 });
  }
  if (record.kind === 'override') {
    const { override, actor = tokenId, updatedAt = stamp } = record;
    return encodeOverride({ override: inOrder(override), actor, updatedAt });
  }
  const { definition, owner = tokenId, place } = record;
  const nothingYet = {
    createdRevision: 0,
    changes: 1,
    registeredAt: 0,
    updatedAt: 0,
    healthy: true,
    healthChangedAt: [],
  };
  return encodeInstance({ definition, owner, place, ...nothingYet });
}

/** Refuses a file that exceeds what any namespace can hold, at the line that does, before the rest of the file arrives. */
function assertRoom(tally: StagedTally, line: number): void {
  const { services, instances, overrides, size } = tally;
  const over = (what: string) =>
    new RegistryError(
      'LIMIT_EXCEEDED',
      `line ${line}: the file has more than ${what}, the maximum for a namespace; split it over several namespaces`,
    );
  if (instances > INSTANCES_PER_NAMESPACE_MAX_COUNT) throw over(`${INSTANCES_PER_NAMESPACE_MAX_COUNT} instances`);
  if (overrides > INSTANCES_PER_NAMESPACE_MAX_COUNT) throw over(`${INSTANCES_PER_NAMESPACE_MAX_COUNT} overrides`);
  if (services > SERVICES_PER_NAMESPACE_MAX_COUNT) throw over(`${SERVICES_PER_NAMESPACE_MAX_COUNT} services`);
  if (size > RECORDS_PER_NAMESPACE_MAX_BYTES) throw over(`${RECORDS_PER_NAMESPACE_MAX_BYTES} bytes of records`);
  const limit = entryLimitBelow(tally);
  if (limit !== undefined) throw over(limit);
}

function refused(line: number, problem: string): RegistryError {
  const message = `line ${line}: ${problem}`;
  return new RegistryError('INVALID_REQUEST', message, { errors: [{ path: `line ${line}`, message: problem }] });
}
