import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderError } from './data-folder';
import { LaunchError, systemErrorCode } from './launch-error';

/** Time for which a start retries. A holder whose launcher has just died may take a moment to notice it. */
const PATIENCE_MS = 2_000;

/** Time for which a start waits if the holder is ending. A holder without `lock.json` counts as ending. */
const ENDING_MAX_MS = 6_000;

const RETRY_MS = 20;

/** Name of the locked file in a data folder. */
export const LOCK_NAME = 'lock.sqlite';

/** SQLite's message if another process has locked the file. Deno gives no result code. */
const LOCKED = 'database is locked';

/** Description of the process that holds the lock. It is only informative: the kernel holds the lock. */
interface Holder {
  pid: number;
  /** Process id of its launcher, which would restart it; null if it has none. */
  launcher: number | null;
  /** Start time of the process, RFC 3339. */
  since: string;
  /** True once the process is ending. */
  ending: boolean;
}

function readHolder(path: string): Holder | undefined {
  try {
    // `as`: only holders write this file. A partly written one does not parse.
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

function inUse(folder: string, holder: Holder | undefined): LaunchError {
  const holding = holder === undefined ? '' : ` (process ${holder.launcher ?? holder.pid}, since ${holder.since})`;
  const where = holder === undefined ? '' : ' If there is no such process here, it runs in another container.';
  const advice = 'Stop it first, or choose another folder with --data.';
  return new LaunchError(`The data folder ${folder} is in use by a registry${holding}. ${advice}${where}`);
}

/** Locks the file. Returns undefined if another process has locked it. */
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

/** Throws the system's reason if the folder can't be written. SQLite's errors don't contain it. */
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
 * The lock of a data folder: the process keeps an exclusive transaction open in `lock.sqlite`.
 *
 * The kernel holds the lock as long as the process exists, even while it is frozen, and releases it however the process ends.
 * All containers that share the volume see it. The file is only opened through SQLite, because closing any other descriptor
 * of it would release the lock. It is never deleted, because another start may be about to lock it. `lock.json` beside it
 * names the process that holds the lock, for the message of a refused start.
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
   * Takes the lock of an existing data folder.
   *
   * @param folder Absolute path.
   * @param launcher Process id of this process's launcher.
   * @throws {LaunchError} if another process holds the lock, with its process id, or if the folder can't be written.
   */
  static async take(folder: string, launcher: number | null = null): Promise<DataLock> {
    // Imported here, because other commands also run on a Node without SQLite.
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

  /** Marks the holder as ending, so that starts wait for the lock. */
  markEnding(): void {
    this.#holder = { ...this.#holder, ending: true };
    this.#writeHolder();
  }

  /** Releases the lock. The end of the process does so too. */
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
      // The file is only informative: a full disk must not keep the process from ending.
      if (systemErrorCode(error) === undefined) throw error;
    }
  }
}
