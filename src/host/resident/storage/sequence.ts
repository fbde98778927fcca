import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { RegistryError } from '../../../model/errors';
import { lengthOf, messageOf } from './disk';
import { DurabilityMarker } from './durability-marker';
import { type NodeSqlite, nodeSqlite } from './node-sqlite';
import { isDamage } from './write-faults';

/** Table with one row, the number of the last change. Each transaction writes it, for comparison with the marker. */
const HOST_TABLE =
  'CREATE TABLE IF NOT EXISTS _host (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL)';
const READ_SEQUENCE = 'SELECT sequence FROM _host WHERE id = 1 LIMIT 1';
const WRITE_SEQUENCE = 'INSERT INTO _host VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence';

/** Writes the number of a change, inside the transaction of that change. */
export function writeSequence(storage: NodeSqlite, sequence: number): void {
  storage.run(WRITE_SEQUENCE, sequence);
}

/** Writes a first change, so that there is a WAL to flush. @param sequence Number of that change. */
export function writeFirst(storage: NodeSqlite, sequence: number): void {
  storage.transaction(() => {
    storage.run(HOST_TABLE);
    writeSequence(storage, sequence);
  });
}

/**
 * Returns the number of the last change in a database, after comparing it with the marker. Does not change the WAL.
 *
 * @param marked Number in the marker; 0 if there is none.
 * @throws {RegistryError} `NOT_CONFIGURED` if changes are missing or the file is not a database.
 */
export function inspectDatabase(path: string, marked: number, walLength: number): number {
  const length = lengthOf(path);
  if (length === 0) {
    if (marked === 0 && walLength === 0) return 0;
    const proof = marked > 0 ? `change number ${marked} was durable` : `${path}-wal exists`;
    throw damaged(path, `it is ${existsSync(path) ? 'empty' : 'missing'}, although ${proof}`);
  }
  // A writable connection would checkpoint and delete a damaged WAL when it is closed. Without a WAL, a power loss may have
  // left the rollback journal of the first statement, and only a writable connection can undo that.
  const database = new DatabaseSync(path, { readOnly: walLength > 0 });
  try {
    const found = sequenceIn(database);
    if (found < marked) {
      throw damaged(path, `change number ${marked} was durable, but the last one found is number ${found}`);
    }
    return found;
  } catch (error) {
    // Other errors, such as a lack of descriptors, say nothing about the file: don't advise to delete anything.
    if (!isDamage(error)) throw error;
    throw damaged(path, `it can't be read: ${messageOf(error)}`, error);
  } finally {
    database.close();
  }
}

function sequenceIn(database: DatabaseSync): number {
  const { read } = nodeSqlite(database);
  const [table] = read("SELECT 1 FROM sqlite_schema WHERE name = '_host' LIMIT 1");
  // A backup made by another version may lack the table.
  if (table === undefined) return 0;
  const [row] = read(READ_SEQUENCE);
  return Number(row?.[0] ?? 0);
}

function damaged(path: string, problem: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'NOT_CONFIGURED',
    `${path} is damaged: ${problem}. Nothing was changed. Restore a backup; or, to continue without the lost changes, ` +
      `delete ${DurabilityMarker.pathOf(path)} and start again`,
    {},
    { cause },
  );
}
