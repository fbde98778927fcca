import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchError, systemErrorCode } from './launch-error';

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
 * @throws {LaunchError} if it can't be written to.
 */
export function makeDataFolder(path: string): string {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw dataFolderError(folder, error);
  }
  return folder;
}

/** Where what was there before has been set aside already, a start without the restore would find nothing. */
function interruptedRestore(folder: string): LaunchError {
  const other = existsSync(join(folder, STORAGE_NAME))
    ? `or, to go on with what was there before, delete ${join(folder, RESTORING_NAME)}`
    : `what was there before, if anything, is kept in ${join(folder, `${STORAGE_NAME}-before-<time>`)}`;
  return new LaunchError(`A restore into ${folder} was interrupted. Run it again; ${other}.`);
}

/**
 * Makes the data folder where it is absent, with the folder of SQLite files in it.
 *
 * @returns Its absolute path.
 * @throws {LaunchError} if it can't be written to, or a restore into it was interrupted.
 */
export function prepareDataFolder(path: string): string {
  const folder = makeDataFolder(path);
  if (existsSync(join(folder, RESTORING_NAME))) throw interruptedRestore(folder);
  try {
    mkdirSync(join(folder, STORAGE_NAME), { recursive: true, mode: 0o700 });
    accessSync(join(folder, STORAGE_NAME), constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw dataFolderError(folder, error);
  }
  return folder;
}
