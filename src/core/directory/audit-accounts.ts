import type { SqlStorage } from '../storage/sql-storage';

/** Account of entries without a namespace, of root, and of tokens that administer all namespaces. */
export const DIRECTORY_ACCOUNT = '';

/** Name for the total of all accounts. No namespace can have this name. */
const ALL_ACCOUNTS = '*';

/** Account of an entry, as SQL. Entries of schema 1, and of a process that still writes it, have none. */
export const ACCOUNT = "COALESCE(account, ns, '')";
const accountIn = (row: 'NEW' | 'OLD') => `COALESCE(${row}.account, ${row}.ns, '')`;

/**
 * Counts of the audit trail's entries by account, and by account and actor. Triggers maintain them, so that they are correct
 * whichever version of Rollcall writes the entries.
 */
export const AUDIT_ACCOUNT_TABLES: readonly string[] = [
  `CREATE INDEX IF NOT EXISTS audit_by_account ON audit (${ACCOUNT}, actor)`,
  "CREATE INDEX IF NOT EXISTS audit_by_revocation ON audit (target) WHERE action = 'token-revoked'",
  `CREATE TABLE IF NOT EXISTS audit_account (
    account TEXT PRIMARY KEY,
    entries INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS audit_account_by_size ON audit_account (entries)',
  `CREATE TABLE IF NOT EXISTS audit_actor (
    account TEXT NOT NULL,
    actor TEXT NOT NULL,
    entries INTEGER NOT NULL,
    PRIMARY KEY (account, actor)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS audit_actor_by_size ON audit_actor (account, entries)',
  `CREATE TRIGGER IF NOT EXISTS audit_added AFTER INSERT ON audit BEGIN
    INSERT INTO audit_account (account, entries) VALUES (${accountIn('NEW')}, 1), ('${ALL_ACCOUNTS}', 1)
      ON CONFLICT (account) DO UPDATE SET entries = entries + 1;
    INSERT INTO audit_actor (account, actor, entries) VALUES (${accountIn('NEW')}, NEW.actor, 1)
      ON CONFLICT (account, actor) DO UPDATE SET entries = entries + 1;
  END`,
  `CREATE TRIGGER IF NOT EXISTS audit_removed AFTER DELETE ON audit BEGIN
    UPDATE audit_account SET entries = entries - 1 WHERE account IN (${accountIn('OLD')}, '${ALL_ACCOUNTS}');
    DELETE FROM audit_account WHERE account = ${accountIn('OLD')} AND entries <= 0;
    UPDATE audit_actor SET entries = entries - 1 WHERE account = ${accountIn('OLD')} AND actor = OLD.actor;
    DELETE FROM audit_actor WHERE account = ${accountIn('OLD')} AND actor = OLD.actor AND entries <= 0;
  END`,
];

/** Adds the tables, and counts the existing entries. */
export function migrateAuditAccounts(storage: SqlStorage): void {
  storage.run('ALTER TABLE audit ADD COLUMN account TEXT');
  for (const statement of AUDIT_ACCOUNT_TABLES) storage.run(statement);
  storage.run(`INSERT INTO audit_actor SELECT ${ACCOUNT}, actor, COUNT(*) FROM audit GROUP BY 1, 2`);
  storage.run('INSERT INTO audit_account SELECT account, SUM(entries) FROM audit_actor GROUP BY 1');
  storage.run(`INSERT INTO audit_account SELECT '${ALL_ACCOUNTS}', COUNT(*) FROM audit`);
}

/** Numbers of entries in the audit trail, by account and actor. Every method runs inside a step of the directory. */
export class AuditAccounts {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Number of entries of all accounts. */
  get total(): number {
    return this.countOf(ALL_ACCOUNTS);
  }

  countOf(account: string): number {
    const [row] = this.#storage.read('SELECT entries FROM audit_account WHERE account = ?', account);
    return Number(row?.[0] ?? 0);
  }

  /** Namespace with most entries; undefined if none has any. */
  get largestNamespace(): string | undefined {
    const [row] = this.#storage.read(
      'SELECT account FROM audit_account WHERE account NOT IN (?, ?) ORDER BY entries DESC LIMIT 1',
      DIRECTORY_ACCOUNT,
      ALL_ACCOUNTS,
    );
    return row === undefined ? undefined : String(row[0]);
  }

  /** Returns the actor with most entries of an account. */
  largestActorOf(account: string): string | undefined {
    const [row] = this.#storage.read(
      'SELECT actor FROM audit_actor WHERE account = ? ORDER BY entries DESC LIMIT 1',
      account,
    );
    return row === undefined ? undefined : String(row[0]);
  }
}
