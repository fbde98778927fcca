import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchError, systemErrorCode } from './launch-error';
import { shellWord } from './shell-word';

/** Name of the folder of SQLite files in a data folder. */
export const STORAGE_NAME = 'storage';

/** Where a restore makes what is to take the place of the folder of SQLite files. It is there only until it is whole. */
export const RESTORING_NAME = `${STORAGE_NAME}-restoring`;

const REASONS: Record<string, string> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'it can’t be made there',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the path is too long',
};

/** Turns a system error about the data folder into one for people; anything else comes back as it was. */
export function dataFolderError(folder: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const reason = REASONS[code] ?? code;
  const advice = 'Choose another folder with --data, or make this one writable for the user that runs the registry.';
  return new LaunchError(`The data folder ${folder} can't be used: ${reason}. ${advice}`, 1, { cause: error });
}

/**
 * Makes the data folder where it is absent, for this user alone.
 *
 * @returns Its absolute path.
 * @throws {LaunchError} if it can't be made.
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
 * Refuses a folder whose restore was interrupted: where what was there before has been set aside already, a start would find
 * nothing.
 */
export function refuseInterruptedRestore(folder: string): void {
  if (!existsSync(join(folder, RESTORING_NAME))) return;
  const other = existsSync(join(folder, STORAGE_NAME))
    ? `or, to go on with what was there before, delete ${join(folder, RESTORING_NAME)}`
    : `what was there before, if anything, is kept in ${join(folder, `${STORAGE_NAME}-before-<time>`)}`;
  throw new LaunchError(`A restore into ${folder} was interrupted. Run it again; ${other}.`);
}

/** Folders of SQLite files that versions up to 0.1 kept in the storage folder, for workerd. */
const OLD_FOLDERS = ['rollcall-NamespaceObject', 'rollcall-DirectoryObject'];

/** The last version that reads such folders. */
const OLD_VERSION = '0.1.0';

/**
 * Refuses a data folder of a version that ran the registry in workerd, and says how to move what is in it.
 *
 * @throws {LaunchError} if it is one.
 */
export function refuseOldLayout(folder: string): void {
  if (!OLD_FOLDERS.some((name) => existsSync(join(folder, STORAGE_NAME, name)))) return;
  throw new LaunchError(
    `The data folder ${folder} is of Rollcall ${OLD_VERSION}, which stored in another way, and is left as it is. Start that ` +
      `version on it:\n  npx rollcall@${OLD_VERSION} serve --data ${shellWord(folder)} --port 8788\n` +
      'and this one on a new folder. Then move each namespace with two commands:\n' +
      `  rollcall export public.jsonl -n public --url http://127.0.0.1:8788\n` +
      `  rollcall import public.jsonl -n public --url http://127.0.0.1:8787 --mode merge`,
  );
}

/**
 * Makes the data folder where it is absent, with the folder of SQLite files in it.
 *
 * @returns Its absolute path.
 * @throws {LaunchError} if it can't be made, is of a version that stored otherwise, or a restore into it was interrupted.
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
