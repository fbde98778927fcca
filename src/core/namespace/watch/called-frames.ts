import type { Operation } from '../../../model/batch';
import type { ClientFrame } from '../../../model/frames';
import type { Caller, NamespaceApi } from '../../../model/namespace-api';
import type { Transaction, TransactionOperation } from '../../../model/transaction';
import { isOnInstance } from '../../../model/transaction-rules';
import type { SessionEntry } from '../records/catalog-entries';
import type { OnDecided } from '../turn/turn';

/** Calls that report when they are decided. */
type DecidedCalls = Pick<
  NamespaceApi,
  'batch' | 'transaction' | 'grantLease' | 'renewLeases' | 'readLease' | 'revokeLease' | 'listLeases' | 'compactEntries'
>;

/** The calls of a namespace that frames make. */
export type FrameCalls = Pick<NamespaceApi, 'resolve'> & {
  [Method in keyof DecidedCalls]: (
    ...args: [...Parameters<DecidedCalls[Method]>, decided: OnDecided]
  ) => ReturnType<DecidedCalls[Method]>;
};

/** A frame that is one call of the interface, whose order among the frames of its socket matters. */
export type CalledFrame = Extract<
  ClientFrame,
  {
    type:
      | 'batch'
      | 'transaction'
      | 'grant-lease'
      | 'renew-leases'
      | 'read-lease'
      | 'revoke-lease'
      | 'list-leases'
      | 'compact-entries';
  }
>;

/** The session that a socket holds. */
interface HeldSession {
  session: SessionEntry;
  /** Interval of its pings. */
  intervalMs: number;
}

/**
 * Makes the call of a frame.
 *
 * @param caller Caller of the socket, with its session, even if that has lapsed: an instance meant to be held by a session
 *   is never registered without one.
 * @param held The session, unless there is none: it holds the instances that the frame registers.
 */
export function callOf(
  api: FrameCalls,
  frame: CalledFrame,
  caller: Caller,
  held: HeldSession | undefined,
  decided: OnDecided,
): Promise<{ cursor: string; body?: string }> {
  switch (frame.type) {
    case 'batch': {
      const { operations } = frame;
      return api.batch(caller, held === undefined ? operations : operations.map((each) => heldBy(each, held)), decided);
    }
    case 'transaction': {
      const { transaction } = frame;
      return api.transaction(caller, held === undefined ? transaction : allHeldBy(transaction, held), decided);
    }
    case 'grant-lease': {
      const { ttlMs, alias, lockDelayMs, door } = frame;
      return api.grantLease(caller, { ttlMs, alias, lockDelayMs, door }, decided);
    }
    case 'renew-leases':
      return api.renewLeases(caller, frame.leases, decided);
    case 'read-lease':
      return api.readLease(caller, { lease: frame.lease, door: frame.door }, decided);
    case 'revoke-lease':
      return api.revokeLease(caller, { lease: frame.lease, door: frame.door }, decided);
    case 'list-leases': {
      const { door, after, limit } = frame;
      return api.listLeases(caller, { door, after, limit }, decided);
    }
    case 'compact-entries':
      return api.compactEntries(caller, { revision: frame.revision }, decided);
  }
}

/** Gives a registration over a session's socket the lease of the session, unless it has none, or names a granted one. */
function heldBy(operation: Operation, { session: { ttlMs }, intervalMs }: HeldSession): Operation {
  if (operation.op !== 'register' || !operation.definition.ephemeral) return operation;
  if (operation.definition.lease?.id !== undefined) return operation;
  const lease = { ttlMs, removeAfterMs: ttlMs, intervalMs };
  return { ...operation, definition: { ...operation.definition, lease } };
}

/** Does the same to all registrations of a transaction. */
function allHeldBy(transaction: Transaction, held: HeldSession): Transaction {
  const changed = (operation: TransactionOperation): TransactionOperation => {
    if (operation.op === 'transaction') return { ...operation, ...allHeldBy(operation, held) };
    return isOnInstance(operation) ? heldBy(operation, held) : operation;
  };
  return { if: transaction.if, do: transaction.do.map(changed), else: transaction.else.map(changed) };
}
