import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { nodeSqlite } from '../../src/host/resident/storage/node-sqlite';
import type { ProcessTime } from './process-time';
import type { SeededRandom } from './seeded-random';

/** Thrown by a storage call when the machine dies in it. No caller is left to catch it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Log size above which all of its contents move into the database. */
const LOG_MAX_BYTES = 2 * 1024 * 1024;

/** Duration of a sync in milliseconds: mostly short, sometimes long enough for commands to queue. */
const SYNC_USUAL_MS = { from: 1, to: 12 };
const SYNC_SLOW_MS = { from: 50, to: 900 };
const SYNC_SLOW_SHARE = 0.01;

/** Parts of {@link FaultyDisk}. `probe` reads the facts about a durable state that tests need. */
export interface FaultyDiskParts<Probe> {
  time: Pick<ProcessTime, 'now' | 'after'>;
  random: SeededRandom;
  probe: (storage: SqlStorage) => Probe;
  /** Called at once when the machine dies, before anything else of the process can run. */
  died: () => void;
}

/**
 * Real SQLite on a machine that may die at any moment.
 *
 * The fault model is SQLite's own: its write-ahead log is the list of committed transactions in order. A sync makes the log
 * durable up to its end at the time of the call. A crash cuts it anywhere behind that, even in the middle of a page, and
 * SQLite finds the last whole commit when the file is opened again. So after a crash the disk holds everything synced, and a
 * prefix of whole transactions of the rest.
 *
 * Each statement, transaction and sync has a moment before it and one after it at which {@link crashIn} may strike.
 */
export class FaultyDisk<Probe> {
  readonly #parts: FaultyDiskParts<Probe>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-simulation-'));
  #restarts = 0;
  /** Number of the process run that may use the disk now. */
  #mountable = 0;
  #database: DatabaseSync;
  #plain: SqlStorage;
  #syncedBytes = 0;
  #durable: Probe;
  #stepsToCrash = Number.POSITIVE_INFINITY;
  #failNextCommit = false;
  #syncsUnderWay = 0;
  #syncedUntil = 0;
  /** Rows written since the beginning, including lost ones, by verb and table: `insert journal`. */
  readonly rowsWritten = new Map<string, number>();

  constructor(parts: FaultyDiskParts<Probe>) {
    this.#parts = parts;
    this.#database = this.#openDatabase();
    this.#plain = nodeSqlite(this.#database);
    this.#durable = parts.probe(this.#plain);
  }

  /** Returns the probe of the state that would survive a crash now. */
  get durable(): Probe {
    return this.#durable;
  }

  /** Returns when the newest resolved sync was called: everything written before survives a crash. */
  get syncedUntil(): number {
    return this.#syncedUntil;
  }

  /** Returns whether a sync is pending. */
  get syncing(): boolean {
    return this.#syncsUnderWay > 0;
  }

  /** The storage without faults, for inspection and for the platform's own data. */
  get plain(): SqlStorage {
    return this.#plain;
  }

  /** Makes the machine die at a storage step: the next one is 1. */
  crashIn(steps: number): void {
    this.#stepsToCrash = steps;
  }

  /** Makes the next transaction fail at its commit, as on a full disk. */
  failNextCommit(): void {
    this.#failNextCommit = true;
  }

