import { RegistryError } from '../../model/errors';
import type { SqlStorage } from './sql-storage';

/** One change of a schema: what leads from a version to the next. */
export interface SchemaStep {
  /** Brings a storage from the version before. Runs inside the transaction that opens the storage. */
  migrate: (storage: SqlStorage) => void;
  /**
   * Oldest version whose code may still read and write what this leaves. Two versions run side by side during a deploy,
   * so a step keeps the version before, unless it can't: columns that it adds have a default, and none goes away.
   */
  readableFrom: number;
}

/** A schema, from its first version to today's. */
export interface Schema {
  /** Whose it is, for people. */
  name: 'namespace' | 'directory';
  /** Statements that create missing tables: `CREATE ... IF NOT EXISTS <name>`. */
  tables: readonly string[];
  /** What was changed since version 1, in order. */
  steps: readonly SchemaStep[];
}

/** Property that tells the version of a storage, and one that tells the oldest version that may read it, where that is older. */
const VERSION = 'schema';
const READABLE_FROM = 'readable-from';

/** The version that a schema has reached. */
export function versionOf({ steps }: Pick<Schema, 'steps'>): number {
  return 1 + steps.length;
}

/**
 * Whether code of one version may read a storage of another.
 *
 * @param readableFrom What the storage says of itself; undefined where it says nothing.
 */
export function mayRead(known: number, stored: number, readableFrom: number | undefined): boolean {
  return stored >= 1 && (stored <= known || (readableFrom !== undefined && readableFrom <= known));
}

/**
 * Makes the tables on first use, or brings them to today's version. A storage of a newer version that says that this one
 * may read it stays as it is. Runs inside a transaction.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` for a storage of another newer version: going on could lose what that knows.
 */
export function bringUpToDate(storage: SqlStorage, schema: Schema): void {
  const known = versionOf(schema);
  const stored = numberOf(storage, VERSION);
  if (stored !== undefined) {
    const readableFrom = numberOf(storage, READABLE_FROM);
    if (!mayRead(known, stored, readableFrom)) throw unreadable(schema, stored, readableFrom);
    if (stored > known) return;
  }
  // What is made today needs no step; and what a step adds, an index of today may be about.
  for (const { migrate } of schema.steps.slice((stored ?? known) - 1)) migrate(storage);
  const present = new Set([...storage.read('SELECT name FROM sqlite_schema')].map(([name]) => name));
  for (const statement of schema.tables) {
    // Even a statement that changes nothing counts as a write, and a wake must work on a full disk.
    const [, name] = /IF NOT EXISTS (\w+)/.exec(statement) ?? [];
    if (!present.has(name ?? null)) storage.run(statement);
  }
  if (stored === known) return;
  write(storage, VERSION, known);
  // A later step that any version could read does not undo an earlier one that none could.
  const readableFrom = Math.max(1, ...schema.steps.map((step) => step.readableFrom));
  if (schema.steps.length > 0) write(storage, READABLE_FROM, readableFrom);
}

function unreadable(schema: Schema, stored: number, readableFrom: number | undefined): RegistryError {
  const reach = readableFrom === undefined ? '' : `, which versions from ${readableFrom} on may read`;
  return new RegistryError(
    'NOT_CONFIGURED',
    `the ${schema.name}'s storage has schema ${stored}${reach}; this version of Rollcall knows ${versionOf(schema)}. ` +
      'Run the version that wrote it, or a later one; or restore a backup of before',
  );
}

/** A property, where there is such a table and it has one; NaN where that is no number. */
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
