import type { Operation } from './batch';
import type { LeaseDoor, LockChange } from './granted-lease';
import type { KeyInterval } from './key-interval';

/** Relation of a property of an entry to an operand. */
export type Relation = '=' | '!=' | '<' | '>';

/**
 * Condition on the lease that holds an entry, or its lock: its id or alias, or null for none. The order of leases is that of
 * their numbers, where none is 0; only dialects ask for it.
 */
interface HolderTest {
  is: Relation;
  operand: string | null;
  /** Surface that the alias belongs to; `native` unless set. */
  door?: LeaseDoor | undefined;
}

export type HolderCompare = ({ property: 'lease' } & HolderTest) | ({ property: 'lock' } & HolderTest);

/** Condition on an entry, or on each entry of an interval. */
export type Compare = { interval: KeyInterval } & (
  | { property: 'createdRevision' | 'revision' | 'version'; is: Relation; operand: number }
  /** The operand has one character a byte. */
  | { property: 'value'; is: Relation; operand: string }
  | HolderCompare
  | { property: 'exists'; operand: boolean }
);

/** Puts an entry. */
export interface PutOperation extends LockChange {
  op: 'put';
  /** One character a byte, as `value`. */
  key: string;
  /** Absent: keep the value that the entry has. */
  value?: string | undefined;
  contentType?: string | undefined;
  /** Number that a dialect stores with the entry, decimal, up to 64 bits. Absent: 0, or as it was if the value is kept. */
  flags?: string | undefined;
  /** Granted lease that holds the entry. */
  lease?: string | undefined;
  /** True: the lease that holds the entry, if one does, continues to. */
  keepLease?: boolean | undefined;
  /** True: nothing changes if the entry has this value, these flags, this lease and this lock. Only dialects ask for it. */
  unlessSame?: boolean | undefined;
  /** Return the entry as it was before. */
  previous?: boolean | undefined;
}

/** Deletes the entries of an interval. */
export interface DeleteOperation {
  op: 'delete';
  interval: KeyInterval;
  /** Return the entries as they were before. */
  previous?: boolean | undefined;
}

/** Reads the entries of an interval, with the changes of the operations before it. */
export interface RangeOperation {
  op: 'range';
  interval: KeyInterval;
  limit?: number | undefined;
  order?: 'key' | 'createdRevision' | 'revision' | 'version' | undefined;
  descending?: boolean | undefined;
  keysOnly?: boolean | undefined;
  countOnly?: boolean | undefined;
  /** Refuse the transaction if the answer has no room for an entry that the limit allows. */
  complete?: boolean | undefined;
}

/** One step of a transaction: on entries, on an instance as in a batch, or a transaction inside it. */
export type TransactionOperation =
  | PutOperation
  | DeleteOperation
  | RangeOperation
  | Operation
  | ({ op: 'transaction' } & Transaction);

/** Compares, and the operations that are carried out if all of them hold, or else. */
export interface Transaction {
  if: Compare[];
  do: TransactionOperation[];
  else: TransactionOperation[];
}
