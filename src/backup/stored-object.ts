import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DIRECTORY_CLASS, NAMESPACE_CLASS } from '../launcher/object-classes';
import { DEFAULT_NAMESPACE, DIRECTORY_NAME } from '../model/service-name';
import { objectId } from './object-id';
import { readDatabase, readText, type Sqlite } from './sqlite';

/** What workerd keeps beside the databases of a class: when it has to wake which of them. */
export const ALARM_FILE = 'metadata.sqlite';

/** The file of a namespace, from the folder of all SQLite files. */
export function namespaceFile(id: string): string {
  return join(NAMESPACE_CLASS.uniqueKey, `${objectId(NAMESPACE_CLASS.uniqueKey, id)}.sqlite`);
}

/** The file of the directory, from the same folder. */
export const DIRECTORY_FILE = join(
  DIRECTORY_CLASS.uniqueKey,
  `${objectId(DIRECTORY_CLASS.uniqueKey, DIRECTORY_NAME)}.sqlite`,
);

/** What a database says of itself. */
export interface StoredFacts {
  /** Version of its tables; undefined for one in which nothing is stored. */
  schema: number | undefined;
  /** Oldest version that may read it, where it says so. */
  readableFrom: number | undefined;
  /** Of a namespace: the random id of its storage, and its newest revision. */
  epoch: string | undefined;
  revision: number;
}

/** What a database says in which nothing is stored. */
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
