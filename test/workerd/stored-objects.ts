import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DIRECTORY_NAME } from '../../src/model/service-name';

/** Unique keys of the two classes of objects: they determine the ids and the folders of all data that workerd stores. */
export const [NAMESPACE_KEY, DIRECTORY_KEY] = ['rollcall-NamespaceObject', 'rollcall-DirectoryObject'] as const;

/** Length of each half of an id. */
const HALF_BYTES = 16;

/**
 * Returns the id that workerd gives the object of a name, and uses as the name of its file: one half is a keyed digest of
 * the name, the other half proves that the first belongs to this class.
 *
 * Source: `ActorIdFactoryImpl` in workerd's `src/workerd/server/actor-id-impl.c++`; a test compares it with workerd.
 *
 * @param uniqueKey Key of the object's class.
 * @returns 64 hexadecimal digits.
 */
export function objectId(uniqueKey: string, name: string): string {
  const key = createHash('sha256').update(uniqueKey).digest();
  const half = (of: string | Buffer) => createHmac('sha256', key).update(of).digest().subarray(0, HALF_BYTES);
  const digest = half(name);
  return Buffer.concat([digest, half(digest)]).toString('hex');
}

/** Returns the file of a namespace's object, relative to the folder of all SQLite files. */
export function objectFile(id: string): string {
  return join(NAMESPACE_KEY, `${objectId(NAMESPACE_KEY, id)}.sqlite`);
}

/** The file of the directory's object, relative to the same folder. */
export const DIRECTORY_OBJECT_FILE = join(DIRECTORY_KEY, `${objectId(DIRECTORY_KEY, DIRECTORY_NAME)}.sqlite`);

/** The file beside the databases of a class in which workerd stores their alarms. */
const ALARM_FILE = 'metadata.sqlite';

/** workerd's table of alarms, in nanoseconds. */
const ALARM_TABLE = `CREATE TABLE _cf_ALARM (
      actor_id TEXT PRIMARY KEY,
      scheduled_time INTEGER,
      actor_name TEXT
    ) WITHOUT ROWID`;

/** Query for an object's own alarm, in a table of workerd with numbered entries. */
const OWN_ALARM = 'SELECT CAST(value AS TEXT) AS at FROM _cf_METADATA WHERE key = 1';

/** An object and its file. */
interface NamedFile {
  path: string;
  /** The name that its id is derived from. */
  name: string;
}

/**
 * Writes workerd's list of alarms from each object's own record: workerd stores every alarm twice, and an object with an
 * alarm in its own record never arms it again.
 *
 * @param objects Objects of one class, in one folder.
 */
export function writeAlarms(objects: readonly NamedFile[]): void {
  const [first] = objects;
  if (first === undefined) return;
  const path = join(dirname(first.path), ALARM_FILE);
  if (existsSync(path)) throw new Error(`${path} already exists`);
  const database = new DatabaseSync(path);
  database.exec(ALARM_TABLE);
  const add = database.prepare('INSERT INTO _cf_ALARM VALUES (?, ?, ?)');
  for (const { path, name } of objects) {
    const at = ownAlarm(path);
    if (at !== undefined) add.run(basename(path, '.sqlite'), BigInt(at), name);
  }
  database.close();
}

/** Returns the time of an object's own alarm; undefined if it has none. */
function ownAlarm(path: string): string | undefined {
  const object = new DatabaseSync(path, { readOnly: true });
  try {
    const exists = object.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_cf_METADATA'").get() !== undefined;
    const row = exists ? object.prepare(OWN_ALARM).get() : undefined;
    return row === undefined || row.at === null ? undefined : String(row.at);
  } finally {
    object.close();
  }
}
