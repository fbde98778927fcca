import type { Grant } from '../../model/grant';
import { TOKEN_USE_STEP_MS } from '../../model/limits';
import { timestamp } from '../../model/timestamp';
import type { TokenView } from '../../model/token';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/** A token, as the directory keeps it. Times are milliseconds since the epoch. */
export interface TokenRow {
  id: string;
  /** SHA-256 of its secret, base64url. */
  digest: string;
  /** The same of the secret before it, which is good until `earlierUntil`. */
  earlierDigest: string | null;
  earlierUntil: number | null;
  expiresAt: number | null;
  /** To the hour. */
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

/** Stands where there is no digest: as long as one, and of nothing. */
const DIGEST_OF_NOTHING = '-'.repeat(43);

const NAMESPACES_OF = (id: string, record: string) =>
  `INSERT INTO token_namespace (ns, token) SELECT DISTINCT json_extract(value, '$.ns'), ${id} FROM json_each(${record}, '$.grants')`;

/** Which namespaces a token names, to count those of one. Triggers note it, whichever version of Rollcall writes the token. */
export const TOKEN_NAMESPACE_TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS token_namespace (
    ns TEXT NOT NULL,
    token TEXT NOT NULL,
    PRIMARY KEY (ns, token)
  ) STRICT, WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS token_namespace_by_token ON token_namespace (token)',
  // A token keeps its grants: when its use is noted, nothing is written here.
  `CREATE TRIGGER IF NOT EXISTS token_added AFTER INSERT ON token
    WHEN NOT EXISTS (SELECT 1 FROM token_namespace WHERE token = NEW.id) BEGIN
    ${NAMESPACES_OF('NEW.id', 'NEW.record')};
  END`,
  `CREATE TRIGGER IF NOT EXISTS token_removed AFTER DELETE ON token BEGIN
    DELETE FROM token_namespace WHERE token = OLD.id;
  END`,
];

/** Notes the namespaces of the tokens that there are. */
export function migrateTokenNamespaces(storage: SqlStorage): void {
  for (const statement of TOKEN_NAMESPACE_TABLES) storage.run(statement);
  for (const [id, record] of [...storage.read('SELECT id, record FROM token')]) {
    storage.run(NAMESPACES_OF('?', '?'), String(id), String(record));
  }
}

/** The tokens, as they are stored. Every method runs inside a step of the directory. */
export class TokenRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  get count(): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM token');
    return Number(row?.[0]);
  }

  /** How many tokens name a namespace. */
  countOf(ns: string): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM token_namespace WHERE ns = ?', ns);
    return Number(row?.[0]);
  }

  /** A token that is still good; undefined for one that has ended, whether or not its row is removed yet. */
  find(id: string, now: number): TokenRow | undefined {
    const [row] = this.#storage.read(`SELECT ${COLUMNS} FROM token WHERE id = ?`, id);
    const token = row && rowOf(row);
    return token === undefined || hasEnded(token, now) ? undefined : token;
  }

  /**
   * The digests that the secret of a token is compared with: of the one that is good now, and of the one before. There are
   * two for every id, whether or not they count, and nothing else is read of a token for them: the time that takes does
   * not tell an id that there is from one that there is not.
   */
  digests(id: string, now: number): { digest: string; counts: boolean }[] {
    const [row] = this.#storage.read('SELECT digest, earlier_digest, earlier_until FROM token WHERE id = ?', id);
    const [current, earlier, earlierUntil] = row ?? [];
    return [
      { digest: String(current ?? DIGEST_OF_NOTHING), counts: row !== undefined },
      { digest: String(earlier ?? DIGEST_OF_NOTHING), counts: Number(earlierUntil ?? 0) > now },
    ];
  }

  /** Whether an id is taken, or was until a moment ago. */
  has(id: string): boolean {
    const [row] = this.#storage.read('SELECT 1 FROM token WHERE id = ?', id);
    return row !== undefined;
  }

  /** Those that are still good, by id. */
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

  /** Those of which something has ended: the token, or the secret before its last rotation. */
  endedBy(now: number, most: number): TokenRow[] {
    const rows = this.#storage.read(
      `SELECT ${COLUMNS} FROM token WHERE ends_at IS NOT NULL AND ends_at <= ? ORDER BY ends_at LIMIT ?`,
      now,
      most,
    );
    return Array.from(rows, rowOf);
  }

  /** When something of a token ends next. */
  get nextEnd(): number | undefined {
    const [row] = this.#storage.read('SELECT MIN(ends_at) FROM token WHERE ends_at IS NOT NULL');
    return row === undefined || row[0] === null ? undefined : Number(row[0]);
  }
}

/** Tickets that were not used yet, as they are stored. Every method runs inside a step of the directory. */
export class TicketRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Returns the number of tickets of a token that are good, and removes those that have ended. */
  count(token: string, now: number): number {
    this.#storage.run('DELETE FROM ticket WHERE token = ? AND ends_at <= ?', token, now);
    const [row] = this.#storage.read('SELECT COUNT(*) FROM ticket WHERE token = ?', token);
    return Number(row?.[0]);
  }

  /** @param digest SHA-256 of the ticket, base64url. */
  add(digest: string, token: string, endsAt: number): void {
    this.#storage.run('INSERT INTO ticket (digest, token, ends_at) VALUES (?, ?, ?)', digest, token, endsAt);
  }

  /** Takes a ticket: returns the id of its token, once. */
  take(digest: string, now: number): string | undefined {
    const [row] = this.#storage.read('SELECT token, ends_at FROM ticket WHERE digest = ?', digest);
    if (row === undefined) return undefined;
    this.#storage.run('DELETE FROM ticket WHERE digest = ?', digest);
    const [token, endsAt] = row;
    return Number(endsAt) > now ? String(token) : undefined;
  }

  removeOf(token: string): void {
    this.#storage.run('DELETE FROM ticket WHERE token = ?', token);
  }
}

/** Whether a token is past its end. @param now Milliseconds since the epoch. */
export function hasEnded({ expiresAt }: TokenRow, now: number): boolean {
  return expiresAt !== null && expiresAt <= now;
}

/** The hour that a use is written down as; undefined where it is written down already. */
export function useToNote({ usedAt }: TokenRow, now: number): number | undefined {
  const hour = now - (now % TOKEN_USE_STEP_MS);
  return usedAt !== null && usedAt >= hour ? undefined : hour;
}

/** A token as answers show it: without its secret, of which there is only a digest. */
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
