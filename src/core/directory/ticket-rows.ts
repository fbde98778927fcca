import type { SqlStorage } from '../storage/sql-storage';

/** Tickets that were not used yet, as they are stored. Every method runs inside a step of the directory. */
export class TicketRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** How many tickets of a token are good; those that have ended are removed. */
  count(token: string, now: number): number {
    this.#storage.run('DELETE FROM ticket WHERE token = ? AND ends_at <= ?', token, now);
    const [row] = this.#storage.read('SELECT COUNT(*) FROM ticket WHERE token = ?', token);
    return Number(row?.[0]);
  }

  /** @param digest SHA-256 of the ticket, base64url. */
  add(digest: string, token: string, endsAt: number): void {
    this.#storage.run('INSERT INTO ticket (digest, token, ends_at) VALUES (?, ?, ?)', digest, token, endsAt);
  }

  /** Id of the token that a ticket is of, this once. */
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
