import type { InstanceKey } from '../../../model/batch';
import type { SharedDocument } from '../../../model/dialect-reads';
import { RECORD_ROWS_PER_PAGE_COUNT, RECORD_ROWS_PER_STATEMENT_COUNT } from '../../../model/limits';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SqlRow, SqlStorage, SqlValue } from '../../storage/sql-storage';
import type { ServiceEntry } from './catalog-entries';
import type { RecordRow } from './record-kind';
import { RECORD_KINDS, recordKind } from './record-kinds';
import type { RecordKey } from './records';

const COLUMNS = 'kind, group_name, service, id, revision, flags, lease, lease_terms, timed_at, value';

const TOUCH = 'UPDATE record SET timed_at = ? WHERE kind = ? AND group_name = ? AND service = ? AND id = ?';

/**
 * Returns a statement that puts similar rows. Values that they share are bound once, as binding a value costs about as much
 * as storing it.
 */
function putStatement(rows: number): string {
  const values = Array.from({ length: rows }, (_, index) => {
    const [service, id, lease, timedAt, value] = [6, 7, 8, 9, 10].map((column) => `?${column + 5 * index}`);
    return `(?1, ?2, ${service}, ${id}, ?3, ?4, ${lease}, ?5, ${timedAt}, ${value})`;
  }).join(', ');
  return `INSERT INTO record (${COLUMNS}) VALUES ${values}
    ON CONFLICT (kind, group_name, service, id) DO UPDATE SET
      revision = excluded.revision, flags = excluded.flags, lease = excluded.lease,
      lease_terms = excluded.lease_terms, timed_at = excluded.timed_at, value = excluded.value`;
}

const PUT_ONE = putStatement(1);
const PUT_MANY = putStatement(RECORD_ROWS_PER_STATEMENT_COUNT);

/** Writes rows, each of a different record: new, changed, or reduced to its head. */
export function writeRecordRows(storage: SqlStorage, rows: readonly RecordRow[]): void {
  let next = 0;
  while (next < rows.length) {
    const many = rows.slice(next, next + RECORD_ROWS_PER_STATEMENT_COUNT);
    const [first, ...others] = many;
    if (first === undefined) break;
    const isBatch = many.length === RECORD_ROWS_PER_STATEMENT_COUNT && others.every((row) => areAlike(first, row));
    if (isBatch) storage.run(PUT_MANY, ...sharedBindings(first), ...many.flatMap(ownBindings));
    else storage.run(PUT_ONE, ...sharedBindings(first), ...ownBindings(first));
    next += isBatch ? many.length : 1;
  }
}

/** Updates only the time of the last renewal in the row of an instance. */
export function touchRecordRow(storage: SqlStorage, { group, service, id }: InstanceKey, timedAt: number): void {
  storage.run(TOUCH, timedAt, RECORD_KINDS.instance.number, group, service, id);
}

/** Returns whether two rows share the values that {@link putStatement} binds once. Rows of a commit mostly do. */
function areAlike(a: RecordRow, b: RecordRow): boolean {
  return (
    a.kind === b.kind &&
    a.group === b.group &&
    a.revision === b.revision &&
    a.flags === b.flags &&
    a.leaseTerms === b.leaseTerms
  );
}

/** Returns the shared bindings, in the order of the parameters in {@link putStatement}, as {@link ownBindings} does. */
function sharedBindings({ kind, group, revision, flags, leaseTerms }: RecordRow): SqlValue[] {
  return [RECORD_KINDS[kind].number, group, revision, flags, leaseTerms];
}

function ownBindings({ service, id, lease, timedAt, value }: RecordRow): SqlValue[] {
  return [service, id, lease, timedAt, value];
}

/** Key before all records. */
const BEFORE_ALL: SqlRow = [Number.MIN_SAFE_INTEGER, '', '', ''];

/**
 * Yields all rows: services, then overrides, then instances, each kind by group, service and id.
 *
 * They are read in pages, each at once: on one machine that takes a quarter less time than reading row by row.
 */
