import { createHash, createHmac } from 'node:crypto';

/** Each half of an id has so many bytes. */
const HALF_BYTES = 16;

/**
 * The id that workerd gives an object of a name, and so the name of its file: half of it is a keyed digest of the name,
 * the other half proves that the first belongs to this class.
 *
 * Source: `ActorIdFactoryImpl` in workerd's `src/workerd/server/actor-id-impl.c++`; a test asks workerd itself.
 *
 * @param uniqueKey Of the object's class.
 * @returns 64 hexadecimal digits.
 */
export function objectId(uniqueKey: string, name: string): string {
  const key = createHash('sha256').update(uniqueKey).digest();
  const half = (of: string | Buffer) => createHmac('sha256', key).update(of).digest().subarray(0, HALF_BYTES);
  const digest = half(name);
  return Buffer.concat([digest, half(digest)]).toString('hex');
}
