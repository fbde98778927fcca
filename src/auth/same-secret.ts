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
