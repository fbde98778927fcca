import { LRUCache } from 'lru-cache';
import type { KvPair } from '../../codecs/consul/kv';
import { indexOf, revisionAt } from '../../codecs/consul/records';
import { consulError } from '../../codecs/consul/refusals';
import type { SessionBehavior } from '../../codecs/consul/session';
import { TXN_FAILURES } from '../../codecs/consul/txn';
import type { RouteCall } from '../../http/pipeline/route-call';
import { byteString, bytesOf, fromBase64, utf8ByteString, utf8Bytes, utf8Of } from '../../model/bytes';
import { type EntryView, keyIn, keyOf, keyProblem } from '../../model/entry';
import { hasCode, quote } from '../../model/errors';
import { readJsonText } from '../../model/json';
import { CONSUL_SESSIONS_KNOWN_MAX_COUNT, LIST_TEXT_MAX_BYTES } from '../../model/limits';
import type { PutOperation } from '../../model/transaction';
import { leaseOf, sessionId, sessionOf } from './sessions';

/** Keys of Consul are entries. Its flags are a member of theirs, and its sessions the leases that lock them. */

const lenientDecoder = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Returns a key as text. Bytes that are not UTF-8 are replaced, as Go's JSON has it. */
export const keyText = (key: string): string => utf8Of(key) ?? lenientDecoder.decode(bytesOf(key));

/** Returns an entry as Consul's clients see it. */
export function pairOf(entry: EntryView): KvPair {
  const { value = '', valueBase64, flags, lock, createdRevision, revision } = entry;
  return {
    key: keyText(keyOf(entry)),
    value: valueBase64 === undefined ? utf8Bytes(value) : fromBase64(valueBase64),
    flags: BigInt(flags ?? 0),
    lockIndex: lock?.index ?? 0,
    session: lock?.lease === undefined ? undefined : sessionId(lock.lease),
    createIndex: indexOf(createdRevision),
    modifyIndex: indexOf(revision),
  };
}

/**
 * Returns the bytes of a key or a prefix, one character a byte.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function keyBytes(text: string): string {
  const key = keyIn(text, false);
  if (key === undefined) throw consulError(400, `Invalid key name ${quote(text)}: it ${keyProblem(false)}`);
  return key;
}

/** Returns the refusal of a read whose answer would be too large. */
export const responseTooLarge = () =>
  consulError(413, `Response body too large, max size: ${LIST_TEXT_MAX_BYTES} bytes; use a longer prefix`);

/** Returns the revision that a key has at an index; one that no key has for an index of none. */
export function revisionOfIndex(index: bigint): number {
  // Compares take a missing key for one of the revision 0.
  return revisionAt(index) || Number.MAX_SAFE_INTEGER;
}

/** Returns a put of a key. The lease that holds the entry stays, and the same content again changes nothing. */
export function putOf(key: string, value: Uint8Array | string, flags: bigint): PutOperation {
  return {
    op: 'put',
    key,
    value: typeof value === 'string' ? value : byteString(value),
    ...(flags === 0n ? {} : { flags: String(flags) }),
    keepLease: true,
    unlessSame: true,
  };
}

/** Returns the bytes of a separator, one character a byte. */
export const separatorBytes = (separator: string): string => utf8ByteString(separator.toWellFormed());

/** Awaits a call about a lease; undefined if there is no such lease. @param calling Undefined without a lease to ask for. */
export async function unlessUnknown<T>(calling: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await calling;
  } catch (error) {
    if (hasCode(error, 'LEASE_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** The lease of a session, and what happens to its keys when it ends. */
export interface LockingSession {
  lease: string;
  behavior: SessionBehavior;
}

/** Sessions that lock and unlock keys. Their behaviors are kept, as a session never changes. */
export class LockingSessions {
  /** By namespace and lease. */
  readonly #behaviors = new LRUCache<string, SessionBehavior>({ max: CONSUL_SESSIONS_KNOWN_MAX_COUNT });

  /**
   * Finds a session; undefined if there is none. It may have ended since this isolate has seen it.
   *
   * @throws {RegistryError} With Consul's text for an empty id; `FORBIDDEN` for a session of another token.
   */
  async find(call: RouteCall, id: string): Promise<LockingSession | undefined> {
    if (id === '') throw consulError(500, TXN_FAILURES.missingSession());
    const lease = leaseOf(id);
    if (lease === undefined) return undefined;
    const name = `${call.namespace} ${lease}`;
    const known = this.#behaviors.get(name);
    if (known !== undefined) return { lease, behavior: known };
    const found = await unlessUnknown(call.calls.readLease(call.caller, { lease, door: 'consul' }));
    if (found === undefined) return undefined;
    // A lease of another API locks as a session without a behavior of its own.
    const behavior = sessionOf(readJsonText(found.body))?.behavior ?? 'release';
    this.#behaviors.set(name, behavior);
    return { lease, behavior };
  }
}

/** Makes a put lock its entry. With the behavior `delete`, the lease holds the entry too, which is deleted when it ends. */
export function locking(put: PutOperation, { lease, behavior }: LockingSession): PutOperation {
  const locked = { ...put, acquire: lease, door: 'consul' } as const;
  return behavior === 'release' ? locked : { ...locked, lease, keepLease: undefined };
}

/** Makes a put unlock its entry, which no lease of its session holds from then on. */
export function unlocking(put: PutOperation, { lease, behavior }: LockingSession): PutOperation {
  const unlocked = { ...put, release: lease, door: 'consul' } as const;
  return behavior === 'release' ? unlocked : { ...unlocked, keepLease: undefined };
}
