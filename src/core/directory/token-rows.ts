import type { Grant } from '../../model/grant';
import { TOKEN_USE_STEP_MS } from '../../model/limits';
import { timestamp } from '../../model/timestamp';
import type { TokenView } from '../../model/token';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/** A token, as the directory stores it. Times are milliseconds since the epoch. */
export interface TokenRow {
  id: string;
  /** SHA-256 of its secret, base64url. */
  digest: string;
  /** SHA-256 of the previous secret, which is valid until `earlierUntil`. */
  earlierDigest: string | null;
  earlierUntil: number | null;
  expiresAt: number | null;
  /** Time of its last use, to the hour. */
  usedAt: number | null;
  record: {
    name: string;
    grants: Grant[];
    pathWrite: boolean;
    createdAt: number;
    createdBy: string;
    rotatedAt?: number;
  };
}

const COLUMNS = 'id, digest, earlier_digest, earlier_until, expires_at, used_at, record';

/** Placeholder for a missing digest: it has the same length, and matches nothing. */
const DIGEST_OF_NOTHING = '-'.repeat(43);

const NAMESPACES_OF = (id: string, record: string) =>
  `INSERT INTO token_namespace (ns, token) SELECT DISTINCT json_extract(value, '$.ns'), ${id} FROM json_each(${record}, '$.grants')`;

/**
 * Namespaces of each token, to count the tokens of one namespace. Triggers maintain them, whichever version of Rollcall
 * writes.
 */
export const TOKEN_NAMESPACE_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS token_namespace (
    ns TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (ns, token)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS token_namespace_by_token ON token_namespace (token)',
  // A token's grants never change: recording its use writes nothing here.
  `CREATE TRIGGER IF NOT EXISTS token_added AFTER INSERT ON token
    WHEN NOT EXISTS (SELECT 1 FROM token_namespace WHERE token = NEW.id) BEGIN
    ${NAMESPACES_OF('NEW.id', 'NEW.record')};
  END`,
  `CREATE TRIGGER IF NOT EXISTS token_removed AFTER DELETE ON token BEGIN
    DELETE FROM token_namespace WHERE token = OLD.id;
  END`,
];

/** Adds the tables, and the namespaces of existing tokens. */
export function migrateTokenNamespaces(storage: SqlStorage): void {
  for (const statement of TOKEN_NAMESPACE_TABLES) storage.run(statement);
  for (const [id, record] of [...storage.read('SELECT id, record FROM token')]) {
    storage.run(NAMESPACES_OF('?', '?'), String(id), String(record));
  }
}

