import { createHash, createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_NAMESPACE, DIRECTORY_NAME } from '../model/service-name';
import { readDatabase, readText, type Sqlite } from './sqlite';

/** Keys of the two classes of objects: they decide the ids and the folders of all that workerd stores. */
export const [NAMESPACE_KEY, DIRECTORY_KEY] = ['rollcall-NamespaceObject', 'rollcall-DirectoryObject'] as const;

/** Each half of an id has so many bytes. */
const HALF_BYTES = 16;

/**
 * The id that workerd gives an object of a name, and so the name of its file: half of it is a keyed digest of the name,
 * the other half proves that the first belongs to this class.
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

/** The file that workerd keeps beside the databases of a class: when it has to wake which of them. */
const ALARM_FILE = 'metadata.sqlite';

/** The file of a namespace, from the folder of all SQLite files. */
export function namespaceFile(id: string): string {
  return join(NAMESPACE_KEY, `${objectId(NAMESPACE_KEY, id)}.sqlite`);
}

/** The file of the directory, from the same folder. */
export const DIRECTORY_FILE = join(DIRECTORY_KEY, `${objectId(DIRECTORY_KEY, DIRECTORY_NAME)}.sqlite`);

/** Facts that a database says of itself. */
interface StoredFacts {
  /** Version of its tables; undefined for one in which nothing is stored. */
  schema: number | undefined;
  /** Oldest version that may read it, where it says so. */
  readableFrom: number | undefined;
  /** Of a namespace: the random id of its storage, and its newest revision. */
  epoch: string | undefined;
  revision: number;
}

/** Facts of a database in which nothing is stored. */
export const NOTHING_STORED: StoredFacts = {
  schema: undefined,
  readableFrom: undefined,
  epoch: undefined,
  revision: 0,
};

/** Reads what a namespace's or the directory's database says of itself. */
export function factsOf(sqlite: Sqlite, path: string): StoredFacts {
  return readDatabase(sqlite, path, (database) => {
    const property = (name: string) =>
      readText(database, 'property', `SELECT value FROM property WHERE name = '${name}'`);
    const [schema, readableFrom] = ['schema', 'readable-from'].map(property);
    return {
      schema: schema === undefined ? undefined : Number(schema),
      readableFrom: readableFrom === undefined ? undefined : Number(readableFrom),
      epoch: property('epoch'),
      revision: Number(readText(database, 'journal', 'SELECT MAX(revision) FROM journal') ?? 0),
    };
  });
}

/**
 * Namespaces that a directory lists, each with all that it says of it, as text. A registry that nobody has called with
 * anything but its root token has no directory yet, and one namespace.
 */
export function listedNamespaces(sqlite: Sqlite, directory: string): Map<string, string> {
  if (!existsSync(directory)) return new Map([[DEFAULT_NAMESPACE, '']]);
  return readDatabase(sqlite, directory, (database) => {
    if (readText(database, 'namespace', 'SELECT 1') === undefined) return new Map();
    const rows = database.prepare('SELECT * FROM namespace ORDER BY id').all();
    return new Map(rows.map((row) => [String(row.id), JSON.stringify(row)]));
  });
}

/** workerd's own table of who is to be woken when, in nanoseconds. */
const ALARM_TABLE = `CREATE TABLE _cf_ALARM (
      actor_id TEXT PRIMARY KEY,
      scheduled_time INTEGER,
      actor_name TEXT
    ) WITHOUT ROWID`;

/** Where an object keeps its own alarm: workerd's table of what is true of it, by number. */
const OWN_ALARM = 'SELECT CAST(value AS TEXT) FROM _cf_METADATA WHERE key = 1';

/** An object, by the file it is kept in. */
interface NamedFile {
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
