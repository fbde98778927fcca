/** Number of letters and digits in the id of a token: 71 bits. */
export const TOKEN_ID_LENGTH = 12;

/** Number of characters in the secret of a token: 256 bits, as two random ids of 128 bits each. */
export const TOKEN_SECRET_LENGTH = 44;

/**
 * Matches a token. The id has only letters and digits, and both parts have a fixed length, so that parsing is unambiguous.
 * None of the characters needs an escape in a header, a path, a query or the name of a subprotocol.
 */
const TOKEN = new RegExp(`^rc_([A-Za-z0-9]{${TOKEN_ID_LENGTH}})_([A-Za-z0-9_-]{${TOKEN_SECRET_LENGTH}})$`);

/** Parts of a token. Everyone who may list the token sees its id; only its holder knows the secret. */
export interface TokenParts {
  id: string;
  secret: string;
}

/** Formats a token as clients send it: `rc_<id>_<secret>`. */
export function tokenText(id: string, secret: string): string {
  return `rc_${id}_${secret}`;
}

/** Parses the text of a token; undefined if it does not have the form of one. Does not check that the token exists. */
export function readTokenText(text: string): TokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** Returns the SHA-256 of a secret in base64url without padding. The directory stores and compares this digest. */
export async function secretDigest(secret: string): Promise<string> {
  const base64 = btoa(String.fromCharCode(...(await digestOf(secret))));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const encoder = new TextEncoder();

/** Returns the SHA-256 of a secret. Digests have a fixed length and reveal nothing about the secret. */
export async function digestOf(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(secret)));
}

/**
 * Compares two digests in a time that does not depend on where they differ.
 *
 * Both sides are digests, so an attacker can't choose the bytes that are compared; the loop without an early exit is a
 * second line of defence.
 */
export function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
