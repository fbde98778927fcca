import { ERRAND_RETRY_MAX_MS, ERRAND_RETRY_MIN_MS } from '../../model/limits';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/** Kind of errand: apply the settings, erase the namespace, erase it only if it is empty, or close a token's sockets. */
export type ErrandKind = 'configure' | 'erase' | 'erase-if-empty' | 'close-sockets';

/** A request from the directory to a namespace, kept until it is delivered. */
export interface Errand {
  ns: string;
  kind: ErrandKind;
  /** Id of the token that it concerns; empty if there is none. */
  token: string;
  /** Number of requests: an errand that is requested again during delivery must be delivered again. */
  round: number;
  /** Number of failed attempts. */
  attempts: number;
}

const COLUMNS = 'ns, kind, token, round, attempts';

/** The stored errands that are not done yet. Every method runs inside a step of the directory. */
export class ErrandRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Adds an errand. @param dueAt Time the alarm delivers it, in milliseconds since the epoch. */
  add(ns: string, kind: ErrandKind, dueAt: number, token = ''): void {
    this.#storage.run(
      `INSERT INTO errand (${COLUMNS}, due_at) VALUES (?, ?, ?, 1, 0, ?)
        ON CONFLICT (ns, kind, token) DO UPDATE SET round = round + 1, attempts = 0, due_at = excluded.due_at`,
      ...[ns, kind, token, dueAt],
    );
  }

  /** Returns all errands of a namespace. */
  of(ns: string): Errand[] {
    return Array.from(this.#storage.read(`SELECT ${COLUMNS} FROM errand WHERE ns = ? ORDER BY kind, token`, ns), rowOf);
  }

  /** Returns the number of errands of a kind for a namespace. */
  countOf(ns: string, kind: ErrandKind): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM errand WHERE ns = ? AND kind = ?', ns, kind);
    return Number(row?.[0]);
  }

  /** Returns the namespaces with due errands, longest overdue first. */
  dueBy(now: number, most: number): string[] {
    const rows = this.#storage.read(
      'SELECT ns FROM errand WHERE due_at <= ? GROUP BY ns ORDER BY MIN(due_at) LIMIT ?',
      now,
      most,
    );
    return Array.from(rows, ([ns]) => String(ns));
  }

  /** Removes errands that are done, unless they were requested again meanwhile. */
  remove(errands: readonly Errand[]): void {
    for (const { ns, kind, token, round } of errands) {
      this.#storage.run(
        'DELETE FROM errand WHERE ns = ? AND kind = ? AND token = ? AND round = ?',
        ...[ns, kind, token, round],
      );
    }
  }

  /** Postpones failed errands, twice as long each time. */
  postpone(errands: readonly Errand[], now: number): void {
    for (const { ns, kind, token, round, attempts } of errands) {
      const delayMs = Math.min(ERRAND_RETRY_MIN_MS * 2 ** attempts, ERRAND_RETRY_MAX_MS);
      this.#storage.run(
        'UPDATE errand SET attempts = attempts + 1, due_at = ? WHERE ns = ? AND kind = ? AND token = ? AND round = ?',
        ...[now + delayMs, ns, kind, token, round],
      );
    }
  }

  /** Time the next errand is due; undefined if there is none. */
  get nextDue(): number | undefined {
    const [row] = this.#storage.read('SELECT MIN(due_at) FROM errand');
    return row === undefined || row[0] === null ? undefined : Number(row[0]);
  }
}

function rowOf([ns, kind, token, round, attempts]: SqlRow): Errand {
  return { ns, kind, token, round, attempts } as Errand; // `as`: only `add` writes these rows
}
