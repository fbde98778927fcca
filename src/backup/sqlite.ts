import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** Time to wait for a lock of another process. A registry holds one while it opens a database. */
const LOCK_WAIT_MS = 5_000;

/** Number of pages to copy in one step, more than any database has, so that the copy is one read transaction. */
const ALL_PAGES = 0x7fff_ffff;

/** SQLite of the runtime: node:sqlite, with its online backup. */
export type Sqlite = typeof import('node:sqlite');

/** Returns whether this process can copy databases. Node can from 22.16 on, and Deno 2.9. */
export async function canCopyDatabases(): Promise<boolean> {
  try {
    return 'backup' in (await import('node:sqlite'));
  } catch {
    return false;
  }
}

/** Opens a database that no registry uses, calls a function to read it, and closes it. */
export function readDatabase<Found>(sqlite: Sqlite, path: string, look: (database: DatabaseSync) => Found): Found {
  const database = new sqlite.DatabaseSync(path, { readOnly: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/**
 * Copies a database as of one moment, even while a registry writes to it. The registry's commits and checkpoints
 * continue meanwhile, and its WAL stays in place.
 *
 * @param to A file that does not exist yet. It will need no WAL, so that it can be read in a read-only folder.
 */
export async function copyDatabase(sqlite: Sqlite, from: string, to: string): Promise<void> {
  const source = openBeside(sqlite, from);
  try {
    source.exec(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    await sqlite.backup(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
  const copy = new sqlite.DatabaseSync(to);
  try {
    copy.exec('PRAGMA journal_mode = DELETE');
  } finally {
    copy.close();
  }
}

/**
 * Opens a database that a registry may have open, or may open or close meanwhile.
 *
 * The last connection to close checkpoints and deletes the WAL. The WAL of a killed registry must be left to its next
 * start, so a connection beside a WAL is read-only. Without a WAL, a read-only connection would create one and
 * leave it beside each sleeping namespace, so the connection is writable, writes nothing, and removes the WAL again.
 */
function openBeside(sqlite: Sqlite, path: string): DatabaseSync {
  const hasWal = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (hasWal) return new sqlite.DatabaseSync(path, { readOnly: true });
  // `rw` does not create the file, in case the namespace is erased meanwhile.
  return new sqlite.DatabaseSync(`${pathToFileURL(path)}?mode=rw`);
}

/** Returns the first column of the first row as text; undefined if there is no row or no such table. */
export function readText(database: DatabaseSync, table: string, query: string): string | undefined {
  const exists = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
  const row = exists ? database.prepare(query).get() : undefined;
  const [value] = row === undefined ? [] : Object.values(row);
  return value === undefined || value === null ? undefined : String(value);
}
