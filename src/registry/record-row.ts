import { RECORD_KINDS, type RecordKey, type RecordKind } from './records';
import type { SqlRow, SqlStorage } from './sql-storage';

/** A row of the table `record`. */
export interface RecordRow extends RecordKey {
  revision: number;
  flags: number;
  /** Slot in the lease table; null without a lease. */
  lease: number | null;
  /** Terms of the lease, as `leaseText` makes them: null for the default ones. */
  leaseTerms: string | null;
  /** On the namespace's axis: when the lease was last renewed, as far as this row knows, or when the record went. */
  timedAt: number;
  /** The record; null where only the head of a removed one is left. */
  value: string | null;
}

const COLUMNS = 'kind, group_name, service, id, revision, flags, lease, lease_terms, timed_at, value';

const PUT = `INSERT INTO record (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (kind, group_name, service, id) DO UPDATE SET
    revision = excluded.revision, flags = excluded.flags, lease = excluded.lease,
    lease_terms = excluded.lease_terms, timed_at = excluded.timed_at, value = excluded.value`;

/** Writes one row: new, changed, or down to its head. */
export function writeRecordRow(storage: SqlStorage, row: RecordRow): void {
  storage.run(
    PUT,
    RECORD_KINDS[row.kind],
    row.group,
    row.service,
    row.id,
    row.revision,
    row.flags,
    row.lease,
    row.leaseTerms,
    row.timedAt,
    row.value,
  );
}

const KIND_NAMES = Object.fromEntries(Object.entries(RECORD_KINDS).map(([name, kind]) => [kind, name])) as Record<
  number,
  RecordKind | undefined
>; // `as`: the same table the other way round

/** All rows: services, then overrides, then instances, each kind by group, service and id. */
export function* readRecordRows(storage: SqlStorage): Generator<RecordRow> {
  for (const row of storage.read(`SELECT ${COLUMNS} FROM record ORDER BY kind, group_name, service, id`)) {
    yield decodeRow(row);
  }
}

// `as` in what follows: the columns are STRICT, so their types are those of the schema.
function decodeRow(row: SqlRow): RecordRow {
  const kind = KIND_NAMES[row[0] as number];
  if (kind === undefined)
    throw new Error(`the storage holds a record of kind ${row[0]}, which this version does not know`);
  return {
    kind,
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

/** The revision that the head of a removed record was left with; 0 where there is none. */
export function readHeadRevision(storage: SqlStorage, { kind, group, service, id }: RecordKey): number {
  const head = `SELECT revision FROM record
    WHERE kind = ? AND group_name = ? AND service = ? AND id = ? AND value IS NULL`;
  for (const [revision] of storage.read(head, RECORD_KINDS[kind], group, service, id)) return Number(revision);
  return 0;
}
