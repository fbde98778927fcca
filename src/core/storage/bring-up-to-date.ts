import { RegistryError } from '../../model/errors';
import type { SqlStorage } from './sql-storage';

/** One change of a schema: the step from one version to the next. */
export interface SchemaStep {
  /** Migrates a storage from the previous version. Runs inside the transaction that opens the storage. */
  migrate: (storage: SqlStorage) => void;
  /**
   * Oldest version whose code may still read and write the storage after this step. Two versions run side by side during a
   * deploy, so a step stays compatible with the previous version if it can: it adds columns with a default, and drops none.
   */
  readableFrom: number;
}

/** A schema, from its first version to the current one. */
export interface Schema {
  /** Its owner, for error messages. */
  name: 'namespace' | 'directory';
  /** Statements that create missing tables: `CREATE ... IF NOT EXISTS <name>`. */
  tables: readonly string[];
  /** Changes since version 1, in order. */
  steps: readonly SchemaStep[];
}

/** Properties with the version of a storage, and with the oldest version that may read it. */
const VERSION = 'schema';
const READABLE_FROM = 'readable-from';

/** Returns the current version of a schema. */
export function versionOf({ steps }: Pick<Schema, 'steps'>): number {
  return 1 + steps.length;
}

/**
 * Returns whether code of one version may read a storage of another.
 *
 * @param readableFrom Oldest version that may read the storage, as stored there; undefined if it has none.
 */
export function mayRead(known: number, stored: number, readableFrom: number | undefined): boolean {
  return stored >= 1 && (stored <= known || (readableFrom !== undefined && readableFrom <= known));
}

/**
 * Creates the tables on first use, or migrates them to the current version. A storage of a newer version that this one may
 * read is left unchanged. Runs inside a transaction.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` for a storage of any other newer version: using it could lose data.
 */
export function bringUpToDate(storage: SqlStorage, schema: Schema): void {
  const known = versionOf(schema);
  const stored = numberOf(storage, VERSION);
  if (stored !== undefined) {
    const readableFrom = numberOf(storage, READABLE_FROM);
    if (!mayRead(known, stored, readableFrom)) throw unreadable(schema, stored, readableFrom);
    if (stored > known) return;
  }
  // A new storage needs no step. Steps come before the tables, as a current index may use a column that a step adds.
  for (const { migrate } of schema.steps.slice((stored ?? known) - 1)) migrate(storage);
  const present = new Set([...storage.read('SELECT name FROM sqlite_schema')].map(([name]) => name));
  for (const statement of schema.tables) {
    // Even a statement that changes nothing counts as a write, and a wake must work on a full disk.
    const [, name] = /IF NOT EXISTS (\w+)/.exec(statement) ?? [];
    if (!present.has(name ?? null)) storage.run(statement);
  }
  if (stored === known) return;
  write(storage, VERSION, known);
  // A later step that old versions can read does not undo an earlier one that they can't.
  const readableFrom = Math.max(1, ...schema.steps.map((step) => step.readableFrom));
  if (schema.steps.length > 0) write(storage, READABLE_FROM, readableFrom);
}

function unreadable(schema: Schema, stored: number, readableFrom: number | undefined): RegistryError {
  const reach = readableFrom === undefined ? '' : `, readable by schema ${readableFrom} and later`;
  return new RegistryError(
    'NOT_CONFIGURED',
    `the ${schema.name}'s storage has schema ${stored}${reach}; this version of Rollcall supports ${versionOf(schema)}. ` +
      'Run the version that wrote it or a later one, or restore an earlier backup',
  );
}

/** Returns a property as a number; undefined if it, or the table, is absent; NaN if it is not a number. */
function numberOf(storage: SqlStorage, name: string): number | undefined {
  const [table] = storage.read("SELECT name FROM sqlite_schema WHERE name = 'property'");
  if (table === undefined) return undefined;
  const [row] = storage.read('SELECT value FROM property WHERE name = ?', name);
  return row === undefined ? undefined : Number(row[0]);
}

function write(storage: SqlStorage, name: string, value: number): void {
  storage.run(
    'INSERT INTO property (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    name,
    String(value),
  );
}
