import { DEFAULT_NAMESPACE } from '../../model/service-name';
import { bringUpToDate, type Schema, type SchemaStep, versionOf } from '../storage/bring-up-to-date';
import type { SqlStorage } from '../storage/sql-storage';
import { AUDIT_ACCOUNT_TABLES, migrateAuditAccounts } from './audit-accounts';
import { REDEEMED_TOKEN_TABLES } from './redeemed-rows';
import { migrateTokenNamespaces, TOKEN_NAMESPACE_TABLES } from './token-rows';

/**
 * Tables of the directory's storage; design/storage-schema.md describes every column. People write here, a few times per
 * hour: every lookup has an index, and nothing is kept in memory.
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
  ...TOKEN_NAMESPACE_TABLES,
  `CREATE TABLE IF NOT EXISTS ticket (
    digest TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS ticket_by_token ON ticket (token, ends_at)',
  ...REDEEMED_TOKEN_TABLES,
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
    code TEXT,
    account TEXT
  ) STRICT`,
  'CREATE INDEX IF NOT EXISTS audit_by_namespace ON audit (ns) WHERE ns IS NOT NULL',
  ...AUDIT_ACCOUNT_TABLES,
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

/** Adds shares of the audit trail and of tokens. Version 1 can still read and write: triggers record its changes. */
const SHARES: SchemaStep = {
  migrate: (storage) => {
    migrateAuditAccounts(storage);
    migrateTokenNamespaces(storage);
  },
  readableFrom: 1,
};

/**
 * Adds the table of redeemed tokens. Earlier versions ignore it, so they refuse these tokens: a client that has one gets
 * another ticket.
 */
const REDEEMED_TOKENS: SchemaStep = { migrate: () => undefined, readableFrom: 1 };

/** A change to the tables adds a step. */
const SCHEMA: Schema = { name: 'directory', tables: TABLES, steps: [SHARES, REDEEMED_TOKENS] };

/** The version of a directory's tables that this code writes. */
export const DIRECTORY_SCHEMA_VERSION = versionOf(SCHEMA);

/**
 * Creates the tables on first use, with the default namespace, or migrates them to the current version, in one transaction.
 *
 * @throws {RegistryError} `NOT_CONFIGURED` if a newer version wrote the storage, and this one may not read it.
 */
export function prepareDirectory(storage: SqlStorage): void {
  storage.transaction(() => {
    const isNew = [...storage.read("SELECT name FROM sqlite_schema WHERE name = 'namespace'")].length === 0;
    bringUpToDate(storage, SCHEMA);
    if (isNew) storage.run("INSERT INTO namespace (id, state, settings) VALUES (?, 'there', '{}')", DEFAULT_NAMESPACE);
  });
}
