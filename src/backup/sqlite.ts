import type { DatabaseSync } from 'node:sqlite';
import { BackupError } from './backup-error';

/** How long another process may hold a lock that a copy needs. workerd holds one for microseconds. */
const LOCK_WAIT_MS = 5_000;

/** Node's SQLite. */
export type Sqlite = typeof import('node:sqlite');

/**
 * Node's SQLite, which the launcher itself does without: the registry runs on Node 20, and backups need a newer one.
 *
 * @throws {BackupError} Where this Node has none.
 */
export async function loadSqlite(): Promise<Sqlite> {
  try {
    return await import('node:sqlite');
  } catch (error) {
    throw new BackupError(
      `Backups need Node 22.13 or later, which has SQLite; this is Node ${process.versions.node}. Only this command ` +
        'needs it: the registry may go on running with the Node that it has.',
      { cause: error },
    );
  }
}

/** Opens a database for reading, lets somebody look, and closes it. */
export function readDatabase<Found>(sqlite: Sqlite, path: string, look: (database: DatabaseSync) => Found): Found {
  const database = new sqlite.DatabaseSync(path, { readOnly: true });
  try {
    database.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    return look(database);
  } finally {
    database.close();
  }
}

/**
 * Copies a database as it is in one moment, also while others write to it: one read transaction sees it all, and keeps
 * no writer waiting.
 *
 * @param to A file that does not exist.
 */
export function copyDatabase(sqlite: Sqlite, from: string, to: string): void {
  readDatabase(sqlite, from, (database) => database.prepare('VACUUM INTO ?').run(to));
}

/** The first column of the first row, as text; undefined where there is none, or no such table. */
export function readText(database: DatabaseSync, table: string, query: string): string | undefined {
  const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
  const row = isThere ? database.prepare(query).get() : undefined;
  const [value] = row === undefined ? [] : Object.values(row);
  return value === undefined || value === null ? undefined : String(value);
}
