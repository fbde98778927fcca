import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { RegistryError } from '../../../model/errors';
import { lengthOf, messageOf } from './disk';
import { DurabilityMarker } from './durability-marker';
import { type NodeSqlite, nodeSqlite } from './node-sqlite';
import { isDamage } from './write-faults';

/** One row, with the number of the last change. It is written with each transaction, for the marker to be compared with. */
const HOST_TABLE =
  'CREATE TABLE IF NOT EXISTS _host (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL)';
const READ_SEQUENCE = 'SELECT sequence FROM _host WHERE id = 1 LIMIT 1';
const WRITE_SEQUENCE = 'INSERT INTO _host VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET sequence = excluded.sequence';

/** Writes the number of a change. Runs inside the transaction of that change. */
export function writeSequence(storage: NodeSqlite, sequence: number): void {
  storage.run(WRITE_SEQUENCE, sequence);
}

/** Writes a first change, so that there is a WAL to flush. @param sequence Its number. */
export function writeFirst(storage: NodeSqlite, sequence: number): void {
  storage.transaction(() => {
    storage.run(HOST_TABLE);
    writeSequence(storage, sequence);
  });
}

/**
 * Returns the number of the last change in a database, and compares it with its marker. A WAL is left as it is.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` where changes are missing, or the file is no database.
 */
export function inspectDatabase(path: string, marked: number, walLength: number): number {
  const length = lengthOf(path);
  if (length === 0) {
    if (marked === 0 && walLength === 0) return 0;
    const proof = marked > 0 ? `change number ${marked} was durable` : `${path}-wal is there`;
    throw damaged(path, `it is ${existsSync(path) ? 'empty' : 'missing'}, although ${proof}`);
  }
  // A connection that may write would checkpoint the damaged WAL when it is closed, and delete it. Where there is none, a
  // power loss may have left the journal of the first statement, which only a connection that may write can undo.
  const database = new DatabaseSync(path, { readOnly: walLength > 0 });
  try {
    const found = sequenceIn(database);
    if (found < marked) {
      throw damaged(path, `change number ${marked} was durable, and the last that is found is number ${found}`);
    }
    return found;
  } catch (error) {
    // A process without free descriptors can't read it either, and nobody is to delete anything for that.
    if (!isDamage(error)) throw error;
    throw damaged(path, `it can't be read: ${messageOf(error)}`, error);
  } finally {
    database.close();
  }
}

function sequenceIn(database: DatabaseSync): number {
  const { read } = nodeSqlite(database);
  const [table] = read("SELECT 1 FROM sqlite_schema WHERE name = '_host' LIMIT 1");
  // A backup of another version may have none.
  if (table === undefined) return 0;
  const [row] = read(READ_SEQUENCE);
  return Number(row?.[0] ?? 0);
}

function damaged(path: string, problem: string, cause?: unknown): RegistryError {
  return new RegistryError(
    'NOT_CONFIGURED',
    `${path} is damaged: ${problem}. Nothing was changed. Restore a backup; or, to go on with what is left, and lose the ` +
      `rest, delete ${DurabilityMarker.pathOf(path)} and start again`,
    {},
    { cause },
  );
}
