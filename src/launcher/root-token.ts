import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { dataFolderError } from './data-folder';
import { LaunchError } from './launch-error';

/** Minimum length of a root token. A test keeps it equal to the registry's own limit. */
export const ROOT_TOKEN_MIN_CHARACTERS = 32;

/** Number of random bytes in a new token, which has 43 characters. */
const TOKEN_BYTES = 32;

/** A root token and its source. */
export interface RootToken {
  token: string;
  /** Absolute path of its file; null if it was given. */
  path: string | null;
  /** True if this start created it. */
  made: boolean;
}

/** Returns the token, or throws if it is too short or invalid in an `Authorization` header. No message contains the token. */
function checked(token: string, source: string, advice: string): string {
  const problem =
    token.length < ROOT_TOKEN_MIN_CHARACTERS
      ? `has ${token.length} characters; a root token has at least ${ROOT_TOKEN_MIN_CHARACTERS}`
      : /[^\x21-\x7e]/.test(token)
        ? 'contains a space or another character that is not allowed in a header'
        : undefined;
  if (problem !== undefined) throw new LaunchError(`${source} ${problem}. ${advice}`);
  return token;
}

/** Creates the file atomically, so that a crash leaves no empty token behind. */
function makeFile(path: string): void {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, 'w', 0o600);
  writeFileSync(descriptor, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, path);
}

/** Makes the file readable only by its owner if other users could read it, and prints that it did. */
function tighten(path: string, say: (line: string) => void): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  const finding = `${path} could be read by other users (mode ${mode.toString(8)}).`;
  try {
    chmodSync(path, 0o600);
    say(`${finding} Its mode is now 600; consider a new token.`);
  } catch {
    say(`${finding} This user may not change that; set its mode to 600.`);
  }
}

/**
 * Returns the root token: the given one, else the one in the data folder, else a new one that is stored there.
 *
 * @param folder The data folder. The caller must hold its lock, so that no other start creates a token meanwhile.
 * @param given Value of `ROLLCALL_ROOT_TOKEN`.
 * @param say Prints a line to the terminal. No line contains a secret.
 * @throws {LaunchError} if the token is too short or the file can't be used.
 */
export function rootToken(folder: string, given: string | undefined, say: (line: string) => void): RootToken {
  if (given !== undefined) {
    const advice = 'Give a longer random one, or unset it to have one made in the data folder.';
    return { token: checked(given, 'ROLLCALL_ROOT_TOKEN', advice), path: null, made: false };
  }
  const path = join(folder, 'root-token');
  try {
    const made = !existsSync(path);
    if (made) makeFile(path);
    else tighten(path, say);
    const advice = 'Write a longer random one into it, or delete it to have one made.';
    return { token: checked(readFileSync(path, 'utf8').trim(), path, advice), path, made };
  } catch (error) {
    throw dataFolderError(folder, error);
  }
}
