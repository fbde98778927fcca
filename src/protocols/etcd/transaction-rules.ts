import type { PutRequest, RequestOp, TxnRequest } from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString } from '../../model/bytes';
import { isWithin, type KeyInterval } from '../../model/key-interval';
import { assertCompareKeys } from './compares';
import { requestedInterval } from './key-values';
import { rangePlan } from './ranges';

/** Number of compares, and of operations of a side, that etcd accepts by default (`--max-txn-ops`). */
const OPERATIONS_MAX_COUNT = 128;

/** @throws {RegistryError} With etcd's text. */
export function assertPut({ key, value, lease, ignoreValue, ignoreLease }: PutRequest): void {
  if (key.length === 0) throw ETCD_ERRORS.emptyKey();
  if (ignoreValue && value.length > 0) throw ETCD_ERRORS.valueProvided();
  if (ignoreLease && lease !== 0n) throw ETCD_ERRORS.leaseProvided();
}

/**
 * Checks a transaction as etcd does before it carries one out (`v3rpc/key.go`, `checkTxnRequest` and `checkIntervals`).
 *
 * @throws {RegistryError} With etcd's text.
 */
export function assertTxn(txn: TxnRequest, room = OPERATIONS_MAX_COUNT): void {
  const { compare, success, failure } = txn;
  const count = Math.max(compare.length, success.length, failure.length);
  if (count > room) throw ETCD_ERRORS.tooManyOperations();
  assertCompareKeys(compare);
  for (const operation of [...success, ...failure]) assertOperation(operation, room - count);
  if (room < OPERATIONS_MAX_COUNT) return;
  changesOf(success);
  changesOf(failure);
}

function assertOperation({ request }: RequestOp, room: number): void {
  switch (request.case) {
    case 'requestRange':
      rangePlan(request.value);
      return;
    case 'requestPut':
      assertPut(request.value);
      return;
    case 'requestDeleteRange':
      requestedInterval(request.value.key, request.value.rangeEnd);
      return;
    case 'requestTxn':
      assertTxn(request.value, room);
      return;
    default:
      throw ETCD_ERRORS.keyNotFound();
  }
}

/** Keys that operations put, and intervals that they delete. */
interface Changes {
  puts: Set<string>;
  deletes: KeyInterval[];
}

/**
 * Returns what operations change, with those of nested transactions. The two sides of a nested transaction don't conflict
 * with each other.
 *
 * @throws {RegistryError} With etcd's text if a key would be changed twice.
 */
function changesOf(operations: readonly RequestOp[]): Changes {
  const all: Changes = { puts: new Set(), deletes: [] };
  for (const { request } of operations) {
    if (request.case === 'requestDeleteRange') {
      all.deletes.push(requestedInterval(request.value.key, request.value.rangeEnd));
    }
  }
  for (const { request } of operations) {
    if (request.case !== 'requestTxn') continue;
    const sides = [changesOf(request.value.success), changesOf(request.value.failure)];
    for (const { puts, deletes } of sides) {
      for (const key of puts) assertFree(all, key);
      if (deletes.some((interval) => hasAny(all.puts, interval))) throw ETCD_ERRORS.duplicateKey();
    }
    for (const { puts, deletes } of sides) {
      for (const key of puts) all.puts.add(key);
      all.deletes.push(...deletes);
    }
  }
  for (const { request } of operations) {
    if (request.case !== 'requestPut') continue;
    const key = byteString(request.value.key);
    assertFree(all, key);
    all.puts.add(key);
  }
  return all;
}

function assertFree({ puts, deletes }: Changes, key: string): void {
  if (puts.has(key) || deletes.some((interval) => isWithin(key, interval))) throw ETCD_ERRORS.duplicateKey();
}

function hasAny(keys: ReadonlySet<string>, interval: KeyInterval): boolean {
  for (const key of keys) if (isWithin(key, interval)) return true;
  return false;
}
