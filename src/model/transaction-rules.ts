import type { Operation } from './batch';
import { assertEntrySizes, quoteKey } from './entry';
import { RegistryError } from './errors';
import { isRecord } from './json';
import { intervalOf, isWithin, type KeyInterval } from './key-interval';
import { TRANSACTION_MAX_BYTES, TRANSACTION_OPERATIONS_MAX_COUNT } from './limits';
import type { Compare, Transaction, TransactionOperation } from './transaction';

/** Lists of a transaction that count towards its limits. */
const SIDES = ['do', 'else'] as const;

/**
 * Returns a message that says why a transaction is too large; undefined if it is not. Each nested transaction counts as an
 * operation, and both of its sides count.
 *
 * @param transaction Parsed or not. It may be nested as deeply as its sender liked, so this does not recurse.
 */
export function transactionProblem(transaction: unknown): string | undefined {
  if (!isRecord(transaction)) return undefined;
  let compares = listIn(transaction, 'if').length;
  for (const side of SIDES) {
    const open = [...listIn(transaction, side)];
    let count = open.length;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (count > TRANSACTION_OPERATIONS_MAX_COUNT) return tooMany(`operations in "${side}"`);
      if (!isRecord(next)) continue;
      compares += listIn(next, 'if').length;
      for (const inner of SIDES) {
        const list = listIn(next, inner);
        count += list.length;
        if (count <= TRANSACTION_OPERATIONS_MAX_COUNT) open.push(...list);
      }
    }
    if (count > TRANSACTION_OPERATIONS_MAX_COUNT) return tooMany(`operations in "${side}"`);
  }
  return compares > TRANSACTION_OPERATIONS_MAX_COUNT ? tooMany('compares in "if"') : undefined;
}

function listIn(value: Record<string, unknown>, name: string): readonly unknown[] {
  const list = Object.hasOwn(value, name) ? value[name] : undefined;
  return Array.isArray(list) ? list : [];
}

const tooMany = (what: string): string =>
  `has more than ${TRANSACTION_OPERATIONS_MAX_COUNT} ${what}, with those of nested transactions; use several transactions`;

/**
 * Checks a transaction before it is carried out: its limits, the sizes of its entries, and that no key is put twice, or put
 * and deleted, on one side. Both sides are checked, whichever is carried out.
 *
 * @throws {RegistryError} `INVALID_REQUEST`, `PAYLOAD_TOO_LARGE`.
 */
export function assertTransaction(transaction: Transaction): void {
  const problem = transactionProblem(transaction);
  if (problem !== undefined) throw new RegistryError('INVALID_REQUEST', `the transaction ${problem}`);
  const bytes = bytesIn(transaction);
  if (bytes > TRANSACTION_MAX_BYTES) {
    const message = `the keys and values of the transaction have ${bytes} bytes; it may have at most ${TRANSACTION_MAX_BYTES}`;
    throw new RegistryError('PAYLOAD_TOO_LARGE', message);
  }
  for (const side of SIDES) changesOf(transaction[side]);
}

function bytesIn(transaction: Transaction): number {
  let bytes = 0;
  for (const compare of transaction.if) bytes += sizeOf(compare.interval) + operandSize(compare);
  for (const operation of SIDES.flatMap((side) => transaction[side])) {
    if (operation.op === 'transaction') bytes += bytesIn(operation);
    else if (operation.op === 'put') bytes += operation.key.length + (operation.value?.length ?? 0);
    else if ('interval' in operation) bytes += sizeOf(operation.interval);
  }
  return bytes;
}

const sizeOf = ({ from, to = '' }: KeyInterval): number => from.length + to.length;

const operandSize = (compare: Compare): number => (compare.property === 'value' ? compare.operand.length : 0);

/** Keys that operations may change. */
interface Changes {
  puts: Set<string>;
  deletes: KeyInterval[];
}

/** Returns the keys that one side changes. @throws {RegistryError} `INVALID_REQUEST` if two operations change the same. */
function changesOf(operations: readonly TransactionOperation[]): Changes {
  const all: Changes = { puts: new Set(), deletes: [] };
  for (const operation of operations) {
    const { puts, deletes } = changesBy(operation);
    for (const key of puts) {
      if (all.puts.has(key)) throw duplicate(key, 'put twice');
      if (all.deletes.some((interval) => isWithin(key, interval))) throw duplicate(key, 'deleted and put');
    }
    for (const key of all.puts) {
      if (deletes.some((interval) => isWithin(key, interval))) throw duplicate(key, 'put and deleted');
    }
    for (const key of puts) all.puts.add(key);
    all.deletes.push(...deletes);
  }
  return all;
}

/** Returns the keys that an operation may change. Only one side of a nested transaction is carried out. */
function changesBy(operation: TransactionOperation): Changes {
  if (operation.op === 'put') {
    assertEntrySizes(operation.key, operation.value ?? '');
    return { puts: new Set([operation.key]), deletes: [] };
  }
  if (operation.op === 'delete') return { puts: new Set(), deletes: [operation.interval] };
  if (operation.op !== 'transaction') return { puts: new Set(), deletes: [] };
  const [one, other] = [changesOf(operation.do), changesOf(operation.else)];
  return { puts: new Set([...one.puts, ...other.puts]), deletes: [...one.deletes, ...other.deletes] };
}

function duplicate(key: string, how: string): RegistryError {
  const message = `the key ${quoteKey(key)} is ${how} on one side of the transaction; a revision changes a key once`;
  return new RegistryError('INVALID_REQUEST', message);
}

/** Operations on entries, and transactions of them. */
const ON_ENTRIES: ReadonlySet<TransactionOperation['op']> = new Set(['put', 'delete', 'range', 'transaction']);

/** Returns the operations on instances of a transaction, on both of its sides. */
export function instanceOperations(transaction: Transaction): Operation[] {
  return SIDES.flatMap((side) => transaction[side]).flatMap((operation) => {
    if (operation.op === 'transaction') return instanceOperations(operation);
    return isOnInstance(operation) ? operation : [];
  });
}

/** Reports whether an operation is on an instance. */
export function isOnInstance(operation: TransactionOperation): operation is Operation {
  return !ON_ENTRIES.has(operation.op);
}

/** One use of keys by a transaction. */
export interface KeyUse {
  keys: KeyInterval;
  /** True for a change, false for a read or a compare. */
  isChange: boolean;
}

/** Yields the keys that a transaction reads, compares or changes, on both of its sides. */
export function* keyUses(transaction: Transaction): Generator<KeyUse> {
  for (const { interval } of transaction.if) yield { keys: interval, isChange: false };
  for (const operation of SIDES.flatMap((side) => transaction[side])) {
    if (operation.op === 'transaction') yield* keyUses(operation);
    else if (operation.op === 'range') yield { keys: operation.interval, isChange: false };
    else if (operation.op === 'put' || operation.op === 'delete') {
      const keys = operation.op === 'put' ? intervalOf(operation.key) : operation.interval;
      yield { keys, isChange: true };
      if (operation.previous) yield { keys, isChange: false };
    }
  }
}
