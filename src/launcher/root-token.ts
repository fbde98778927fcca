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

/** As the registry itself has it, which answers nothing with a shorter one; a test holds the two together. */
export const ROOT_TOKEN_MIN_CHARACTERS = 32;

/** 256 random bits: 43 characters. */
const TOKEN_BYTES = 32;

/** A root token, and where it came from. */
export interface RootToken {
  token: string;
  /** Absolute path of its file; null if it was given. */
  path: string | null;
  /** True if this start made it. */
  made: boolean;
}

/** Refuses a token that is too short, or that no `Authorization` header could carry. Never shows it. */
function checked(token: string, source: string, advice: string): string {
  const problem =
    token.length < ROOT_TOKEN_MIN_CHARACTERS
      ? `has ${token.length} characters; a root token has at least ${ROOT_TOKEN_MIN_CHARACTERS}`
      : /[^\x21-\x7e]/.test(token)
        ? 'holds a space or another character that a header can’t carry'
        : undefined;
  if (problem !== undefined) throw new LaunchError(`${source} ${problem}. ${advice}`);
  return token;
}

/** Makes the file whole or not at all: a crash on the way leaves no empty token behind. */
function makeFile(path: string): void {
  const temporary = `${path}.new`;
  const descriptor = openSync(temporary, 'w', 0o600);
  writeFileSync(descriptor, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`);
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, path);
}

/** Takes the file away from all others who could read it, and says so. Another user's file stays as that user made it. */
function tighten(path: string, say: (line: string) => void): void {
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  const finding = `${path} could be read by other users (mode ${mode.toString(8)}).`;
  try {
    chmodSync(path, 0o600);
    say(`${finding} It is 600 now; consider a new token.`);
  } catch {
    say(`${finding} This user may not change that; make it 600.`);
  }
}

/**
 * The root token: the one that was given, else the one in the data folder, else a new one that is kept there.
 *
 * @param folder The data folder, whose lock the caller holds: that is why no other start can make a token meanwhile.
 * @param given Value of `ROLLCALL_ROOT_TOKEN`.
 * @param say Takes one line for the person at the terminal; no secret is in it.
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
