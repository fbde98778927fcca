import type { OperationResult as BatchResult } from '../wire/answers';
import type { BatchOperation } from '../wire/bodies';
import type { ClientCore } from '../wire/client-core';
import { RollcallError } from '../wire/rollcall-error';
import { type EntryCall, send } from './attempts';
import { type Entry, type EntryFacts, type EntryJson, entryOf, factsOf } from './entry';
import { type Key, type KeyRange, RANGE_MEMBERS, shown, shownRange, type Value } from './key';

/** Relation of a property to a number or a value. */
export type Relation = '=' | '!=' | '<' | '>';

/** A number that a property must equal, or a relation to a number. For a key without an entry, the property is 0. */
export type NumberTest = number | readonly [Relation, number];

/**
 * Condition on an entry, or on each entry of a range: `{ key: 'a', exists: false }`, `{ key: 'a', revision: 7 }`,
 * `{ prefix: 'jobs/', version: ['<', 3] }`. A condition is on one property: use several for more.
 */
export type Compare = KeyRange &
  (
    | { exists: boolean }
    | { revision: NumberTest }
    | { createdRevision: NumberTest }
    | { version: NumberTest }
    /** Compared by bytes. A key without an entry never matches. */
    | { value: Value | readonly [Relation, Value] }
    /** Id of a lease; null for none. */
    | { lease: string | null }
    /** Id of a lease that has locked the entry; null for none. */
    | { lock: string | null }
  );

/** Puts an entry. */
export interface PutOperation {
  op: 'put';
  key: Key;
  /** Required unless `keepValue` is true. */
  value?: Value | undefined;
  /** True: the entry, which must exist, keeps its value. */
  keepValue?: boolean | undefined;
  contentType?: string | undefined;
  /** Id of a lease: the entry is deleted when it ends. Without it, no lease holds the entry, unless `keepLease` is true. */
  lease?: string | undefined;
  /** True: keeps the lease that holds the entry, if one does. */
  keepLease?: boolean | undefined;
  /** Id of a lease that acquires the lock of the entry, as in a put by itself: `LOCK_HELD` refuses the transaction. */
  acquire?: string | undefined;
  /** Id of the lease that releases the lock. */
  release?: string | undefined;
  /** True: the result includes the entry as it was before. */
  previous?: boolean | undefined;
}

/** Deletes a key or a range. */
export type DeleteOperation = KeyRange & {
  op: 'delete';
  /** True: the result includes the deleted entries. */
  previous?: boolean | undefined;
};

/** Reads a key or a range, including the changes of the operations before it. */
export type RangeOperation = KeyRange & {
  op: 'range';
  limit?: number | undefined;
  order?: 'key' | 'createdRevision' | 'revision' | 'version' | undefined;
  descending?: boolean | undefined;
};

/** One step of a transaction: an operation on entries, one on an instance as in a batch, or a nested transaction. */
export type Operation =
  | PutOperation
  | DeleteOperation
  | RangeOperation
  | BatchOperation
  | ({ op: 'transaction' } & Transaction);

/**
 * Conditions, the operations to carry out if all of them hold (`do`), and those to carry out otherwise (`else`). All changes
 * are one revision. At most 128 conditions, 128 operations on each side, and 2 MiB.
 *
 * @example
 * ```ts
 * await entries.transaction({
 *   if: [{ key: 'orders/next', revision: next.revision }],
 *   do: [{ op: 'put', key: 'orders/next', value: '8' }, { op: 'put', key: 'orders/7', value: order }],
 *   else: [{ op: 'range', key: 'orders/next' }],
 * });
 * ```
 */
export interface Transaction {
  /** Default: none, so that `do` is always carried out. */
  if?: readonly Compare[] | undefined;
  do?: readonly Operation[] | undefined;
  else?: readonly Operation[] | undefined;
}

/** Result of an operation on an instance, as in a batch. `revision` is null if the record no longer exists. */
export interface InstanceResult extends BatchResult {
  op: 'register' | 'update' | 'deregister' | 'override';
}

/** Result of an operation. */
export type OperationResult =
  | { op: 'put'; created: boolean; entry: EntryFacts; previous: Entry | undefined }
  | { op: 'delete'; deleted: number; previous: Entry[] | undefined }
  /** `more`: some entries of the range are omitted, because of the limit or the size of the response. */
  | { op: 'range'; entries: Entry[]; count: number; more: boolean }
  | InstanceResult
  | { op: 'transaction'; succeeded: boolean; results: OperationResult[] };

/** Result of a transaction. */
export interface TransactionResult {
  /** True: the conditions held, and `do` was carried out. False: `else` was. */
  succeeded: boolean;
  /** Results of the operations that were carried out, in their order. */
  results: OperationResult[];
  /** Revision of the namespace: that of the transaction, if it changed anything. */
  revision: number;
  cursor: string;
}