  /** Returns the storage as one run of the process sees it. After a crash every call on it throws. */
  mount(): SqlStorage {
    const mounted = this.#mountable;
    const plain = this.#plain;
    const alive = () => {
      if (mounted !== this.#mountable) throw new Crash('this process has ended');
    };
    const step = <T>(work: () => T): T => {
      alive();
      this.strike();
      const result = work();
      this.strike();
      return result;
    };
    return {
      run: (statement, ...bindings) =>
        step(() => {
          const rows = plain.run(statement, ...bindings);
          const kind = kindOf(statement);
          if (rows > 0) this.rowsWritten.set(kind, (this.rowsWritten.get(kind) ?? 0) + rows);
          return rows;
        }),
      read: (statement, ...bindings) => step(() => plain.read(statement, ...bindings)),
      transaction: (work) =>
        step(() =>
          plain.transaction(() => {
            work();
            this.#failAsAFullDisk();
          }),
        ),
      sync: () => step(() => this.#sync(mounted)),
    };
  }

  /** A moment at which the machine may die: dies if {@link crashIn} chose it. */
  strike(): void {
    this.#stepsToCrash -= 1;
    if (this.#stepsToCrash > 0) return;
    this.die();
    throw new Crash('the machine crashed');
  }

  /** Makes the machine die now: mounted storages are dead, and pending syncs never resolve. */
  die(): void {
    this.#mountable += 1;
    this.#stepsToCrash = Number.POSITIVE_INFINITY;
    this.#failNextCommit = false;
    this.#syncsUnderWay = 0;
    this.#parts.died();
  }

  /** Restarts after {@link die}, without the unsynced writes except for a random prefix. */
  restart(): void {
    const { random, probe } = this.#parts;
    const old = this.#path;
    const written = this.#logBytes();
    // A killed process loses none of its writes; a power cut may lose all unsynced ones, or cut them anywhere.
    const kept = random.pick([written, this.#syncedBytes, random.whole(this.#syncedBytes, written)]);
    this.#restarts += 1;
    copyFileSync(old, this.#path);
    copyFileSync(`${old}-wal`, `${this.#path}-wal`);
    truncateSync(`${this.#path}-wal`, kept);
    this.#database.close();
    rmSync(old);
    this.#database = this.#openDatabase();
    this.#plain = nodeSqlite(this.#database);
    // The rest of a cut page would be overwritten, and the log would not grow by the written bytes.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#syncedBytes = this.#logBytes();
    this.#durable = probe(this.#plain);
  }

  /** Closes the disk and deletes its files. */
  close(): void {
    this.#mountable += 1;
    this.#database.close();
    rmSync(this.#folder, { recursive: true });
  }

  #sync(mounted: number): Promise<void> {
    const { time, random, probe } = this.#parts;
    const bytes = this.#logBytes();
    const durable = probe(this.#plain);
    const calledAt = time.now;
    this.#syncsUnderWay += 1;
    return new Promise((resolve) => {
      const { from, to } = random.chance(SYNC_SLOW_SHARE) ? SYNC_SLOW_MS : SYNC_USUAL_MS;
      time.after(random.whole(from, to), () => {
        if (mounted !== this.#mountable) return;
        this.#syncsUnderWay -= 1;
        if (bytes > this.#syncedBytes) {
          this.#syncedBytes = bytes;
          this.#durable = durable;
        }
        this.#syncedUntil = Math.max(this.#syncedUntil, calledAt);
        if (this.#syncsUnderWay === 0) this.#shortenLog();
        resolve();
      });
    });
  }

  #failAsAFullDisk(): void {
    if (!this.#failNextCommit) return;
    this.#failNextCommit = false;
    throw new Error('database or disk is full');
  }

  /** Moves a long log into the database, as SQLite may do if no write is unsynced. */
  #shortenLog(): void {
    if (this.#syncedBytes < LOG_MAX_BYTES || this.#logBytes() > this.#syncedBytes) return;
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#syncedBytes = this.#logBytes();
  }

  #openDatabase(): DatabaseSync {
    const database = new DatabaseSync(this.#path);
    // This class cuts and shortens the log itself; real syncs would only be slow. Exclusive: no shared memory file.
    for (const setting of ['locking_mode=EXCLUSIVE', 'journal_mode=WAL', 'synchronous=OFF', 'wal_autocheckpoint=0']) {
      database.exec(`PRAGMA ${setting}`);
    }
    return database;
  }

  get #path(): string {
    return join(this.#folder, `disk-${this.#restarts}`);
  }

  #logBytes(): number {
    return statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** Returns the verb and table of a statement that writes rows, in lower case. */
function kindOf(statement: string): string {
  const match = /^\s*(insert|update|delete|replace)(?: or replace)?(?: into| from)? (\w+)/i.exec(statement);
  return `${match?.[1]} ${match?.[2]}`.toLowerCase();
}
