import type { SqlStorage } from '../../core/storage/sql-storage';

const TABLE = 'CREATE TABLE IF NOT EXISTS sleeper (ns TEXT PRIMARY KEY, due_at INTEGER) WITHOUT ROWID';

const PUT = 'INSERT INTO sleeper (ns, due_at) VALUES (?, ?) ON CONFLICT (ns) DO UPDATE SET due_at = excluded.due_at';

/**
 * Namespaces that sleep, each with the time at which it has to be opened again. One that is not listed here was awake when the
 * process ended, and is opened at the next start: so what is lost of this list costs a start some work, and nothing else.
 */
export class Sleepers {
  readonly #storage: SqlStorage;
  readonly #canStore: () => boolean;
  /** Those that sleep or don't otherwise than is stored. */
  readonly #unwritten = new Set<string>();
  /** Milliseconds since the epoch; null: until it is called. */
  readonly #dueAt = new Map<string, number | null>();
  /** Sleepers that have to be opened, and the earliest of their times. */
  #earliest = Number.POSITIVE_INFINITY;

  /** @param canStore Whether the storage can be written at the moment. */
  constructor(storage: SqlStorage, canStore: () => boolean) {
    this.#storage = storage;
    this.#canStore = canStore;
    const [table] = storage.read("SELECT 1 FROM sqlite_schema WHERE name = 'sleeper' LIMIT 1");
    if (table === undefined) storage.run(TABLE);
    for (const [ns, dueAt] of storage.read('SELECT ns, due_at FROM sleeper')) {
      this.#dueAt.set(String(ns), dueAt === null ? null : Number(dueAt));
    }
    this.#findEarliest();
  }

  has(ns: string): boolean {
    return this.#dueAt.has(ns);
  }

  /** Notes that a namespace sleeps. It need not be durable: see the class. */
  add(ns: string, dueAt: number | null): void {
    this.#dueAt.set(ns, dueAt);
    this.#earliest = Math.min(this.#earliest, dueAt ?? Number.POSITIVE_INFINITY);
    this.#unwritten.add(ns);
    this.catchUp();
  }

  /**
   * Notes that a namespace is awake, or gone; resolves when that is durable, after which it may have deadlines of its own.
   * While nothing can be stored it gets none, and is noted later.
   */
  async remove(ns: string): Promise<void> {
    if (!this.#dueAt.delete(ns)) return;
    this.#findEarliest();
    this.#unwritten.add(ns);
    this.catchUp();
    await this.#storage.sync();
  }

  /** Stores what could not be stored before. */
  catchUp(): void {
    if (this.#unwritten.size === 0 || !this.#canStore()) return;
    try {
      this.#storage.transaction(() => {
        for (const ns of this.#unwritten) this.#write(ns);
      });
      this.#unwritten.clear();
    } catch (error) {
      if (this.#canStore()) throw error;
    }
  }

  /** Has one opened at another time, in this process: where it could not be opened now, or was awake at the last process's end. */
  postpone(ns: string, dueAt: number | null): void {
    this.#dueAt.set(ns, dueAt);
    this.#findEarliest();
  }

  /** Moves all times, as the wall clock jumped: what was ten seconds away still is. */
  moveWithClock(jumpMs: number): void {
    for (const [ns, dueAt] of this.#dueAt) if (dueAt !== null) this.#dueAt.set(ns, dueAt + jumpMs);
    this.#findEarliest();
  }

  #write(ns: string): void {
    const dueAt = this.#dueAt.get(ns);
    if (dueAt === undefined) this.#storage.run('DELETE FROM sleeper WHERE ns = ?', ns);
    else this.#storage.run(PUT, ns, dueAt);
  }

  /** Sleepers that have to be opened by `now`. */
  dueBy(now: number): string[] {
    if (this.#earliest > now) return [];
    return [...this.#dueAt].flatMap(([ns, dueAt]) => (dueAt !== null && dueAt <= now ? [ns] : []));
  }

  #findEarliest(): void {
    let earliest = Number.POSITIVE_INFINITY;
    for (const dueAt of this.#dueAt.values()) if (dueAt !== null) earliest = Math.min(earliest, dueAt);
    this.#earliest = earliest;
  }
}
