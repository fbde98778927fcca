import { bytesOf } from '../../../model/bytes';
import { LOCK_DELAY_ROWS_MIN_COUNT } from '../../../model/limits';
import type { SqlStorage } from '../../storage/sql-storage';

/**
 * Lock delays: keys that no lease may lock for a while, as the lease that had locked them has ended and its client may not
 * have noticed. They belong to keys, so that neither a deletion nor a new entry ends one, and are on disk: memory has only
 * those that are not written yet. Times are on the namespace's axis.
 */
export class LockDelays {
  readonly #storage: SqlStorage;
  /** Ends of delays that are not on the disk yet. */
  readonly #unwritten = new Map<string, number>();
  /** When the last delay ends: reads of the disk are needed only before. */
  #latestEnd = 0;
  /** Number of rows, of which past ones are removed when there are as many again as the last time. */
  #rows = 0;
  #sweptRows = 0;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Loads what is needed to know if any delay is running. Returns when the last one began; 0 if there is none. */
  load(): number {
    const known = 'SELECT COUNT(*), MAX(until), MAX(begun_at) FROM lock_delay';
    for (const [rows, until, begunAt] of this.#storage.read(known)) {
      this.#rows = Number(rows);
      this.#latestEnd = Number(until ?? 0);
      return Number(begunAt ?? 0);
    }
    return 0;
  }

  /** Returns whether any lock may be delayed. */
  isRunning(now: number): boolean {
    return now < this.#latestEnd;
  }

  /** Returns how long the lock of a key is delayed, in milliseconds; 0 if it is not. */
  remainingMs(key: string, now: number): number {
    if (!this.isRunning(now)) return 0;
    const until = this.#unwritten.get(key) ?? this.#stored(key);
    return Math.max(0, until - now);
  }

  #stored(key: string): number {
    for (const [until] of this.#storage.read('SELECT until FROM lock_delay WHERE key = ?', bytesOf(key).buffer)) {
      return Number(until);
    }
    return 0;
  }

  /** Begins a delay for each of some keys. Returns a function that writes them, once. */
  begin(keys: readonly string[], delayMs: number, now: number): () => void {
    const until = now + delayMs;
    this.#latestEnd = Math.max(this.#latestEnd, until);
    for (const key of keys) this.#unwritten.set(key, until);
    return () => {
      this.#sweep(now);
      const row = 'INSERT OR REPLACE INTO lock_delay (key, begun_at, until) VALUES (?, ?, ?)';
      for (const key of keys) {
        this.#storage.run(row, bytesOf(key).buffer, now, until);
        if (this.#unwritten.get(key) === until) this.#unwritten.delete(key);
      }
      this.#rows += keys.length;
    };
  }

  #sweep(now: number): void {
    if (this.#rows < Math.max(LOCK_DELAY_ROWS_MIN_COUNT, 2 * this.#sweptRows)) return;
    this.#storage.run('DELETE FROM lock_delay WHERE until <= ?', now);
    for (const [rows] of this.#storage.read('SELECT COUNT(*) FROM lock_delay')) this.#rows = Number(rows);
    this.#sweptRows = this.#rows;
  }
}