/** Result of an operation as the registry returns it. */
type ResultJson =
  | { op: 'put'; outcome: string; entry: EntryJson; previous?: EntryJson }
  | { op: 'delete'; deleted: number; previous?: EntryJson[] }
  | { op: 'range'; entries: EntryJson[]; count: number; more: boolean }
  | InstanceResult
  | { op: 'transaction'; succeeded: boolean; results: ResultJson[] };

type ReportJson = Omit<TransactionResult, 'results'> & { results: ResultJson[] };

/** Sends a transaction. It is retried only if it can change nothing. */
export async function sendTransaction(
  core: ClientCore,
  transaction: Transaction,
  settings: Pick<EntryCall, 'signal' | 'timeoutMs' | 'attempts'>,
): Promise<TransactionResult> {
  const isRepeatable = !changes(transaction);
  const parts = { method: 'POST', path: '/transaction', body: inJson(transaction), isRepeatable };
  const { body } = await send(core, { ...parts, ...settings });
  const report = body as ReportJson; // `as`: what this route returns
  return { ...report, results: report.results.map(resultOf) };
}

/** Reports whether a transaction has an operation that may change something. */
function changes({ do: operations = [], else: others = [] }: Transaction): boolean {
  return [...operations, ...others].some((each) => (each.op === 'transaction' ? changes(each) : each.op !== 'range'));
}

/** Members of a transaction; `op` is that of a nested one. */
const TRANSACTION_MEMBERS: readonly string[] = ['op', 'if', 'do', 'else'];

function inJson(transaction: Transaction): object {
  // Without its conditions, for example, a transaction would always be carried out.
  const unknown = Object.keys(othersIn(transaction, TRANSACTION_MEMBERS));
  if (unknown.length > 0) throw invalid(`a transaction has if, do and else; got ${unknown.join(' and ')}`);
  const { if: compares = [], do: operations = [], else: others = [] } = transaction;
  return {
    if: compares.map(compareInJson),
    do: operations.map(operationInJson),
    else: others.map(operationInJson),
  };
}

function compareInJson(compare: Compare): object {
  const range = shownRange(compare);
  const properties = Object.keys(othersIn(compare, RANGE_MEMBERS));
  if (properties.length !== 1) throw invalid(`a condition has one property; got ${properties.join(' and ') || 'none'}`);
  if ('exists' in compare) return { ...range, property: 'exists', operand: compare.exists };
  if ('lease' in compare) return { ...range, property: 'lease', operand: compare.lease };
  if ('lock' in compare) return { ...range, property: 'lock', operand: compare.lock };
  if ('value' in compare) {
    const [is, operand] = relationOf(compare.value);
    return { ...range, property: 'value', is, ...shown('operand', operand) };
  }
  const [property, test] =
    'revision' in compare
      ? (['revision', compare.revision] as const)
      : 'version' in compare
        ? (['version', compare.version] as const)
        : (['createdRevision', compare.createdRevision] as const);
  const [is, operand] = relationOf(test);
  return { ...range, property, is, operand };
}

/** Returns a relation and its operand; a bare operand has to be equal. */
function relationOf<Operand extends number | Value>(test: Operand | readonly [Relation, Operand]) {
  return Array.isArray(test) ? (test as readonly [Relation, Operand]) : (['=', test as Operand] as const); // `as`: an operand is no array
}

function operationInJson(operation: Operation): object {
  switch (operation.op) {
    case 'put': {
      const { key, value, keepValue, keepLease, previous, ...others } = operation;
      const flags = {
        keepValue: keepValue || undefined,
        keepLease: keepLease || undefined,
        previous: previous || undefined,
      };
      return {
        ...others,
        ...shown('key', key),
        ...(value !== undefined && shown('value', value)),
        ...flags,
      };
    }
    case 'delete':
      return {
        ...othersIn(operation, RANGE_MEMBERS),
        ...shownRange(operation),
        previous: operation.previous || undefined,
      };
    case 'range': {
      const others = othersIn(operation, RANGE_MEMBERS);
      return { ...others, ...shownRange(operation), descending: operation.descending || undefined };
    }
    case 'transaction':
      return { op: operation.op, ...inJson(operation) };
    default:
      return operation;
  }
}

/**
 * Returns the members of an object that are set, without the named ones. The registry refuses members that it does not know, so
 * they are passed on: a condition or an option that was left out silently would change what is done.
 */
function othersIn(members: object, names: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(members).filter(([name, value]) => value !== undefined && !names.includes(name)),
  );
}

const invalid = (message: string): RollcallError => new RollcallError('INVALID_REQUEST', message);

function resultOf(json: ResultJson): OperationResult {
  switch (json.op) {
    case 'put': {
      const { outcome, entry, previous } = json;
      const before = previous && entryOf(previous);
      return { op: 'put', created: outcome === 'created', entry: factsOf(entry), previous: before };
    }
    case 'delete':
      return { ...json, previous: json.previous?.map(entryOf) };
    case 'range':
      return { ...json, entries: json.entries.map(entryOf) };
    case 'transaction':
      return { ...json, results: json.results.map(resultOf) };
    default:
      return json;
  }
}
