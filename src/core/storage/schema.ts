import type { Cause } from '../../model/history';
import { bringUpToDate, type Schema, type SchemaStep, versionOf } from './bring-up-to-date';
import type { SqlStorage } from './sql-storage';

/**
 * Tables of a namespace's storage; design/storage-schema.md describes every column. All are WITHOUT ROWID or keyed by
 * INTEGER PRIMARY KEY, and none has a second index: each row changed is one row billed.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS record (
    kind INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    lease INTEGER,
    lease_terms TEXT,
    timed_at INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (kind, group_name, service, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS journal (
    revision INTEGER NOT NULL,
    part INTEGER NOT NULL,
    at INTEGER NOT NULL,
    cause TEXT NOT NULL,
    actor TEXT NOT NULL,
    check_bits INTEGER NOT NULL,
    size_until INTEGER NOT NULL,
    changes TEXT NOT NULL,
    entries BLOB,
    entries_until INTEGER,
    entry_revisions INTEGER,
    PRIMARY KEY (revision, part)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS entry (
    space INTEGER NOT NULL,
    key BLOB NOT NULL,
    revision INTEGER NOT NULL,
    created_revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    lease INTEGER,
    facts TEXT,
    value BLOB,
    PRIMARY KEY (space, key)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS checkpoint (
    row INTEGER PRIMARY KEY,
    state TEXT,
    at INTEGER,
    shift_ms INTEGER,
    process TEXT,
    leases BLOB,
    attentive_since INTEGER,
    attended_ms INTEGER
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS session (
    key TEXT PRIMARY KEY,
    secret_digest TEXT NOT NULL,
    token TEXT NOT NULL,
    lease INTEGER NOT NULL,
    ttl_ms INTEGER NOT NULL,
    timed_at INTEGER NOT NULL,
    closed INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS lease (
    id INTEGER PRIMARY KEY,
    alias TEXT,
    door TEXT NOT NULL,
    token TEXT NOT NULL,
    ttl_ms INTEGER,
    granted_at INTEGER NOT NULL,
    slot INTEGER,
    timed_at INTEGER NOT NULL,
    ended TEXT,
    ended_by TEXT,
    lock_delay_ms INTEGER NOT NULL,
    data TEXT,
    keeper INTEGER
  ) STRICT`,
  `CREATE TABLE IF NOT EXISTS lock_delay (
    key BLOB PRIMARY KEY,
    begun_at INTEGER NOT NULL,
    until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS lease_part (
    lease INTEGER NOT NULL,
    row INTEGER NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (lease, row)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS document (
    group_name TEXT NOT NULL,
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (group_name, service, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS staged (
    kind INTEGER NOT NULL,
    group_name TEXT NOT NULL,
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    line INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, group_name, service, id)
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS staged_entry (
    import TEXT NOT NULL,
    key BLOB NOT NULL,
    line INTEGER NOT NULL,
    content_type TEXT,
    flags TEXT,
    value BLOB NOT NULL,
    PRIMARY KEY (import, key)
  ) STRICT, WITHOUT ROWID`,
];

/** Adds the registry's attention to its checkpoints. Version 1 ignores both columns. */
const ATTENTION: SchemaStep = {
  migrate: (storage) => {
    storage.run('ALTER TABLE checkpoint ADD COLUMN attentive_since INTEGER');
    storage.run('ALTER TABLE checkpoint ADD COLUMN attended_ms INTEGER');
  },
  readableFrom: 1,
};

/**
 * Adds the changes of entries to the journal. Version 2 ignores the columns and leaves them null, and reads a revision of
 * entries alone as one without changes.
 */
const ENTRIES: SchemaStep = {
  migrate: (storage) => {
    storage.run('ALTER TABLE journal ADD COLUMN entries BLOB');
    storage.run('ALTER TABLE journal ADD COLUMN entries_until INTEGER');
    storage.run('ALTER TABLE journal ADD COLUMN entry_revisions INTEGER');
    // Rows from before have no sums. `src/core/namespace/commit/entry-journal.ts` reads this.
    storage.run(`INSERT OR REPLACE INTO property (name, value)
      SELECT 'entry-journal', '{"begun":' || (1 + COALESCE(MAX(revision), 0)) || ',"emptied":0}' FROM journal`);
  },
  readableFrom: 1,
};

/** A change to a table adds a step. A new table needs none if the previous version may ignore it. */
const SCHEMA: Schema = { name: 'namespace', tables: TABLES, steps: [ATTENTION, ENTRIES] };

/** The version of a namespace's tables that this code writes. */
export const SCHEMA_VERSION = versionOf(SCHEMA);

/** Identity of a storage. */
export interface StorageIdentity {
  epoch: string;
}

/** Returns a property of the storage; undefined if it is not set. */
export function readProperty(storage: SqlStorage, name: string): string | undefined {
  for (const [value] of storage.read('SELECT value FROM property WHERE name = ?', name)) {
    if (typeof value === 'string') return value;
  }
  return undefined;
}

/** Sets a property. Runs inside a commit. */
export function writeProperty(storage: SqlStorage, name: string, value: string): void {
  storage.run(
    'INSERT INTO property (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    name,
    value,
  );
}

/** Removes a property. Runs inside a commit. */
export function removeProperty(storage: SqlStorage, name: string): void {
  storage.run('DELETE FROM property WHERE name = ?', name);
}

/**
 * Property of a storage that replaced another one, for example by a restore. Its next wake then begins a new epoch; the
 * value is the cause. The code that replaces the storage sets it.
 */
const NEW_EPOCH_MARK = 'new-epoch';

/** Marks a storage so that its next wake begins a new epoch. Runs while its namespace is not awake. */
export function markForNewEpoch(storage: SqlStorage): void {
  writeProperty(storage, NEW_EPOCH_MARK, 'restored' satisfies Cause);
}

/** Returns whether a storage's next wake begins a new epoch. */
export function isMarkedForNewEpoch(storage: SqlStorage): boolean {
  return readProperty(storage, NEW_EPOCH_MARK) !== undefined;
}

/** Removes the mark. Runs inside the commit that begins the epoch. */
export function unmarkForNewEpoch(storage: SqlStorage): void {
  removeProperty(storage, NEW_EPOCH_MARK);
}

/** Returns whether anything was ever stored, without writing. */
export function isStorageUsed(storage: SqlStorage): boolean {
  for (const _table of storage.read("SELECT name FROM sqlite_master WHERE name = 'property'")) return true;
  return false;
}

/**
 * Creates the tables on first use, or migrates them to the current version, in one transaction.
 *
 * @param newEpoch Returns the random id of a new storage.
 * @param fill Writes the initial content, in the same transaction.
 * @throws {RegistryError} `NOT_CONFIGURED` if a newer version wrote the storage, and this one may not read it.
 */
export function prepareStorage(storage: SqlStorage, newEpoch: () => string, fill = () => {}): StorageIdentity {
  let epoch = '';
  storage.transaction(() => {
    bringUpToDate(storage, SCHEMA);
    const known = readProperty(storage, 'epoch');
    epoch = known ?? newEpoch();
    if (known === undefined) writeProperty(storage, 'epoch', epoch);
    fill();
  });
  return { epoch };
}
