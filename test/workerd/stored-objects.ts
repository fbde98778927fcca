import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DIRECTORY_NAME } from '../../src/model/service-name';

/** Keys of the two classes of objects: they decide the ids and the folders of all that workerd stores. */
export const [NAMESPACE_KEY, DIRECTORY_KEY] = ['rollcall-NamespaceObject', 'rollcall-DirectoryObject'] as const;

/** Each half of an id has so many bytes. */
const HALF_BYTES = 16;

/**
 * Returns the id that workerd gives an object of a name, and so the name of its file: half of it is a keyed digest of the
 * name, the other half proves that the first belongs to this class.
 *
 * Source: `ActorIdFactoryImpl` in workerd's `src/workerd/server/actor-id-impl.c++`; a test asks workerd itself.
 *
 * @param uniqueKey Of the object's class.
 * @returns 64 hexadecimal digits.
 */
export function objectId(uniqueKey: string, name: string): string {
  const key = createHash('sha256').update(uniqueKey).digest();
  const half = (of: string | Buffer) => createHmac('sha256', key).update(of).digest().subarray(0, HALF_BYTES);
  const digest = half(name);
  return Buffer.concat([digest, half(digest)]).toString('hex');
}

/** Returns the file of a namespace's object, from the folder of all SQLite files. */
export function objectFile(id: string): string {
  return join(NAMESPACE_KEY, `${objectId(NAMESPACE_KEY, id)}.sqlite`);
}

/** The file of the directory's object, from the same folder. */
export const DIRECTORY_OBJECT_FILE = join(DIRECTORY_KEY, `${objectId(DIRECTORY_KEY, DIRECTORY_NAME)}.sqlite`);

/** The file that workerd keeps beside the databases of a class: when it has to wake which of them. */
const ALARM_FILE = 'metadata.sqlite';

/** workerd's own table of who is to be woken when, in nanoseconds. */
const ALARM_TABLE = `CREATE TABLE _cf_ALARM (
      actor_id TEXT PRIMARY KEY,
      scheduled_time INTEGER,
      actor_name TEXT
    ) WITHOUT ROWID`;

/** Query for an object's own alarm, in a table of workerd with numbered entries. */
const OWN_ALARM = 'SELECT CAST(value AS TEXT) AS at FROM _cf_METADATA WHERE key = 1';

/** An object, by the file it is kept in. */
interface NamedFile {
  path: string;
  /** The name that its id was made of. */
  name: string;
}

/**
 * Writes workerd's list of alarms from what each object says of its own: workerd keeps every alarm twice, and an object that
 * believes its alarm to be armed never arms it again.
 *
 * @param objects All of one class, in one folder.
 */
export function writeAlarms(objects: readonly NamedFile[]): void {
  const [first] = objects;
  if (first === undefined) return;
  const path = join(dirname(first.path), ALARM_FILE);
  if (existsSync(path)) throw new Error(`${path} is there already`);
  const database = new DatabaseSync(path);
  database.exec(ALARM_TABLE);
  const add = database.prepare('INSERT INTO _cf_ALARM VALUES (?, ?, ?)');
  for (const { path, name } of objects) {
    const at = ownAlarm(path);
    if (at !== undefined) add.run(basename(path, '.sqlite'), BigInt(at), name);
  }
  database.close();
}

/** Returns when an object wants to be woken; undefined where it does not. */
function ownAlarm(path: string): string | undefined {
  const object = new DatabaseSync(path, { readOnly: true });
  try {
    const isThere = object.prepare("SELECT 1 FROM sqlite_schema WHERE name = '_cf_METADATA'").get() !== undefined;
    const row = isThere ? object.prepare(OWN_ALARM).get() : undefined;
    return row === undefined || row.at === null ? undefined : String(row.at);
  } finally {
    object.close();
  }
}
