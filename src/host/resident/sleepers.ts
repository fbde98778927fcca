import type { SqlStorage } from '../../core/storage/sql-storage';

const TABLE = 'CREATE TABLE IF NOT EXISTS sleeper (ns TEXT PRIMARY KEY, due_at INTEGER) WITHOUT ROWID';

const PUT = 'INSERT INTO sleeper (ns, due_at) VALUES (?, ?) ON CONFLICT (ns) DO UPDATE SET due_at = excluded.due_at';

/**
 * Lists the sleeping namespaces, each with the time at which it has to be opened again. A namespace that is not listed was
 * awake when the process ended, and the next start opens it. A lost entry therefore only costs that start some work.
 */
export class Sleepers {
  readonly #storage: SqlStorage;
  readonly #canStore: () => boolean;
  /** Namespaces whose entry in memory differs from the stored one. */
  readonly #unwritten = new Set<string>();
  /** Milliseconds since the epoch; null if only a call opens the namespace. */
  readonly #dueAt = new Map<string, number | null>();
  /** Earliest of the times; infinite if there is none. */
  #earliest = Number.POSITIVE_INFINITY;

  /** @param canStore Returns whether the storage can be written at the moment. */
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

  /** Adds a namespace that fell asleep. The entry need not become durable; see the class. */
  add(ns: string, dueAt: number | null): void {
    this.#dueAt.set(ns, dueAt);
    this.#earliest = Math.min(this.#earliest, dueAt ?? Number.POSITIVE_INFINITY);
    this.#unwritten.add(ns);
    this.catchUp();
  }

  /**
   * Removes a namespace that is awake or erased. Resolves when the removal is durable; only then may the namespace set new
   * deadlines. While nothing can be stored it sets none, and the removal is stored later.
   */
  async remove(ns: string): Promise<void> {
    if (!this.#dueAt.delete(ns)) return;
    this.#findEarliest();
    this.#unwritten.add(ns);
    this.catchUp();
    await this.#storage.sync();
  }

  /** Stores the entries that could not be stored before. */
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

  /** Changes, in memory only, the time at which a namespace is opened. Used for a namespace that could not be opened. */
  postpone(ns: string, dueAt: number | null): void {
    this.#dueAt.set(ns, dueAt);
    this.#findEarliest();
  }

  /** Moves all times with a jump of the wall clock, so that the time left until each stays the same. */
  moveWithClock(jumpMs: number): void {
    for (const [ns, dueAt] of this.#dueAt) if (dueAt !== null) this.#dueAt.set(ns, dueAt + jumpMs);
    this.#findEarliest();
  }

  #write(ns: string): void {
    const dueAt = this.#dueAt.get(ns);
    if (dueAt === undefined) this.#storage.run('DELETE FROM sleeper WHERE ns = ?', ns);
    else this.#storage.run(PUT, ns, dueAt);
  }

  /** Returns the namespaces that have to be opened by `now`. */
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
