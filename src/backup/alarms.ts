import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readDatabase, readText, type Sqlite } from './sqlite';
import { ALARM_FILE } from './stored-object';

/** workerd's own table of who is to be woken when, in nanoseconds. */
const ALARM_TABLE = `CREATE TABLE _cf_ALARM (
      actor_id TEXT PRIMARY KEY,
      scheduled_time INTEGER,
      actor_name TEXT
    ) WITHOUT ROWID`;

/** Where an object keeps its own alarm: workerd's table of what is true of it, by number. */
const OWN_ALARM = 'SELECT CAST(value AS TEXT) FROM _cf_METADATA WHERE key = 1';

/** An object, by the file it is kept in. */
export interface NamedFile {
  path: string;
  /** The name that its id was made of. */
  name: string;
}

/**
 * Writes workerd's list of alarms anew, from what each object says of its own.
 *
 * workerd keeps every alarm twice. Copies of the two, made at different moments, may disagree, and an object that
 * believes its alarm to be armed never arms it again: so the list is not copied, but follows from the objects.
 *
 * @param objects All of one class, in one folder.
 */
export function writeAlarms(sqlite: Sqlite, objects: readonly NamedFile[]): void {
  const [first] = objects;
  if (first === undefined) return;
  const path = join(dirname(first.path), ALARM_FILE);
  if (existsSync(path)) throw new Error(`${path} is there already`);
  const database = new sqlite.DatabaseSync(path);
  try {
    database.exec(ALARM_TABLE);
    const add = database.prepare('INSERT INTO _cf_ALARM VALUES (?, ?, ?)');
    for (const { path, name } of objects) {
      const at = readDatabase(sqlite, path, (object) => readText(object, '_cf_METADATA', OWN_ALARM));
      if (at !== undefined) add.run(basename(path, '.sqlite'), BigInt(at), name);
    }
  } finally {
    database.close();
  }
}
