import { copyFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { markForNewEpoch } from '../core/storage/schema';
import { nodeSqlite } from '../host/resident/storage/node-sqlite';
import { makeDataFolder, RESTORING_NAME, refuseOldLayout, STORAGE_NAME } from '../launcher/data-folder';
import { DataLock, LOCK_NAME } from '../launcher/data-lock';
import { systemErrorCode } from '../launcher/launch-error';
import { BackupError } from './backup-error';
import { giveToOwnerOf, makeFolder, secureFolder, toDisk } from './durable-files';
import { checksumOf, damaged, type Manifest, storedDatabases } from './manifest';
import type { Sqlite } from './sqlite';
import { type VerifiedBackup, verifyBackup } from './verify-backup';

/** Options of a restore. */
export interface RestoreOptions {
  /** Folder of the backup. */
  backup: string;
  /** Data folder of the restored registry; created if missing. */
  data: string;
  /** True if data that is already there may be set aside. */
  force?: boolean | undefined;
  /** Called with the number of verified or copied files and their total. */
  progress?: ((what: 'verify' | 'copy', done: number, all: number) => void) | undefined;
}

/** Result of a restore. */
export interface Restored {
  manifest: Manifest;
  /** Absolute path of the data that was set aside; null if there was none. */
  setAside: string | null;
}

/** Verifies a backup without restoring it. */
export async function checkBackup({ backup, progress }: RestoreOptions): Promise<Manifest> {
  const sqlite = await import('node:sqlite');
  const { manifest } = await verifyBackup(sqlite, resolve(backup), (done, all) => progress?.('verify', done, all));
  return manifest;
}

/**
 * Restores a backup into a data folder that no registry uses. It first verifies the whole backup, then copies it beside the
 * present data, and replaces that in one step. If the restore is interrupted, no registry starts on the folder until it is run
 * again. If it fails before the replacement, such as on a full disk, the present data is unchanged.
 *
 * Every namespace begins a new epoch when it wakes: watches receive `reset`, and old cursors are refused.
 *
 * @throws {BackupError} if the backup is damaged or too new, or if there is data and `force` is not given.
 * @throws {LaunchError} if a registry uses the folder, it can't be written, or a version on workerd wrote it.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { force = false, progress = () => {} } = options;
  const backup = resolve(options.backup);
  const sqlite = await import('node:sqlite');
  const verified = await verifyBackup(sqlite, backup, (done, all) => progress('verify', done, all));
  const data = makeDataFolder(options.data);
  refuseOldLayout(data);
  const lock = await DataLock.take(data);
  const storage = join(data, STORAGE_NAME);
  const restoring = join(data, RESTORING_NAME);
  /** Whether a registry is stored there that nothing has been done to. */
  let isUntouched = false;
  try {
    // The lock file remains after the restore.
    await giveToOwnerOf(data, join(data, LOCK_NAME));
    const isUsed = await holdsFiles(storage);
    if (isUsed && !force) throw isUsedError(data);
    isUntouched = isUsed;
    // Remains of an interrupted restore are useless.
    await rm(restoring, { recursive: true, force: true });
    await makeFolder(restoring);
    await copyFiles(backup, restoring, verified, (done, all) => progress('copy', done, all));
    markNamespaces(sqlite, restoring, verified.manifest);
    await giveToOwnerOf(data, restoring);
    await secureFolder(restoring);
    isUntouched = false;
    const setAside = isUsed ? join(data, `${STORAGE_NAME}-before-${timeForNames()}`) : null;
    if (setAside === null) await rm(storage, { recursive: true, force: true });
    else await rename(storage, setAside);
    await rename(restoring, storage);
    await toDisk(data);
    return { manifest: verified.manifest, setAside };
  } catch (error) {
    if (isUntouched) await rm(restoring, { recursive: true, force: true });
    throw restoreFailure(data, error, isUntouched);
  } finally {
    lock.release();
  }
}

function isUsedError(data: string): BackupError {
  return new BackupError(
    `${data} already holds a registry. Choose another folder with --data, or use --force, which moves the existing data ` +
      'aside and deletes nothing.',
  );
}

/** Returns a readable error for one of the system; any other is returned unchanged. */
function restoreFailure(data: string, error: unknown, isUntouched: boolean): unknown {
  if (!(error instanceof Error) || error.name !== 'Error' || systemErrorCode(error) === undefined) return error;
  const advice = isUntouched
    ? 'Existing data is unchanged.'
    : 'No registry starts on it until you run the restore again.';
  return new BackupError(`The backup can't be restored into ${data}: ${error.message}. ${advice}`, { cause: error });
}

/** Returns whether there is a file in a folder or below. */
async function holdsFiles(folder: string): Promise<boolean> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.some((entry) => !entry.isDirectory());
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Returns a file's path relative to the folder of SQLite files, in a backup or a data folder. */
const belowStorage = (file: string): string => file.slice(STORAGE_NAME.length + 1);

async function copyFiles(
  backup: string,
  to: string,
  { manifest, checksums }: VerifiedBackup,
  progress: (done: number, all: number) => void,
): Promise<void> {
  const files = storedDatabases(manifest).map(({ file }) => file);
  for (const [index, file] of files.entries()) {
    const path = join(to, belowStorage(file));
    await makeFolder(dirname(path));
    await copyFile(join(backup, file), path);
    if ((await checksumOf(path)) !== checksums.get(file)) throw damaged(file, 'it changed while it was copied');
    progress(index + 1, files.length);
  }
}

/** Marks every namespace to begin a new epoch when it is opened. */
function markNamespaces(sqlite: Sqlite, storage: string, { namespaces }: Manifest): void {
  for (const { file } of namespaces) {
    const database = new sqlite.DatabaseSync(join(storage, belowStorage(file)));
    try {
      markForNewEpoch(nodeSqlite(database));
    } finally {
      database.close();
    }
  }
}

/** Formats the current time as a part of a file name. */
const timeForNames = (): string => new Date().toISOString().replaceAll(/[:.]/g, '-');
