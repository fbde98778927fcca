import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchError, systemErrorCode } from './launch-error';
import { shellWord } from './shell-word';

/** Name of the folder with the SQLite files, in a data folder. */
export const STORAGE_NAME = 'storage';

/** Name of the folder that a restore fills before it replaces the storage folder. It exists only during a restore. */
export const RESTORING_NAME = `${STORAGE_NAME}-restoring`;

const REASONS: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: "it can't be created there",
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the path is too long',
};

/** Returns a readable error for a system error about the data folder; any other error is returned unchanged. */
export function dataFolderError(folder: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const reason = REASONS[code] ?? code;
  const advice = 'Choose another folder with --data, or make this one writable for the user that runs the registry.';
  return new LaunchError(`The data folder ${folder} can't be used: ${reason}. ${advice}`, 1, { cause: error });
}

/**
 * Creates the data folder, readable only by this user, if it is missing.
 *
 * @returns Its absolute path.
 * @throws {LaunchError} if it can't be created.
 */
export function makeDataFolder(path: string): string {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw dataFolderError(folder, error);
  }
  return folder;
}

/**
 * Refuses a folder whose restore was interrupted, because a start could find it empty: the earlier data may already have been
 * set aside.
 *
 * @throws {LaunchError} if a restore was interrupted.
 */
export function refuseInterruptedRestore(folder: string): void {
  if (!existsSync(join(folder, RESTORING_NAME))) return;
  const other = existsSync(join(folder, STORAGE_NAME))
    ? `or, to keep the data from before the restore, delete ${join(folder, RESTORING_NAME)}`
    : `data from before the restore, if any, is in ${join(folder, `${STORAGE_NAME}-before-<time>`)}`;
  throw new LaunchError(`A restore into ${folder} was interrupted. Run it again; ${other}.`);
}

/** Names of the folders with SQLite files that workerd kept in the storage folder, up to version 0.1. */
const OLD_FOLDERS = ['rollcall-NamespaceObject', 'rollcall-DirectoryObject'];

/** Last version that reads such folders. */
const OLD_VERSION = '0.1.0';

/**
 * Refuses a data folder that a version on workerd has written.
 *
 * @throws {LaunchError} if it is one, with the commands that move its data.
 */
export function refuseOldLayout(folder: string): void {
  if (!OLD_FOLDERS.some((name) => existsSync(join(folder, STORAGE_NAME, name)))) return;
  throw new LaunchError(
    `The data folder ${folder} was written by Rollcall ${OLD_VERSION}, in a format that this version does not read. It was ` +
      `not changed. Start that version on it:\n  npx rollcall@${OLD_VERSION} serve --data ${shellWord(folder)} --port 8788\n` +
      'and this version on a new folder. Then move each namespace with two commands:\n' +
      `  rollcall export public.jsonl -n public --url http://127.0.0.1:8788\n` +
      `  rollcall import public.jsonl -n public --url http://127.0.0.1:8787 --merge`,
  );
}

/**
 * Creates the data folder and the storage folder in it if they are missing.
 *
 * @returns Absolute path of the data folder.
 * @throws {LaunchError} if it can't be created, was written by a version on workerd, or has an interrupted restore.
 */
export function prepareDataFolder(path: string): string {
  const folder = makeDataFolder(path);
  refuseInterruptedRestore(folder);
  refuseOldLayout(folder);
  try {
    mkdirSync(join(folder, STORAGE_NAME), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw dataFolderError(folder, error);
  }
  return folder;
}
