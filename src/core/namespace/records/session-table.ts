import type { SqlStorage } from '../../storage/sql-storage';
import type { InstanceEntry, SessionEntry } from './catalog-entries';

/** Who may hold a lease: an instance alone, or a session for many. */
export type LeaseHolder = InstanceEntry | SessionEntry;

/** Tells a session from an instance that holds a lease of its own. */
export function isSession(holder: LeaseHolder): holder is SessionEntry {
  return 'secretDigest' in holder;
}

/** The sessions of a namespace, by key. */
export class SessionTable {
  readonly #byKey = new Map<string, SessionEntry>();
  /** True if sessions have been compared with the sockets that are open, since the namespace woke. */
  areMatched = false;

  get size(): number {
    return this.#byKey.size;
  }

  all(): Iterable<SessionEntry> {
    return this.#byKey.values();
  }

  get(key: string): SessionEntry | undefined {
    return this.#byKey.get(key);
  }

  add(session: SessionEntry): void {
    this.#byKey.set(session.key, session);
  }

  remove(session: SessionEntry): void {
    this.#byKey.delete(session.key);
  }
}

/** Sets which session holds an instance: that one, or none. */
export function holdInstance(entry: InstanceEntry, session: SessionEntry | undefined): void {
  if (entry.session === session) return;
  entry.session?.instances.delete(entry);
  session?.instances.add(entry);
  entry.session = session;
}

/** A row of the table `session`. */
export interface SessionRow {
  key: string;
  secretDigest: string;
  tokenId: string;
  lease: number;
  ttlMs: number;
  /** On the namespace's axis: when it was last renewed, as far as this row knows. */
  timedAt: number;
  isClosed: boolean;
}

const PUT = `INSERT INTO session (key, secret_digest, token, lease, ttl_ms, timed_at, closed) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET timed_at = excluded.timed_at, closed = excluded.closed`;

/** Writes a session down, or what has changed of it. */
export function writeSessionRow(storage: SqlStorage, session: SessionEntry, timedAt: number): void {
  const { key, secretDigest, tokenId, lease, ttlMs, isClosed } = session;
  storage.run(PUT, key, secretDigest, tokenId, lease, ttlMs, timedAt, isClosed ? 1 : 0);
}

export function deleteSessionRow(storage: SqlStorage, key: string): void {
  storage.run('DELETE FROM session WHERE key = ?', key);
}

export function readSessionRows(storage: SqlStorage): SessionRow[] {
  const rows: SessionRow[] = [];
  for (const row of storage.read('SELECT key, secret_digest, token, lease, ttl_ms, timed_at, closed FROM session')) {
    rows.push({
      key: String(row[0]),
      secretDigest: String(row[1]),
      tokenId: String(row[2]),
      lease: Number(row[3]),
      ttlMs: Number(row[4]),
      timedAt: Number(row[5]),
      isClosed: row[6] === 1,
    });
  }
  return rows;
}
