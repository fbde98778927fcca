import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/** A token that replaced a ticket, as the directory stores it. It acts as the token that requested the ticket, its parent. */
export interface RedeemedRow {
  id: string;
  /** SHA-256 of its secret, base64url; empty once it was revoked. */
  digest: string;
  /** Id of its parent; `root` for root. */
  parent: string;
  /** SHA-256 of the parent's secret, base64url: it ends with that secret. */
  parentDigest: string;
  /** Milliseconds since the epoch. */
  endsAt: number;
}

const COLUMNS = 'id, digest, parent, parent_digest, ends_at';

export const REDEEMED_TOKEN_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS redeemed_token (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL,
    parent TEXT NOT NULL,
    parent_digest TEXT NOT NULL,
    ends_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS redeemed_token_by_parent ON redeemed_token (parent, ends_at)',
  'CREATE INDEX IF NOT EXISTS redeemed_token_by_end ON redeemed_token (ends_at)',
];

/** The stored tokens that replaced tickets. Every method runs inside a step of the directory. */
export class RedeemedRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Returns a row, even if its token has ended. */
  find(id: string): RedeemedRow | undefined {
    const [row] = this.#storage.read(`SELECT ${COLUMNS} FROM redeemed_token WHERE id = ?`, id);
    return row && rowOf(row);
  }

  /** Returns the digest of a token's secret; undefined if there is no such token. Reads nothing else of it. */
  digestOf(id: string): string | undefined {
    const [row] = this.#storage.read('SELECT digest FROM redeemed_token WHERE id = ?', id);
    return row === undefined || row[0] === '' ? undefined : String(row[0]);
  }

  put({ id, digest, parent, parentDigest, endsAt }: RedeemedRow): void {
    this.#storage.run(
      `INSERT OR REPLACE INTO redeemed_token (${COLUMNS}) VALUES (?, ?, ?, ?, ?)`,
      ...[id, digest, parent, parentDigest, endsAt],
    );
  }

  /** Returns how many tokens of a parent have not expired, revoked ones included, and when the first of them expires. */
  countOf(parent: string, now: number): { count: number; nextEnd: number } {
    const [row] = this.#storage.read(
      'SELECT COUNT(*), MIN(ends_at) FROM redeemed_token WHERE parent = ? AND ends_at > ?',
      parent,
      now,
    );
    return { count: Number(row?.[0]), nextEnd: Number(row?.[1] ?? now) };
  }

  /** Removes tokens that have expired. @returns Their ids. */
  removeExpired(now: number, most: number): string[] {
    const rows = this.#storage.read(
      'SELECT id FROM redeemed_token WHERE ends_at <= ? ORDER BY ends_at LIMIT ?',
      now,
      most,
    );
    const ids = Array.from(rows, ([id]) => String(id));
    for (const id of ids) this.#storage.run('DELETE FROM redeemed_token WHERE id = ?', id);
    return ids;
  }

  /** Time at which a token expires next; undefined if there is none. */
  get nextEnd(): number | undefined {
    const [row] = this.#storage.read('SELECT MIN(ends_at) FROM redeemed_token');
    return row === undefined || row[0] === null ? undefined : Number(row[0]);
  }
}

function rowOf([id, digest, parent, parentDigest, endsAt]: SqlRow): RedeemedRow {
  return { id, digest, parent, parentDigest, endsAt } as RedeemedRow; // `as`: only `put` writes these rows
}
