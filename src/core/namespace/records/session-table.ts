import type { SqlStorage } from '../../storage/sql-storage';
import type { GrantedLease, InstanceEntry, SessionEntry } from './catalog-entries';

/** Holder of a lease: an instance, a session for many instances, or a granted lease for many instances and entries. */
export type LeaseHolder = InstanceEntry | SessionEntry | GrantedLease;

/** Returns whether the holder of a lease is a session, not an instance. */
export function isSession(holder: LeaseHolder): holder is SessionEntry {
  return 'secretDigest' in holder;
}

/** Returns whether the holder of a lease is that lease itself, which was granted. */
export function isGranted(holder: LeaseHolder): holder is GrantedLease {
  return 'grantedAt' in holder;
}

/** The sessions of a namespace, by key. */
export class SessionTable {
  readonly #byKey = new Map<string, SessionEntry>();
  /** True once sessions have been matched with the open sockets after a wake. */
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

/** Sets the session or granted lease that holds an instance, or none. */
export function holdInstance(entry: InstanceEntry, holder: InstanceEntry['holder']): void {
  if (entry.holder === holder) return;
  entry.holder?.instances.delete(entry);
  holder?.instances.add(entry);
  entry.holder = holder;
}

/** A row of the table `session`. */
export interface SessionRow {
  key: string;
  secretDigest: string;
  tokenId: string;
  lease: number;
  ttlMs: number;
  /** Time of the last renewal that this row knows of, on the namespace's axis. */
  timedAt: number;
  isClosed: boolean;
}

const PUT = `INSERT INTO session (key, secret_digest, token, lease, ttl_ms, timed_at, closed) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (key) DO UPDATE SET timed_at = excluded.timed_at, closed = excluded.closed`;

/** Writes a session, or its changes. */
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
