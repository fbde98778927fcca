import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderError } from './data-folder';
import { LaunchError, systemErrorCode } from './launch-error';

/** A start tries again for this long before it refuses: a holder that has just lost its launcher may not know it yet. */
const PATIENCE_MS = 2_000;

/** A start waits this long for a holder that is ending: one that says so, or tells nothing, as at its very end. */
const ENDING_MAX_MS = 6_000;

const RETRY_MS = 20;

/** Name of the file that is locked, in a data folder. */
export const LOCK_NAME = 'lock.sqlite';

/** SQLite's words for a file that another process has locked: Deno gives no number. */
const LOCKED = 'database is locked';

/** What the holder of a lock says of itself. It decides nothing: the lock itself is the kernel's. */
interface Holder {
  pid: number;
  /** Number of its launcher, which would start another; null where there is none. */
  launcher: number | null;
  /** Start of the process, RFC 3339. */
  since: string;
  /** True once the process is ending. */
  ending: boolean;
}

function readHolder(path: string): Holder | undefined {
  try {
    // `as`: only holders write this file. One that is half written does not parse.
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function inUse(folder: string, holder: Holder | undefined): LaunchError {
  const who = holder === undefined ? '' : ` (process ${holder.launcher ?? holder.pid}, since ${holder.since})`;
  const where = holder === undefined ? '' : ' If there is no such process here, it is of another container.';
  const advice = 'Stop that one first, or choose another folder with --data.';
  return new LaunchError(`The data folder ${folder} is in use by a registry${who}. ${advice}${where}`);
}

/** Locks the file; undefined while another process has locked it. */
function lock(sqlite: typeof import('node:sqlite'), path: string): DatabaseSync | undefined {
  const database = new sqlite.DatabaseSync(path);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && error.message === LOCKED) return undefined;
    throw error;
  }
}

/** Refuses a folder that can't be written to with the system's reason, which SQLite's errors do not give. */
function checkWritable(folder: string): void {
  const path = join(folder, `lock-${process.pid}.new`);
  try {
    writeFileSync(path, '', { mode: 0o600 });
    rmSync(path);
  } catch (error) {
    throw dataFolderError(folder, error);
  }
}

/**
 * The lock of a data folder: `lock.sqlite`, in which the process keeps a transaction open that excludes all others.
 *
 * The kernel holds it for the process, be it frozen or not, and drops it when the process ends in whatever way. It is seen
 * in every container that shares the volume. The file is never opened but through SQLite, since closing any
 * descriptor of it drops the lock, and never deleted, since another start may be about to lock it. `lock.json` beside
 * it tells the person at the terminal which process holds the lock.
 */
export class DataLock {
  readonly #database: DatabaseSync;
  readonly #holderPath: string;
  #holder: Holder;
  readonly #releaseAtExit = () => this.release();

  private constructor(database: DatabaseSync, holderPath: string, holder: Holder) {
    this.#database = database;
    this.#holderPath = holderPath;
    this.#holder = holder;
    this.#writeHolder();
    process.once('exit', this.#releaseAtExit);
  }

  /**
   * Takes the lock of a data folder, which exists.
   *
   * @param folder Absolute path.
   * @param launcher Number of the launcher of this process.
   * @throws {LaunchError} if another process holds it, with its number, or the folder can't be written to.
   */
  static async take(folder: string, launcher: number | null = null): Promise<DataLock> {
    // Loaded here: the command line runs on a Node without SQLite, too, as long as it does not need it.
    const sqlite = await import('node:sqlite');
    const [path, holderPath] = [join(folder, LOCK_NAME), join(folder, 'lock.json')];
    checkWritable(folder);
    let patienceMs = PATIENCE_MS;
    for (let waited = 0; ; waited += RETRY_MS) {
      const database = lock(sqlite, path);
      if (database !== undefined) {
        const since = new Date().toISOString();
        return new DataLock(database, holderPath, { pid: process.pid, launcher, since, ending: false });
      }
      const holder = readHolder(holderPath);
      if (holder === undefined || holder.ending) patienceMs = ENDING_MAX_MS;
      if (waited >= patienceMs) throw inUse(folder, holder);
      await sleep(RETRY_MS);
    }
  }

  /** Tells starts that wait for the lock that this process is ending. */
  markEnding(): void {
    this.#holder = { ...this.#holder, ending: true };
    this.#writeHolder();
  }

  /** Gives the folder free. The end of the process does so, too. */
  release(): void {
    process.off('exit', this.#releaseAtExit);
    if (!this.#database.isOpen) return;
    rmSync(this.#holderPath, { force: true });
    this.#database.close();
  }

  #writeHolder(): void {
    try {
      writeFileSync(this.#holderPath, JSON.stringify(this.#holder), { mode: 0o600 });
    } catch (error) {
      // It only informs; a disk that has just become full must not keep the process from ending.
      if (systemErrorCode(error) === undefined) throw error;
    }
  }
}
