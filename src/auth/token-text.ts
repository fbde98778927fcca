/** How many letters and digits the id of a token has: 71 bits. */
export const TOKEN_ID_LENGTH = 12;

/** How many characters the secret of a token has: 256 bits, as two random ids of 128 bits each. */
export const TOKEN_SECRET_LENGTH = 44;

/**
 * The id has letters and digits only, and both parts have one length: a text is a token in one way or in none. None of
 * these characters needs to be escaped in a header, a path, a query or the name of a subprotocol.
 */
const TOKEN = new RegExp(`^rc_([A-Za-z0-9]{${TOKEN_ID_LENGTH}})_([A-Za-z0-9_-]{${TOKEN_SECRET_LENGTH}})$`);

/** A token, read: the id is known to everybody who may see the token listed, the secret to its holder alone. */
export interface TokenParts {
  id: string;
  secret: string;
}

/** A token as it is sent: `rc_<id>_<secret>`. */
export function tokenText(id: string, secret: string): string {
  return `rc_${id}_${secret}`;
}

/** Reads what may be a token; undefined where it is not of the form of one, whether or not there is one of that id. */
export function readTokenText(text: string): TokenParts | undefined {
  const [, id, secret] = TOKEN.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** SHA-256 of a secret, base64url without padding: what is kept of it, and what is asked of the directory. */
export async function secretDigest(secret: string): Promise<string> {
  const base64 = btoa(String.fromCharCode(...(await digestOf(secret))));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const encoder = new TextEncoder();

/** SHA-256 of a secret. Digests have one length, and tell nothing of what they were made from. */
export async function digestOf(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(secret)));
}

/**
 * Compares two digests in a time that does not depend on where they differ.
 *
 * Both sides are digests, so an attacker can't choose the bytes that are compared; the loop without an early end is
 * the second lock on the same door.
 */
export function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++) difference |= (left[index] ?? 0) ^ (right[index] ?? 0);
  return difference === 0;
}
