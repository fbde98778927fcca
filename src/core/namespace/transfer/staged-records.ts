import type { RecordCounts } from '../../../model/export-line';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SqlStorage, SqlValue } from '../../storage/sql-storage';
import { RECORD_KINDS, recordKind } from '../records/record-kinds';
import type { RecordKey, RecordKindName } from '../records/records';
import type { EntryTally } from './staged-entries';

/**
 * A staged record of a file. Its text is that of the final record, except for members that are known only when it is
 * applied.
 */
export interface StagedRecord extends RecordKey {
  /** Number of its line in the file. */
  line: number;
  value: string;
}

/** Counts of staged records and entries. */
export interface StagedTally extends RecordCounts, EntryTally {
  /** Length of all texts of records. */
  size: number;
}

/** Tally of no staged records. */
export const EMPTY_TALLY: StagedTally = {
  services: 0,
  overrides: 0,
  instances: 0,
  size: 0,
  entries: 0,
  keyBytes: 0,
  entryBytes: 0,
};

const COUNTED = { service: 'services', override: 'overrides', instance: 'instances' } as const;

/** Returns the name of the count for a kind of record. */
export const countOf = (kind: RecordKindName): keyof RecordCounts => COUNTED[kind];

const COLUMNS = 'kind, group_name, service, id, line, value';

/** Rows of one service per statement: with three values each, as many as the platform can bind. */
const ROWS_PER_STATEMENT = 32;

/** Returns a statement that adds records of one kind and service. Values that they share are bound once. */
function addStatement(rows: number): string {
  const values = Array.from({ length: rows }, (_, index) => {
    const [id, line, value] = [4, 5, 6].map((column) => `?${column + 3 * index}`);
    return `(?1, ?2, ?3, ${id}, ${line}, ${value})`;
  });
  return `INSERT INTO staged (${COLUMNS}) VALUES ${values.join(', ')}`;
}

const ADD_MANY = addStatement(ROWS_PER_STATEMENT);
const ADD_ONE = addStatement(1);

/** The table of staged records, by key. */
export class StagedRecords {
  readonly #storage: SqlStorage;
  /** Lines by id of the service that was looked up last, for each kind. */
  readonly #known = new Map<RecordKindName, { name: string; lines: Map<string, number> }>();

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Adds records. Runs inside a commit. */
  add(records: readonly StagedRecord[]): void {
    this.#known.clear();
    for (const run of runsOf(records)) {
      const [{ kind, group, service }] = run;
      const shared = [RECORD_KINDS[kind].number, group, service];
      const whole = run.length - (run.length % ROWS_PER_STATEMENT);
      for (let next = 0; next < whole; next += ROWS_PER_STATEMENT) {
        this.#storage.run(ADD_MANY, ...shared, ...run.slice(next, next + ROWS_PER_STATEMENT).flatMap(ownBindings));
      }
      for (const row of run.slice(whole)) this.#storage.run(ADD_ONE, ...shared, ...ownBindings(row));
    }
  }

  /** Removes all records. Runs inside a commit. SQLite drops whole pages for this, and reads no rows. */
  clear(): void {
    this.#known.clear();
    this.#storage.run('DELETE FROM staged');
  }

  /** Returns the line number of a record; undefined if it is not in the file. */
  lineOf({ kind, group, service, id }: RecordKey): number | undefined {
    const name = JSON.stringify([group, service]);
    let known = this.#known.get(kind);
    if (known?.name !== name) {
      // A caller that looks up one record mostly looks up its neighbors next.
      const sought = 'SELECT id, line FROM staged WHERE kind = ? AND group_name = ? AND service = ?';
      const rows = [...this.#storage.read(sought, RECORD_KINDS[kind].number, group, service)];
      known = { name, lines: new Map(rows.map(([each, line]) => [String(each), Number(line)])) };
      this.#known.set(kind, known);
    }
    return known.lines.get(id);
  }

  /** Returns the records after a key, ordered by key: services, then overrides, then instances. */
  after(key: RecordKey | undefined, most: number): StagedRecord[] {
    const rows =
      key === undefined
        ? this.#storage.read(`SELECT ${COLUMNS} FROM staged ORDER BY kind, group_name, service, id LIMIT ?`, most)
        : this.#storage.read(
            `SELECT ${COLUMNS} FROM staged WHERE (kind, group_name, service, id) > (?, ?, ?, ?)
              ORDER BY kind, group_name, service, id LIMIT ?`,
            RECORD_KINDS[key.kind].number,
            key.group,
            key.service,
            key.id,
            most,
          );
    const found: StagedRecord[] = [];
    for (const [kind, group, service, id, line, value] of rows) {
      found.push({
        kind: recordKind(Number(kind)).name,
        group: String(group),
        service: String(service),
        id: String(id),
        line: Number(line),
        value: String(value),
      });
    }
    return found;
  }

  /** Yields the services that have a record of one of these kinds. */
  *services(kinds: readonly RecordKindName[]): Iterable<ServiceKey> {
    const numbers = kinds.map((kind) => RECORD_KINDS[kind].number);
    const sought = `SELECT DISTINCT group_name, service FROM staged WHERE kind IN (${numbers.map(() => '?').join(', ')})`;
    for (const [group, service] of this.#storage.read(sought, ...numbers)) {
      yield { group: String(group), service: String(service) };
    }
  }

  /** Counts the staged records again, after a wake. */
  tally(): StagedTally {
    const tally = { ...EMPTY_TALLY };
    const counted = 'SELECT kind, COUNT(*), SUM(LENGTH(value)) FROM staged GROUP BY kind';
    for (const [kind, count, size] of this.#storage.read(counted)) {
      tally[countOf(recordKind(Number(kind)).name)] = Number(count);
      tally.size += Number(size);
    }
    return tally;
  }
}

function ownBindings({ id, line, value }: StagedRecord): SqlValue[] {
  return [id, line, value];
}

/** Groups records, in order, into runs of the same kind and service. */
function runsOf(records: readonly StagedRecord[]): [StagedRecord, ...StagedRecord[]][] {
  const runs: [StagedRecord, ...StagedRecord[]][] = [];
  for (const record of records) {
    const [last] = runs.at(-1) ?? [];
    const continuesRun = last?.kind === record.kind && last.group === record.group && last.service === record.service;
    if (continuesRun) runs.at(-1)?.push(record);
    else runs.push([record]);
  }
  return runs;
}
