import { DEFAULT_NAMESPACE } from '../../model/names';
import type { SqlStorage } from '../sql-storage';

/**
 * Tables of the directory's storage; design/storage-schema.md describes every column. People write here, a few times an
 * hour: what is looked for has an index, and nothing is held in memory.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS property (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS namespace (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER,
    created_by TEXT,
    updated_at INTEGER,
    audit_id INTEGER
  ) STRICT, WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS token (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    earlier_digest TEXT,
    earlier_until INTEGER,
    expires_at INTEGER,
    ends_at INTEGER,
    used_at INTEGER,
    record TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS token_by_end ON token (ends_at) WHERE ends_at IS NOT NULL',
  `CREATE TABLE IF NOT EXISTS ticket (
    digest TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS ticket_by_token ON ticket (token, ends_at)',
  `CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor TEXT NOT NULL,
    address TEXT,
    ns TEXT,
    target TEXT,
    detail TEXT,
    outcome TEXT NOT NULL,
    code TEXT
  ) STRICT`,
  'CREATE INDEX IF NOT EXISTS audit_by_namespace ON audit (ns) WHERE ns IS NOT NULL',
  `CREATE TABLE IF NOT EXISTS errand (
    ns TEXT NOT NULL,
    kind TEXT NOT NULL,
    token TEXT NOT NULL,
    round INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    PRIMARY KEY (ns, kind, token)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS errand_by_time ON errand (due_at)',
];

/** Version of the tables above. */
export const DIRECTORY_SCHEMA_VERSION = 1;

/**
 * Makes the tables on first use, in one transaction, and with them the namespace that is always there.
 *
 * @throws {Error} Where the storage was written by a newer version: going on could lose what that version knows.
 */
export function prepareDirectory(storage: SqlStorage): void {
  storage.transaction(() => {
    for (const statement of TABLES) storage.run(statement);
    const [property] = storage.read("SELECT value FROM property WHERE name = 'schema'");
    const version = Number(property?.[0] ?? DIRECTORY_SCHEMA_VERSION);
    if (version !== DIRECTORY_SCHEMA_VERSION) {
      throw new Error(
        `the directory has schema ${version}; this version of Rollcall knows ${DIRECTORY_SCHEMA_VERSION}`,
      );
    }
    if (property !== undefined) return;
    storage.run("INSERT INTO property (name, value) VALUES ('schema', ?)", String(DIRECTORY_SCHEMA_VERSION));
    storage.run("INSERT INTO namespace (id, state, settings) VALUES (?, 'there', '{}')", DEFAULT_NAMESPACE);
  });
}
