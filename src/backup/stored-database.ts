import { readDatabase, readText, type Sqlite } from './sqlite';

/** Facts stored in a database about itself. */
export interface StoredFacts {
  /** Version of its tables; undefined if nothing is stored. */
  schema: number | undefined;
  /** Oldest version that may read it, if stored. */
  readableFrom: number | undefined;
  /** Random id of a namespace's storage. */
  epoch: string | undefined;
  /** Newest revision of a namespace. */
  revision: number;
  /** Number of its last change, counted by the host. */
  sequence: number;
  /** Problem found by SQLite; undefined if the database is intact. */
  damage: string | undefined;
}

/** Reads the facts in the copy of a namespace's or the directory's database. */
export function factsOf(sqlite: Sqlite, path: string): StoredFacts {
  return readDatabase(sqlite, path, (database) => {
    const property = (name: string) =>
      readText(database, 'property', `SELECT value FROM property WHERE name = '${name}'`);
    const [schema, readableFrom] = ['schema', 'readable-from'].map(property);
    const row = database.prepare('PRAGMA quick_check(1)').get();
    const soundness = row === undefined ? 'SQLite reports no result of its check' : String(row.quick_check);
    return {
      schema: schema === undefined ? undefined : Number(schema),
      readableFrom: readableFrom === undefined ? undefined : Number(readableFrom),
      epoch: property('epoch'),
      revision: Number(readText(database, 'journal', 'SELECT MAX(revision) FROM journal') ?? 0),
      sequence: Number(readText(database, '_host', 'SELECT sequence FROM _host') ?? 0),
      damage: soundness === 'ok' ? undefined : soundness,
    };
  });
}

/** Returns the namespaces in the copy of a directory, each with its stored settings as text. */
export function listedNamespaces(sqlite: Sqlite, directory: string): Map<string, string> {
  return readDatabase(sqlite, directory, (database) => {
    if (readText(database, 'namespace', 'SELECT 1') === undefined) return new Map();
    const rows = database.prepare('SELECT * FROM namespace ORDER BY id').all();
    return new Map(rows.map((row) => [String(row.id), JSON.stringify(row)]));
  });
}