export function* readRecordRows(storage: SqlStorage): Generator<RecordRow> {
  const page = `SELECT ${COLUMNS} FROM record WHERE (kind, group_name, service, id) > (?, ?, ?, ?)
    ORDER BY kind, group_name, service, id LIMIT ?`;
  let after = BEFORE_ALL;
  for (let rows = RECORD_ROWS_PER_PAGE_COUNT; rows === RECORD_ROWS_PER_PAGE_COUNT; ) {
    let last = after;
    rows = 0;
    for (const row of storage.read(page, ...after, RECORD_ROWS_PER_PAGE_COUNT)) {
      yield decodeRow(row);
      last = row;
      rows += 1;
    }
    after = last.slice(0, BEFORE_ALL.length);
  }
}

// `as` below: the table is STRICT, so columns have the types of the schema.
function decodeRow(row: SqlRow): RecordRow {
  return {
    kind: recordKind(row[0] as number).name,
    group: row[1] as string,
    service: row[2] as string,
    id: row[3] as string,
    revision: row[4] as number,
    flags: row[5] as number,
    lease: row[6] as number | null,
    leaseTerms: row[7] as string | null,
    timedAt: row[8] as number,
    value: row[9] as string | null,
  };
}

/** Returns the name of a record's head within its service. */
export function headName({ kind, id }: Pick<RecordKey, 'kind' | 'id'>): string {
  return `${kind}\u0000${id}`;
}

/** Returns the revision at which an absent record was removed; 0 if the journal has none. */
export function headRevision(storage: SqlStorage, key: RecordKey, service: ServiceEntry | undefined): number {
  if (service === undefined) return 0;
  const unwritten = service.unwrittenHeads.get(headName(key));
  if (unwritten !== undefined) return unwritten;
  return service.hasHeads ? readHeadRevision(storage, key) : 0;
}

/** Reads the revision in the head of a removed record; 0 if there is none. */
function readHeadRevision(storage: SqlStorage, { kind, group, service, id }: RecordKey): number {
  const head = `SELECT revision FROM record
    WHERE kind = ? AND group_name = ? AND service = ? AND id = ? AND value IS NULL`;
  for (const [revision] of storage.read(head, RECORD_KINDS[kind].number, group, service, id)) return Number(revision);
  return 0;
}

/** Yields the heads of a service's records that were removed after a revision. */
export function* readHeadsSince(
  storage: SqlStorage,
  { group, service }: Pick<RecordKey, 'group' | 'service'>,
  revision: number,
): Generator<Pick<RecordKey, 'kind' | 'id'>> {
  const heads = `SELECT id FROM record
    WHERE kind = ? AND group_name = ? AND service = ? AND value IS NULL AND revision > ?`;
  for (const { name, number } of Object.values(RECORD_KINDS)) {
    for (const [id] of storage.read(heads, number, group, service, revision)) yield { kind: name, id: String(id) };
  }
}

/** Writes a document, unless one with its id exists, which is then the same. Runs inside a commit. */
export function writeDocumentRow(storage: SqlStorage, { group, service }: ServiceKey, document: SharedDocument): void {
  const put = 'INSERT OR IGNORE INTO document (group_name, service, id, value) VALUES (?, ?, ?, ?)';
  storage.run(put, group, service, document.id, document.text);
}

/** Removes a document. Runs inside a commit. */
export function removeDocumentRow(storage: SqlStorage, { group, service }: ServiceKey, id: string): void {
  storage.run('DELETE FROM document WHERE group_name = ? AND service = ? AND id = ?', group, service, id);
}

/** Yields all documents of a namespace. */
export function* readDocumentRows(storage: SqlStorage): Generator<ServiceKey & SharedDocument> {
  for (const [group, service, id, text] of storage.read('SELECT group_name, service, id, value FROM document')) {
    yield { group: String(group), service: String(service), id: String(id), text: String(text) };
  }
}
