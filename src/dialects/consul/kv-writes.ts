import type { KvWriteOptions } from '../../codecs/consul/parameters';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import type { RouteCall } from '../../http/pipeline/route-call';
import { hasCode, type RegistryErrorCode } from '../../model/errors';
import { readJsonText } from '../../model/json';
import { intervalOf, intervalOfPrefix } from '../../model/key-interval';
import { ENTRY_VALUE_MAX_BYTES } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import type { Compare, PutOperation, Transaction } from '../../model/transaction';
import type { TransactionReport } from '../../model/transaction-report';
import { bytesWithin } from './bodies';
import { type LockingSessions, locking, putOf, revisionOfIndex, unlocking } from './kv-entries';

/** Carries out a transaction whose side `do` is chosen by some compares. */
async function run(
  namespace: NamespaceApi,
  call: RouteCall,
  { if: compares = [], ...sides }: Partial<Transaction>,
): Promise<TransactionReport> {
  const { body } = await namespace.transaction(call.caller, { if: compares, do: [], else: [], ...sides });
  return readJsonText(body);
}

/** Carries out one put. Returns false if it is refused with one of the codes. */
async function unlessRefused(
  namespace: NamespaceApi,
  call: RouteCall,
  put: PutOperation,
  ...codes: RegistryErrorCode[]
): Promise<boolean> {
  try {
    await namespace.transaction(call.caller, { if: [], do: [put], else: [] });
    return true;
  } catch (error) {
    if (codes.some((code) => hasCode(error, code))) return false;
    throw error;
  }
}

/** Returns the condition that a key was last changed at an index. */
const isUnchanged = (key: string, index: bigint): Compare => ({
  property: 'revision',
  is: '=',
  operand: revisionOfIndex(index),
  interval: intervalOf(key),
});

/** Returns the condition of a put with an index; 0: that there is no such key. */
const isAtIndex = (key: string, index: bigint): Compare =>
  index === 0n ? { property: 'exists', operand: false, interval: intervalOf(key) } : isUnchanged(key, index);

/** Puts a key from the body of a request. Returns false if its condition does not hold, or the lock is not free. */
export async function putKey(
  namespace: NamespaceApi,
  key: string,
  { flags, cas, acquire, release }: KvWriteOptions,
  sessions: LockingSessions,
  call: RouteCall,
): Promise<boolean> {
  const put = putOf(key, await bytesWithin(call.request, ENTRY_VALUE_MAX_BYTES, REFUSALS.valueTooLarge), flags);
  if (acquire !== undefined) return lock(namespace, put, acquire, sessions, call);
  if (release !== undefined) {
    const session = await sessions.find(call, release);
    if (session === undefined) return false;
    return unlessRefused(namespace, call, unlocking(put, session), 'LOCK_HELD', 'CONFLICT', 'LEASE_NOT_FOUND');
  }
  if (cas !== undefined) {
    const { succeeded } = await run(namespace, call, { if: [isAtIndex(key, cas)], do: [put] });
    return succeeded;
  }
  // The lease that holds the entry may be at its end. The new value then has none.
  if (await unlessRefused(namespace, call, put, 'LEASE_NOT_FOUND')) return true;
  await run(namespace, call, { do: [{ ...put, keepLease: undefined }] });
  return true;
}

/** Locks a key. @throws {RegistryError} With Consul's text if the session does not exist. */
async function lock(
  namespace: NamespaceApi,
  put: PutOperation,
  id: string,
  sessions: LockingSessions,
  call: RouteCall,
): Promise<boolean> {
  const session = await sessions.find(call, id);
  if (session === undefined) throw REFUSALS.invalidSession(id);
  try {
    return await unlessRefused(namespace, call, locking(put, session), 'LOCK_HELD');
  } catch (error) {
    if (hasCode(error, 'LEASE_NOT_FOUND')) throw REFUSALS.invalidSession(id);
    throw error;
  }
}

/** Deletes a key, if it exists. */
export async function deleteKey(namespace: NamespaceApi, key: string, call: RouteCall): Promise<boolean> {
  await namespace.deleteEntry(call.caller, { key, precondition: {} });
  return true;
}

/** Deletes a key that has not changed since an index. Returns false if it has. One that does not exist counts as deleted. */
export async function deleteUnchanged(
  namespace: NamespaceApi,
  key: string,
  cas: bigint,
  call: RouteCall,
): Promise<boolean> {
  const interval = intervalOf(key);
  const { succeeded, results } = await run(namespace, call, {
    if: [isUnchanged(key, cas)],
    do: [{ op: 'delete', interval }],
    else: [{ op: 'range', interval, countOnly: true }],
  });
  const [rest] = results;
  return succeeded || (rest?.op === 'range' && rest.count === 0);
}

/**
 * Deletes the keys with a prefix: all keys if it is empty.
 *
 * @throws {RegistryError} With the status 413 if they are too many for one transaction. None is deleted then.
 */
export async function deleteTree(namespace: NamespaceApi, prefix: string, call: RouteCall): Promise<boolean> {
  try {
    await run(namespace, call, { do: [{ op: 'delete', interval: intervalOfPrefix(prefix) }] });
    return true;
  } catch (error) {
    // A rate that is exceeded has a time after which the call may be repeated.
    if (!hasCode(error, 'LIMIT_EXCEEDED') || error.details.retryAfterSeconds !== undefined) throw error;
    throw consulError(413, 'Too many keys to delete at once; delete those of longer prefixes');
  }
}
