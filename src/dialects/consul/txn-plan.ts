import { indexOf } from '../../codecs/consul/records';
import { type KvOperation, type KvVerb, TXN_FAILURES, type TxnFailure, type TxnResult } from '../../codecs/consul/txn';
import type { EntryView } from '../../model/entry';
import { intervalOf, intervalOfPrefix, isWithin, type KeyInterval } from '../../model/key-interval';
import type { Compare, TransactionOperation } from '../../model/transaction';
import type { TransactionResult } from '../../model/transaction-report';
import {
  type LockingSession,
  locking,
  pairOf,
  putOf,
  responseTooLarge,
  revisionOfIndex,
  unlocking,
} from './kv-entries';
import { leaseOf, sessionId } from './sessions';

/**
 * Plans transactions. The door looks at the keys that decide the outcome, follows the operations on what it sees, and has
 * them carried out if those keys are still as they were: so each failure has Consul's text, and nothing is changed then.
 */

/** An operation on keys, with the bytes of its key, one character a byte. */
export interface KeyedOperation extends Omit<KvOperation, 'key'> {
  key: string;
  /** The key as text. */
  name: string;
}

/** An operation of a transaction. One that its client misspelled fails with a text. */
export type PlannedOperation = KeyedOperation | { kind: 'none'; problem: string };

/** Operations whose outcome does not depend on the present state of their keys. */
const INDEPENDENT: ReadonlySet<KvVerb> = new Set(['set', 'get-or-empty', 'get-tree', 'delete', 'delete-tree']);

/** Returns the keys that an operation is about. */
export function keysOf({ verb, key }: Pick<KeyedOperation, 'verb' | 'key'>): KeyInterval {
  return verb.endsWith('-tree') ? intervalOfPrefix(key) : intervalOf(key);
}

/** Returns the keys on whose present state the outcome depends, each once. */
export function decisiveKeys(operations: readonly PlannedOperation[]): string[] {
  const keys = operations.flatMap((each) => (each.kind === 'kv' && !INDEPENDENT.has(each.verb) ? each.key : []));
  return [...new Set(keys)];
}

/** The state that a transaction was planned on. */
export interface SeenState {
  /** Entries by key, one character a byte. */
  entries: ReadonlyMap<string, EntryView>;
  /** Revision of the namespace. */
  revision: number;
  /** Sessions by the text that names them, of those that exist. */
  sessions: ReadonlyMap<string, LockingSession>;
}

/** A key while the operations of a transaction are followed. */
interface KeyState {
  exists: boolean;
  /** Undefined: the transaction itself changes the key. */
  revision?: number | undefined;
  /** Session that has locked it; empty: none. */
  session: string;
}

const ABSENT: KeyState = { exists: false, session: '' };

function stateOf(entry: EntryView | undefined): KeyState {
  if (entry === undefined) return ABSENT;
  const { revision, lock } = entry;
  return { exists: true, revision, session: lock?.lease === undefined ? '' : sessionId(lock.lease) };
}

/** Follows operations, each on the state that those before it leave, and returns the failures. One that fails changes nothing. */
export function failuresOf(operations: readonly PlannedOperation[], seen: SeenState): TxnFailure[] {
  const states = new Map(decisiveKeys(operations).map((key) => [key, stateOf(seen.entries.get(key))]));
  const failures: TxnFailure[] = [];
  for (const [index, operation] of operations.entries()) {
    if (operation.kind === 'none') failures.push({ index, what: operation.problem });
    else if (operation.verb === 'delete-tree') {
      const keys = keysOf(operation);
      for (const key of states.keys()) if (isWithin(key, keys)) states.set(key, ABSENT);
    } else {
      const after = follow(operation, states.get(operation.key) ?? ABSENT, seen);
      if (typeof after === 'string') failures.push({ index, what: after });
      else states.set(operation.key, after);
    }
  }
  return failures;
}