/** The stored tokens. Every method runs inside a step of the directory. */
export class TokenRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  get count(): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM token');
    return Number(row?.[0]);
  }

  /** Returns the number of tokens with a grant for a namespace. */
  countOf(ns: string): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM token_namespace WHERE ns = ?', ns);
    return Number(row?.[0]);
  }

  /** Returns a token that is still valid; undefined for one that has ended, even if its row still exists. */
  find(id: string, now: number): TokenRow | undefined {
    const [row] = this.#storage.read(`SELECT ${COLUMNS} FROM token WHERE id = ?`, id);
    const token = row && rowOf(row);
    return token === undefined || hasEnded(token, now) ? undefined : token;
  }

  /**
   * Returns the digests to compare a secret with: of the current secret, and of the previous one. There are two for every
   * id, valid or not, and nothing else of the token is read for them, so that the time this takes does not reveal whether an
   * id exists.
   */
  digests(id: string, now: number): { digest: string; counts: boolean }[] {
    const [row] = this.#storage.read('SELECT digest, earlier_digest, earlier_until FROM token WHERE id = ?', id);
    const [current, earlier, earlierUntil] = row ?? [];
    return [
      digestToCompare(current === undefined ? undefined : String(current)),
      { digest: String(earlier ?? DIGEST_OF_NOTHING), counts: Number(earlierUntil ?? 0) > now },
    ];
  }

  /** Returns whether an id has a row, even if its token has just ended. */
  has(id: string): boolean {
    const [row] = this.#storage.read('SELECT 1 FROM token WHERE id = ?', id);
    return row !== undefined;
  }

  /** Yields the tokens that are still valid, by id. */
  *list(now: number, after = ''): Generator<TokenRow> {
    for (const row of this.#storage.read(`SELECT ${COLUMNS} FROM token WHERE id > ? ORDER BY id`, after)) {
      const token = rowOf(row);
      if (!hasEnded(token, now)) yield token;
    }
  }

  put({ id, digest, earlierDigest, earlierUntil, expiresAt, usedAt, record }: TokenRow): void {
    const ends = [earlierUntil, expiresAt].filter((end) => end !== null);
    this.#storage.run(
      `INSERT OR REPLACE INTO token (${COLUMNS}, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, digest, earlierDigest, earlierUntil, expiresAt, usedAt, JSON.stringify(record)],
      ends.length === 0 ? null : Math.min(...ends),
    );
  }

  remove(id: string): void {
    this.#storage.run('DELETE FROM token WHERE id = ?', id);
  }

  /** Returns tokens with something that has ended: the token, or its previous secret. */
  endedBy(now: number, most: number): TokenRow[] {
    const rows = this.#storage.read(
      `SELECT ${COLUMNS} FROM token WHERE ends_at IS NOT NULL AND ends_at <= ? ORDER BY ends_at LIMIT ?`,
      now,
      most,
    );
    return Array.from(rows, rowOf);
  }

  /** Time at which a token or a previous secret ends next; undefined if there is none. */
  get nextEnd(): number | undefined {
    const [row] = this.#storage.read('SELECT MIN(ends_at) FROM token WHERE ends_at IS NOT NULL');
    return row === undefined || row[0] === null ? undefined : Number(row[0]);
  }
}

/** The stored tickets that are still unused. Every method runs inside a step of the directory. */
export class TicketRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Returns the number of valid tickets of a token, and removes those that have ended. */
  count(token: string, now: number): number {
    this.#storage.run('DELETE FROM ticket WHERE token = ? AND ends_at <= ?', token, now);
    const [row] = this.#storage.read('SELECT COUNT(*) FROM ticket WHERE token = ?', token);
    return Number(row?.[0]);
  }

  /** @param digest SHA-256 of the ticket, base64url. */
  add(digest: string, token: string, endsAt: number): void {
    this.#storage.run('INSERT INTO ticket (digest, token, ends_at) VALUES (?, ?, ?)', digest, token, endsAt);
  }

  /** Removes a ticket, and returns the id of its token; undefined if it is unknown or has ended. */
  take(digest: string, now: number): string | undefined {
    const [row] = this.#storage.read('SELECT token, ends_at FROM ticket WHERE digest = ?', digest);
    if (row === undefined) return undefined;
    this.#storage.run('DELETE FROM ticket WHERE digest = ?', digest);
    const [token, endsAt] = row;
    return Number(endsAt) > now ? String(token) : undefined;
  }

  /** Shortens the life of a token's tickets to a time. */
  endBy(token: string, until: number): void {
    this.#storage.run('UPDATE ticket SET ends_at = MIN(ends_at, ?) WHERE token = ?', until, token);
  }

  removeOf(token: string): void {
    this.#storage.run('DELETE FROM ticket WHERE token = ?', token);
  }
}

/** Returns a digest to compare a secret with: a placeholder, which does not count, if there is none. */
export function digestToCompare(known: string | undefined): { digest: string; counts: boolean } {
  return { digest: known ?? DIGEST_OF_NOTHING, counts: known !== undefined };
}

/** Returns whether a token has ended. @param now Milliseconds since the epoch. */
export function hasEnded({ expiresAt }: TokenRow, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** Returns the hour to record for a use; undefined if it is already recorded. */
export function useToNote({ usedAt }: TokenRow, now: number): number | undefined {
  const hour = now - (now % TOKEN_USE_STEP_MS);
  return usedAt !== null && usedAt >= hour ? undefined : hour;
}

/** Returns a token as answers show it: without its secret, of which only a digest is stored. */
export function tokenView({ id, expiresAt, usedAt, record }: TokenRow): TokenView {
  const { name, grants, pathWrite, createdAt, createdBy, rotatedAt } = record;
  const at = (time: number | null | undefined) => (time === null || time === undefined ? undefined : timestamp(time));
  return {
    id,
    name,
    grants,
    pathWrite,
    createdAt: timestamp(createdAt),
    createdBy,
    expiresAt: at(expiresAt),
    rotatedAt: at(rotatedAt),
    lastUsedAt: at(usedAt),
  };
}

function rowOf([id, digest, earlierDigest, earlierUntil, expiresAt, usedAt, record]: SqlRow): TokenRow {
  // `as`: only `put` writes these rows.
  return { id, digest, earlierDigest, earlierUntil, expiresAt, usedAt, record: JSON.parse(String(record)) } as TokenRow;
}
