import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataFolderError } from './data-folder';
import { LaunchError, systemErrorCode } from './launch-error';
import { identify, isRunning, type ProcessIdentity, processScope } from './process-identity';

/** A holder touches its lock this often, so that even a start that can't see its processes can see that it lives. */
const BEAT_MS = 1_000;

/** A lock that was not touched for this long is dead, whoever held it. */
const SILENCE_MS = 4_000;

/** An orphan that is asked to end gets this long before it is killed: its running requests end well. */
const ORPHAN_GRACE_MS = 2_000;

/** A lock file appears before its text does: one that is empty is read again for this long before it counts as a dead one. */
const WRITING_MAX_MS = 1_000;

/** What the lock file says. */
interface Claim {
  /** Random: one process may take, release and take again. */
  id: string;
  /** Where the process numbers below mean something; see {@link processScope}. */
  scope: string;
  launcher: ProcessIdentity;
  workerd: ProcessIdentity | null;
}

function parseClaim(text: string): Claim | null {
  try {
    // Only launchers write this file. A start of another version reads it too: members are added, never changed.
    return JSON.parse(text) as Claim;
  } catch {
    return null;
  }
}

/** Text of the lock file; null if there is none. */
function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Text of the lock file once its start has written it; null if there is none. */
async function readWrittenLock(path: string): Promise<string | null> {
  for (let waited = 0; ; waited += 20) {
    const text = readLock(path);
    if (text !== '' || waited >= WRITING_MAX_MS) return text;
    await sleep(20);
  }
}

/** Makes the lock file, if there is none. The system lets one process succeed. */
function createLock(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a stale lock away. Two starts may find the same one: the slower would take away the quicker one's new lock, so
 * what was moved is looked at, and put back where it is not the stale one.
 */
async function removeStaleLock(path: string, staleText: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readWrittenLock(aside);
  if (moved !== null && moved !== staleText) createLock(path, moved);
  rmSync(aside, { force: true });
}

/** Waits until a lock is touched, or has been left alone for long enough to be dead. True: its holder lives. */
async function isTouched(path: string): Promise<boolean> {
  const touchedAt = () => statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  const first = touchedAt();
  for (let waited = 0; waited < SILENCE_MS; waited += 250) {
    await sleep(250);
    if (touchedAt() !== first) return true;
  }
  return false;
}

async function isGone(identity: ProcessIdentity, withinMs: number): Promise<boolean> {
  for (let waited = 0; waited < withinMs; waited += 20) {
    if (!isRunning(identity)) return true;
    await sleep(20);
  }
  return !isRunning(identity);
}

/** Ends a workerd that outlived its launcher. Two processes on one folder would be two registries over one disk. */
async function endOrphan(orphan: ProcessIdentity, say: (line: string) => void): Promise<void> {
  if (!isRunning(orphan)) return;
  say(`workerd (process ${orphan.pid}) outlived the launcher that started it on this data folder. Ending it first.`);
  try {
    process.kill(orphan.pid, 'SIGTERM');
    if (await isGone(orphan, ORPHAN_GRACE_MS)) return;
    process.kill(orphan.pid, 'SIGKILL');
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return;
    throw new LaunchError(`workerd (process ${orphan.pid}) can't be ended by this user. End it, then start again.`, 1, {
      cause: error,
    });
  }
  if (!(await isGone(orphan, ORPHAN_GRACE_MS))) {
    throw new LaunchError(`workerd (process ${orphan.pid}) does not end. End it, then start again.`);
  }
}

/**
 * The lock of a data folder: a file that names the launcher and the workerd that use it.
 *
 * workerd takes no lock of its own: a second one on the same folder starts without complaint, and then both corrupt
 * what the other believes.
 */
export class DataLock {
  readonly #path: string;
  #claim: Claim;
  readonly #beat: NodeJS.Timeout;
  readonly #releaseAtExit = () => this.release();

  private constructor(path: string, claim: Claim) {
    this.#path = path;
    this.#claim = claim;
    this.#beat = setInterval(() => this.#touch(), BEAT_MS);
    this.#beat.unref();
    process.once('exit', this.#releaseAtExit);
  }

  /**
   * Takes the lock, ending first an orphaned workerd that a killed launcher left on the folder.
   *
   * @param folder Absolute path of the data folder.
   * @param say Takes one line for the person at the terminal.
   * @throws {LaunchError} if another launcher holds it, with its process number.
   */
  static async take(folder: string, say: (line: string) => void): Promise<DataLock> {
    const path = join(folder, 'lock');
    const launcher = identify(process.pid) ?? { pid: process.pid, started: null };
    const claim: Claim = { id: randomUUID(), scope: processScope(), launcher, workerd: null };
    try {
      while (!createLock(path, JSON.stringify(claim))) {
        const text = await readWrittenLock(path);
        if (text === null) continue;
        await DataLock.#refuseWhileHeld(folder, path, text, say);
        await removeStaleLock(path, text);
      }
    } catch (error) {
      throw dataFolderError(folder, error);
    }
    return new DataLock(path, claim);
  }

  static async #refuseWhileHeld(folder: string, path: string, text: string, say: (line: string) => void) {
    const holder = parseClaim(text);
    if (holder?.scope === processScope()) {
      if (isRunning(holder.launcher)) {
        const advice = 'Stop that one first, or choose another folder with --data.';
        throw new LaunchError(
          `The data folder ${folder} is in use by a registry (process ${holder.launcher.pid}). ${advice}`,
        );
      }
      if (holder.workerd !== null) await endOrphan(holder.workerd, say);
      return;
    }
    say(`${path} is of a start that can't be seen from here. Waiting ${SILENCE_MS / 1_000} s for a sign of life.`);
    if (await isTouched(path)) {
      const where = 'on another machine or in another container';
      throw new LaunchError(`The data folder ${folder} is in use by a registry ${where}. Stop that one first.`);
    }
  }

  /**
   * Notes the workerd that now runs on the folder, before it opens a file there.
   *
   * @throws {LaunchError} if the lock is no longer ours.
   */
  noteWorkerd(pid: number): void {
    if (!this.#isOurs()) {
      throw new LaunchError(
        `${this.#path} was taken by another start, or deleted. Start again when the folder is free.`,
      );
    }
    this.#claim = { ...this.#claim, workerd: identify(pid) };
    const temporary = `${this.#path}.${process.pid}`;
    writeFileSync(temporary, JSON.stringify(this.#claim), { mode: 0o600 });
    renameSync(temporary, this.#path);
  }

  /** Gives the folder free. An exit of this process does so too. */
  release(): void {
    process.off('exit', this.#releaseAtExit);
    clearInterval(this.#beat);
    if (this.#isOurs()) rmSync(this.#path, { force: true });
  }

  #isOurs(): boolean {
    return readLock(this.#path) === JSON.stringify(this.#claim);
  }

  #touch(): void {
    const now = new Date();
    try {
      utimesSync(this.#path, now, now);
    } catch {
      // Somebody deleted the file. The next workerd to start is refused, by noteWorkerd.
    }
  }
}
