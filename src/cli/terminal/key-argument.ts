import type { Key } from '../../client/kv';
import { bytesOf } from '../../model/bytes';
import { CliError, EXIT } from './failure';

/** Name and description of the option for keys that are not text. */
export const BASE64_OPTION = [
  '--base64',
  'keys and prefixes are given as base64, for those that are not text',
] as const;

/** Returns the key that an argument names, or the beginning of keys. */
export function keyOf(text: string, isBase64: boolean | undefined): Key {
  return isBase64 === true ? bytesOf(atob(standardBase64(text))) : text;
}

/**
 * Returns base64 or base64url as base64.
 *
 * @throws {CliError} If it is neither.
 */
export function standardBase64(text: string): string {
  try {
    return btoa(atob(text.replaceAll('-', '+').replaceAll('_', '/')));
  } catch {
    throw new CliError(EXIT.usage, `With --base64, keys must be base64; got ${JSON.stringify(text)}.`);
  }
}