/** Returns the state of a key after an operation, or the text of its failure. */
function follow(operation: KeyedOperation, state: KeyState, seen: SeenState): KeyState | string {
  const { verb, name, index } = operation;
  const { exists } = state;
  const isUnchanged = exists && state.revision === revisionOfIndex(index);
  const put: KeyState = { exists: true, session: state.session };
  switch (verb) {
    case 'set':
      return put;
    case 'cas':
      return (index === 0n ? !exists : isUnchanged) ? put : TXN_FAILURES.staleSet(name);
    case 'lock':
    case 'unlock':
      return afterLocking(operation, state, seen);
    case 'get':
      return exists ? state : TXN_FAILURES.absent(name);
    case 'check-index': {
      if (!exists) return TXN_FAILURES.absentForIndex(name);
      // The transaction makes the next revision.
      const present = indexOf(state.revision ?? seen.revision + 1);
      return isUnchanged ? state : TXN_FAILURES.otherIndex(name, BigInt(present), index);
    }
    case 'check-session': {
      if (!exists) return TXN_FAILURES.absentForSession(name);
      const expected = canonical(operation.session);
      return state.session === expected ? state : TXN_FAILURES.otherSession(name, state.session, expected);
    }
    case 'check-not-exists':
      return exists ? TXN_FAILURES.present(name) : state;
    case 'delete':
      return ABSENT;
    case 'delete-cas':
      return !exists || isUnchanged ? ABSENT : TXN_FAILURES.staleDelete(name);
    default:
      return state;
  }
}

function afterLocking({ verb, name, session }: KeyedOperation, state: KeyState, seen: SeenState): KeyState | string {
  if (session === '') return TXN_FAILURES.missingSession();
  const own = canonical(session);
  if (verb === 'unlock') {
    return state.exists && state.session === own ? { exists: true, session: '' } : TXN_FAILURES.unlocked(name);
  }
  if (!seen.sessions.has(session)) return TXN_FAILURES.invalidSession(session);
  return state.session === '' || state.session === own ? { exists: true, session: own } : TXN_FAILURES.locked(name);
}

/** Returns the id of a session in the spelling of this door. */
function canonical(session: string): string {
  const lease = leaseOf(session);
  return lease === undefined ? session : sessionId(lease);
}

/** Returns compares that hold as long as the keys are as they were. */
export function comparesOf(keys: readonly string[], { entries }: SeenState): Compare[] {
  return keys.map((key) => {
    const interval = intervalOf(key);
    const operand = entries.get(key)?.revision;
    return operand === undefined
      ? { property: 'exists', operand: false, interval }
      : { property: 'revision', is: '=', operand, interval };
  });
}

/** Returns the step of each operation. */
export function stepsOf(
  operations: readonly KeyedOperation[],
  { sessions }: Pick<SeenState, 'sessions'>,
): TransactionOperation[] {
  return operations.map((operation) => stepOf(operation, sessions.get(operation.session)));
}

function stepOf(operation: KeyedOperation, session: LockingSession | undefined): TransactionOperation {
  const { verb, key, value, flags } = operation;
  const interval = keysOf(operation);
  switch (verb) {
    case 'set':
    case 'cas':
      return putOf(key, value, flags);
    case 'lock':
    case 'unlock': {
      const change = verb === 'lock' ? locking : unlocking;
      const put = putOf(key, value, flags);
      // Without a session, the operation has failed before.
      return session === undefined ? put : change(put, session);
    }
    case 'get':
    case 'get-or-empty':
    case 'get-tree':
      return { op: 'range', interval };
    case 'check-index':
    case 'check-session':
    case 'check-not-exists':
      return { op: 'range', interval, keysOnly: true };
    default:
      return { op: 'delete', interval };
  }
}

/** Returns the results that clients see: of reads with values, which the other steps omit; of deletions none. */
export function resultsOf(operations: readonly KeyedOperation[], results: readonly TransactionResult[]): TxnResult[] {
  return operations.flatMap((operation, at) => {
    const result = results[at];
    return result === undefined ? [] : shown(operation, result);
  });
}

function shown({ verb, name }: KeyedOperation, result: TransactionResult): TxnResult[] {
  if (result.op === 'put') return [{ kind: 'kv', pair: pairOf(result.entry), withValue: false }];
  if (result.op !== 'range') return [];
  if (result.more) throw responseTooLarge();
  const pairs = result.entries.map(pairOf);
  if (verb === 'get-or-empty' && pairs.length === 0) {
    const nothing = { value: new Uint8Array(), flags: 0n, lockIndex: 0, createIndex: 0, modifyIndex: 0 };
    pairs.push({ key: name, ...nothing });
  }
  return pairs.map((pair) => ({ kind: 'kv', pair, withValue: true }));
}
