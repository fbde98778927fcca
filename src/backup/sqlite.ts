import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** How long another process may hold a lock that a copy needs: a registry holds one for as long as it opens a database. */
const LOCK_WAIT_MS = 5_000;

/** More pages than a database may have: all are copied in one step, which is one read transaction. */
const ALL_PAGES = 0x7fff_ffff;

/** SQLite of the runtime: node:sqlite, with its online backup. */
export type Sqlite = typeof import('node:sqlite');

/** Tells whether this process can copy databases. Node can from 22.16 on, and Deno 2.9. */
export async function canCopyDatabases(): Promise<boolean> {
  try {
    return 'backup' in (await import('node:sqlite'));
  } catch {
    return false;
  }
}

/** Opens a database that no registry uses for reading, lets somebody look, and closes it. */
export function readDatabase<Found>(sqlite: Sqlite, path: string, look: (database: DatabaseSync) => Found): Found {
  const database = new sqlite.DatabaseSync(path, { readOnly: true });
  try {
    return look(database);
  } finally {
    database.close();
  }
}

/**
 * Copies a database as it is in one moment, also while a registry writes to it. The registry's commits and checkpoints go
 * on meanwhile, and its WAL stays where it is.
 *
 * @param to A file that does not exist. It needs no WAL: it can be read in a folder that can't be written to.
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
 * Opens a database that a registry may have open, or may open and close meanwhile.
 *
 * Whoever closes a database last checkpoints its WAL and deletes it. What a killed registry left in one is for its next
 * start to examine: so a connection beside a WAL may only read. Where there is none, such a connection would make one and
 * leave it there, beside each namespace that sleeps; one that may write takes it away again, and writes nothing.
 */
function openBeside(sqlite: Sqlite, path: string): DatabaseSync {
  const hasWal = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (hasWal) return new sqlite.DatabaseSync(path, { readOnly: true });
  // `rw`: a namespace that is erased meanwhile is not made anew.
  return new sqlite.DatabaseSync(`${pathToFileURL(path)}?mode=rw`);
}

/** The first column of the first row, as text; undefined where there is none, or no such table. */
export function readText(database: DatabaseSync, table: string, query: string): string | undefined {
  const isThere = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(table) !== undefined;
  const row = isThere ? database.prepare(query).get() : undefined;
  const [value] = row === undefined ? [] : Object.values(row);
  return value === undefined || value === null ? undefined : String(value);
}
