import type { RecordCounts } from '../../model/export-line';
import { RECORD_KINDS, type RecordKey, type RecordKind } from '../records';
import type { SqlStorage } from '../sql-storage';

/** A record of a file that is put aside: its text is that of the record that it becomes, but for what only then is known. */
export interface StagedRecord extends RecordKey {
  /** Number of its line in the file. */
  line: number;
  value: string;
}

/** How much is put aside. */
export interface StagedTally extends RecordCounts {
  /** Length of all texts. */
  size: number;
}

export const EMPTY_TALLY: StagedTally = { services: 0, overrides: 0, instances: 0, size: 0 };

const COUNTED = { service: 'services', override: 'overrides', instance: 'instances' } as const;

/** The count that a record belongs to. */
export const countOf = (kind: RecordKind): keyof RecordCounts => COUNTED[kind];

const COLUMNS = 'kind, group_name, service, id, line, value';

/** The table of records that are put aside, by their keys. */
export class StagedRecords {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Runs inside a commit. */
  add({ kind, group, service, id, line, value }: StagedRecord): void {
    const put = `INSERT INTO staged (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)`;
    this.#storage.run(put, RECORD_KINDS[kind], group, service, id, line, value);
  }

  /** Runs inside a commit. SQLite drops whole pages for this, and reads no row. */
  clear(): void {
    this.#storage.run('DELETE FROM staged');
  }

  /** Number of the line of a record; undefined where it is not in the file. */
  lineOf({ kind, group, service, id }: RecordKey): number | undefined {
    const sought = 'SELECT line FROM staged WHERE kind = ? AND group_name = ? AND service = ? AND id = ?';
    for (const [line] of this.#storage.read(sought, RECORD_KINDS[kind], group, service, id)) return Number(line);
    return undefined;
  }

  /** Records after one, in the order of their keys: services, then overrides, then instances. */
  after(key: RecordKey | undefined, most: number): StagedRecord[] {
    const rows =
      key === undefined
        ? this.#storage.read(`SELECT ${COLUMNS} FROM staged ORDER BY kind, group_name, service, id LIMIT ?`, most)
        : this.#storage.read(
            `SELECT ${COLUMNS} FROM staged WHERE (kind, group_name, service, id) > (?, ?, ?, ?)
              ORDER BY kind, group_name, service, id LIMIT ?`,
            RECORD_KINDS[key.kind],
            key.group,
            key.service,
            key.id,
            most,
          );
    const found: StagedRecord[] = [];
    for (const [kind, group, service, id, line, value] of rows) {
      const [name] = Object.entries(RECORD_KINDS).find(([, number]) => number === kind) ?? [];
      found.push({
        kind: name as RecordKind, // `as`: only add writes this column
        group: String(group),
        service: String(service),
        id: String(id),
        line: Number(line),
        value: String(value),
      });
    }
    return found;
  }

  /** What is put aside, counted anew: after a wake. */
  tally(): StagedTally {
    const tally = { ...EMPTY_TALLY };
    const counted = 'SELECT kind, COUNT(*), SUM(LENGTH(value)) FROM staged GROUP BY kind';
    for (const [kind, count, size] of this.#storage.read(counted)) {
      for (const [name, number] of Object.entries(RECORD_KINDS)) {
        if (number === kind) tally[countOf(name as RecordKind)] = Number(count); // `as`: a key of that table
      }
      tally.size += Number(size);
    }
    return tally;
  }
}
