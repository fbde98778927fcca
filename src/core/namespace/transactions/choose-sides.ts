import type { LeaseDoor } from '../../../model/granted-lease';
import type { Compare, HolderCompare, Relation, Transaction, TransactionOperation } from '../../../model/transaction';
import { type Entry, lockHolder } from '../entries/entry';
import type { EntryStore } from '../entries/entry-store';
import type { GrantedLeases } from '../records/granted-leases';
import type { TransactionMeter } from './transaction-meter';

/** The parts of a namespace that compares are about. */
export interface ComparedState {
  readonly entries: EntryStore;
  readonly granted: GrantedLeases;
}

/** The side of a transaction that is carried out, with those of the transactions in it. */
export interface ChosenSide {
  /** True if the compares hold. */
  succeeded: boolean;
  steps: Step[];
}

/** An operation of a chosen side. */
export type Step = Exclude<TransactionOperation, { op: 'transaction' }> | ({ op: 'transaction' } & ChosenSide);

/**
 * Chooses the side of a transaction, and of each transaction on that side. All compares are about the state before the
 * transaction, as in etcd: those of a nested one don't see what precedes it.
 *
 * @throws {RegistryError} `LIMIT_EXCEEDED` if the compares are too much work.
 */
export function chooseSides(state: ComparedState, transaction: Transaction, meter: TransactionMeter): ChosenSide {
  const succeeded = transaction.if.every((compare) => holds(state, compare, meter));
  const operations = succeeded ? transaction.do : transaction.else;
  const steps = operations.map((operation): Step => {
    return operation.op === 'transaction' ? { op: 'transaction', ...chooseSides(state, operation, meter) } : operation;
  });
  return { succeeded, steps };
}

/** Returns whether a compare holds: for every entry of its interval, or for a missing one if there is none. */
function holds({ entries: store, granted }: ComparedState, compare: Compare, meter: TransactionMeter): boolean {
  const { interval } = compare;
  const count = store.countIn(interval);
  if (count === 0) return holdsWithout(compare);
  if (compare.property === 'exists') return compare.operand;
  meter.add('visited', count);
  if (compare.property === 'value') return valuesHold(store, compare, meter);
  if (compare.property === 'lease' || compare.property === 'lock')
    return leasesHold(store.within(interval), compare, granted);
  const { property, is, operand } = compare;
  for (const entry of store.within(interval)) if (!isRelated(entry[property] - operand, is)) return false;
  return true;
}

/** Compares without an entry: its numbers are 0, and it has no value that any operand is related to. */
function holdsWithout(compare: Compare): boolean {
  if (compare.property === 'exists') return !compare.operand;
  if (compare.property === 'value') return false;
  if (compare.property === 'lease' || compare.property === 'lock')
    return isRelated(compareNumbers(0n, BigInt(compare.operand ?? 0)), compare.is);
  return isRelated(0 - compare.operand, compare.is);
}

/**
 * Compares leases, which have an id and may have an alias. A lease that has ended is equal to no operand, neither its id nor
 * its alias, also while entries that it holds are still there: its client must not believe that it still has a lock.
 */
function leasesHold(
  entries: Iterable<Entry>,
  { property, is, operand, door = 'native' }: HolderCompare,
  granted: GrantedLeases,
): boolean {
  const lease = operand === null ? null : granted.find(operand, door)?.id;
  for (const entry of entries) {
    const holder = property === 'lease' ? entry.lease : lockHolder(entry);
    const isHolding =
      is === '=' || is === '!='
        ? (holder === lease) === (is === '=')
        : isRelated(compareNumbers(numberOf(holder, door, granted), BigInt(operand ?? 0)), is);
    if (!isHolding) return false;
  }
  return true;
}

/** Returns the number by which clients of a surface know a lease; 0 for none. */
function numberOf(lease: number | null, door: LeaseDoor, granted: GrantedLeases): bigint {
  const known = lease === null ? undefined : granted.get(lease);
  return BigInt((known?.door === door ? known.alias : undefined) ?? lease ?? 0);
}

const compareNumbers = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function valuesHold(
  store: EntryStore,
  { interval, is, operand }: Extract<Compare, { property: 'value' }>,
  meter: TransactionMeter,
): boolean {
  let differs = false;
  /** Yields the entries whose values have to be read: values of other lengths are not equal. */
  function* undecided(): Generator<Entry> {
    for (const entry of store.within(interval)) {
      const isDecided = entry.size !== operand.length && (is === '=' || is === '!=');
      if (isDecided && is === '=') {
        differs = true;
        return;
      }
      if (isDecided) continue;
      meter.add('compared', entry.size);
      yield entry;
    }
  }
  for (const { value } of store.whole(undecided())) if (!isRelated(compareBytes(value, operand), is)) return false;
  return !differs;
}

/** @param difference Negative, zero or positive, as a comparator returns it. */
function isRelated(difference: number, is: Relation): boolean {
  if (is === '=') return difference === 0;
  if (is === '!=') return difference !== 0;
  return is === '<' ? difference < 0 : difference > 0;
}

/** Compares bytes. @param operand One character a byte. */
function compareBytes(value: Uint8Array, operand: string): number {
  const length = Math.min(value.length, operand.length);
  for (let at = 0; at < length; at++) {
    const difference = (value[at] ?? 0) - operand.charCodeAt(at);
    if (difference !== 0) return difference;
  }
  return value.length - operand.length;
}
