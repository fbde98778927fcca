import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { nodeSqlite } from '../../src/host/resident/storage/node-sqlite';
import type { ProcessTime } from './process-time';
import type { SeededRandom } from './seeded-random';

/** Thrown out of a storage call when the machine dies in it. Nobody is left to catch it. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/** Everything that was written is moved from the log into the database when the log is longer than this. */
const LOG_MAX_BYTES = 2 * 1024 * 1024;

/** How long a sync takes, in milliseconds: mostly little, sometimes much, so that commands queue behind it. */
const SYNC_USUAL_MS = { from: 1, to: 12 };
const SYNC_SLOW_MS = { from: 50, to: 900 };
const SYNC_SLOW_SHARE = 0.01;

/** What {@link FaultyDisk} is made of. `probe` reads from a database what tests want to know of its durable state. */
export interface FaultyDiskParts<Probe> {
  time: Pick<ProcessTime, 'now' | 'after'>;
  random: SeededRandom;
  probe: (storage: SqlStorage) => Probe;
  /** Told at once when the machine dies, before anything else of the process can run. */
  died: () => void;
}

/**
 * Real SQLite on a machine that may die at any moment.
 *
 * The fault model is SQLite's own: its write-ahead log is the list of committed transactions in order. A sync makes
 * the log durable up to where it ended when the sync was called. A crash cuts it anywhere behind that, in the middle of
 * a page for all we care, and SQLite finds the last commit that is whole when the file is opened again. So after a crash
 * the disk holds everything synced, and of the rest a prefix of whole transactions.
 *
 * Each statement, transaction and sync has a moment before it and one after it at which {@link crashIn} may strike.
 */
export class FaultyDisk<Probe> {
  readonly #parts: FaultyDiskParts<Probe>;
  readonly #folder = mkdtempSync(join(tmpdir(), 'rollcall-simulation-'));
  #restarts = 0;
  /** Number of the run of the process that may use the disk now. */
  #mountable = 0;
  #database: DatabaseSync;
  #plain: SqlStorage;
  #syncedBytes = 0;
  #durable: Probe;
  #stepsToCrash = Number.POSITIVE_INFINITY;
  #failNextCommit = false;
  #syncsUnderWay = 0;
  #syncedUntil = 0;
  /** Rows written since the beginning, lost ones included, by verb and table: `insert journal`. */
  readonly rowsWritten = new Map<string, number>();

  constructor(parts: FaultyDiskParts<Probe>) {
    this.#parts = parts;
    this.#database = this.#openDatabase();
    this.#plain = nodeSqlite(this.#database);
    this.#durable = parts.probe(this.#plain);
  }

  /** What the probe read from the state that would survive a crash now. */
  get durable(): Probe {
    return this.#durable;
  }

  /** When the newest sync that has resolved was called: what was written before survives a crash. */
  get syncedUntil(): number {
    return this.#syncedUntil;
  }

  /** Whether a sync has been called and has not resolved. */
  get syncing(): boolean {
    return this.#syncsUnderWay > 0;
  }

  /** The storage without faults: to look at what is on it, and for what the platform itself keeps there. */
  get plain(): SqlStorage {
    return this.#plain;
  }

  /** Lets the machine die at a storage step: the first from now on is 1. */
  crashIn(steps: number): void {
    this.#stepsToCrash = steps;
  }

  /** Lets the next transaction fail at its commit, as a full disk does. */
  failNextCommit(): void {
    this.#failNextCommit = true;
  }

  /** The storage as one run of the process sees it. After a crash it is dead, and throws whatever is asked of it. */
  mount(): SqlStorage {
    const mounted = this.#mountable;
    const plain = this.#plain;
    const alive = () => {
      if (mounted !== this.#mountable) throw new Crash('this run of the process is over');
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

  /** A moment at which the machine may die: dies if it is the one that {@link crashIn} named. */
  strike(): void {
    this.#stepsToCrash -= 1;
    if (this.#stepsToCrash > 0) return;
    this.die();
    throw new Crash('the machine died');
  }

  /** The machine dies now: whatever is mounted is dead, and syncs under way never resolve. */
  die(): void {
    this.#mountable += 1;
    this.#stepsToCrash = Number.POSITIVE_INFINITY;
    this.#failNextCommit = false;
    this.#syncsUnderWay = 0;
    this.#parts.died();
  }

  /** Comes back after {@link die}: without what was not synced, all but a random beginning of it. */
  restart(): void {
    const { random, probe } = this.#parts;
    const old = this.#path;
    const written = this.#logBytes();
    // A killed process loses nothing that it wrote; a power cut may lose all that is not synced, or cut it anywhere.
    const kept = random.pick([written, this.#syncedBytes, random.whole(this.#syncedBytes, written)]);
    this.#restarts += 1;
    copyFileSync(old, this.#path);
    copyFileSync(`${old}-wal`, `${this.#path}-wal`);
    truncateSync(`${this.#path}-wal`, kept);
    this.#database.close();
    rmSync(old);
    this.#database = this.#openDatabase();
    this.#plain = nodeSqlite(this.#database);
    // What is left of a page that was cut would be written over, and the log would not grow by what is written.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#syncedBytes = this.#logBytes();
    this.#durable = probe(this.#plain);
  }

  /** Ends the disk and its files. */
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

  /** Where nothing waits to be synced, SQLite may move a long log into the database. */
  #shortenLog(): void {
    if (this.#syncedBytes < LOG_MAX_BYTES || this.#logBytes() > this.#syncedBytes) return;
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#syncedBytes = this.#logBytes();
  }

  #openDatabase(): DatabaseSync {
    const database = new DatabaseSync(this.#path);
    // The log is ours to cut and to shorten; real syncs would only be slow. Exclusive: no shared memory file.
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

/** Verb and table of a statement that writes rows, in lower case. */
function kindOf(statement: string): string {
  const match = /^\s*(insert|update|delete|replace)(?: or replace)?(?: into| from)? (\w+)/i.exec(statement);
  return `${match?.[1]} ${match?.[2]}`.toLowerCase();
}
