import { ERRAND_RETRY_MAX_MS, ERRAND_RETRY_MIN_MS } from '../../model/limits';
import type { SqlRow, SqlStorage } from '../storage/sql-storage';

/** What a namespace has to be told: to be as it is set, to be no more (if it is empty), or to close the sockets of a token. */
export type ErrandKind = 'configure' | 'erase' | 'erase-if-empty' | 'close-sockets';

/** One thing that a namespace has to be told, until it has been told. */
export interface Errand {
  ns: string;
  kind: ErrandKind;
  /** Id of the token that it is about; empty where it is about none. */
  token: string;
  /** Counts how often it was asked for: what was asked for again while it was on its way has to go again. */
  round: number;
  /** Tries that failed. */
  attempts: number;
}

const COLUMNS = 'ns, kind, token, round, attempts';

/** The errands that are not done yet, as they are stored. Every method runs inside a step of the directory. */
export class ErrandRows {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** @param dueAt When the alarm sees to it; in milliseconds since the epoch. */
  add(ns: string, kind: ErrandKind, dueAt: number, token = ''): void {
    this.#storage.run(
      `INSERT INTO errand (${COLUMNS}, due_at) VALUES (?, ?, ?, 1, 0, ?)
        ON CONFLICT (ns, kind, token) DO UPDATE SET round = round + 1, attempts = 0, due_at = excluded.due_at`,
      ...[ns, kind, token, dueAt],
    );
  }

  /** All that a namespace has to be told. */
  of(ns: string): Errand[] {
    return Array.from(this.#storage.read(`SELECT ${COLUMNS} FROM errand WHERE ns = ? ORDER BY kind, token`, ns), rowOf);
  }

  /** How many things of a kind a namespace has to be told. */
  countOf(ns: string, kind: ErrandKind): number {
    const [row] = this.#storage.read('SELECT COUNT(*) FROM errand WHERE ns = ? AND kind = ?', ns, kind);
    return Number(row?.[0]);
  }

  /** Namespaces that have to be told something by now, longest due first. */
  dueBy(now: number, most: number): string[] {
    const rows = this.#storage.read(
      'SELECT ns FROM errand WHERE due_at <= ? GROUP BY ns ORDER BY MIN(due_at) LIMIT ?',
      now,
      most,
    );
    return Array.from(rows, ([ns]) => String(ns));
  }

  /** Removes what is done, unless it was asked for again meanwhile. */
  remove(errands: readonly Errand[]): void {
    for (const { ns, kind, token, round } of errands) {
      this.#storage.run(
        'DELETE FROM errand WHERE ns = ? AND kind = ? AND token = ? AND round = ?',
        ...[ns, kind, token, round],
      );
    }
  }

  /** Puts off what has failed, twice as long each time. */
  postpone(errands: readonly Errand[], now: number): void {
    for (const { ns, kind, token, round, attempts } of errands) {
      const delayMs = Math.min(ERRAND_RETRY_MIN_MS * 2 ** attempts, ERRAND_RETRY_MAX_MS);
      this.#storage.run(
        'UPDATE errand SET attempts = attempts + 1, due_at = ? WHERE ns = ? AND kind = ? AND token = ? AND round = ?',
        ...[now + delayMs, ns, kind, token, round],
      );
    }
  }

  /** When the next errand is due. */
  get nextDue(): number | undefined {
    const [row] = this.#storage.read('SELECT MIN(due_at) FROM errand');
    return row === undefined || row[0] === null ? undefined : Number(row[0]);
  }
}

function rowOf([ns, kind, token, round, attempts]: SqlRow): Errand {
  return { ns, kind, token, round, attempts } as Errand; // `as`: only `add` writes these rows
}
