import { authorize, authorizeAny } from '../../auth/authorize';
import { parseBody } from '../../codecs/consul/members';
import { consulError, REFUSALS } from '../../codecs/consul/refusals';
import {
  isWrite,
  readTxn,
  TXN_FAILURES,
  type TxnFailure,
  type TxnOperation,
  type TxnResult,
  txnText,
} from '../../codecs/consul/txn';
import type { DialectDoor } from '../../http/pipeline/dialect';
import type { RouteCall } from '../../http/pipeline/route-call';
import { type EntryView, keyOf, quoteKey } from '../../model/entry';
import { RegistryError } from '../../model/errors';
import type { Principal } from '../../model/grant';
import { readJsonText } from '../../model/json';
import { intervalOf } from '../../model/key-interval';
import {
  CONSUL_TXN_ATTEMPTS_MAX_COUNT,
  ENTRY_VALUE_MAX_BYTES,
  TRANSACTION_MAX_BYTES,
  TRANSACTION_OPERATIONS_MAX_COUNT,
} from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import type { Transaction } from '../../model/transaction';
import type { TransactionReport, TransactionResult } from '../../model/transaction-report';
import { CONSUL_HEADERS } from './answers';
import { textWithin } from './bodies';
import { keyBytes, type LockingSession, type LockingSessions } from './kv-entries';
import { consulRoute } from './routes';
import { leaseOf } from './sessions';
import {
  comparesOf,
  decisiveKeys,
  failuresOf,
  type KeyedOperation,
  keysOf,
  type PlannedOperation,
  resultsOf,
  type SeenState,
  stepsOf,
} from './txn-plan';

const LIMITS = { operations: TRANSACTION_OPERATIONS_MAX_COUNT, valueBytes: ENTRY_VALUE_MAX_BYTES };

type Outcome = { results: TxnResult[] } | { failures: TxnFailure[] };

/** A transaction of a request. */
interface TxnRequest {
  operations: PlannedOperation[];
  isRead: boolean;
}

/** Adds the route of transactions. */
export function addTxnRoutes(door: DialectDoor, sessions: LockingSessions): void {
  consulRoute(door, {
    operation: 'transaction',
    method: 'put',
    path: '/txn',
    scope: 'any',
    authorize: authorizeTxn,
    summary: 'Carries out operations on keys, all or none',
    read: async ({ request }): Promise<TxnRequest> => {
      const text = await textWithin(request, TRANSACTION_MAX_BYTES, REFUSALS.transactionTooLarge);
      const operations = readTxn(parseBody(text), LIMITS);
      return { operations: operations.map(planned), isRead: !operations.some(isWrite) };
    },
    call: (namespace, { operations, isRead }, call) => new Txn(namespace, operations, sessions, call).run(isRead),
    answer: (outcome, { isRead }) => {
      const known: Record<string, string> = isRead
        ? { 'X-Consul-LastContact': '0', 'X-Consul-KnownLeader': 'true' }
        : {};
      const headers = { ...CONSUL_HEADERS, 'Content-Type': 'application/json', ...known };
      return new Response(txnText(outcome), { status: 'failures' in outcome ? 409 : 200, headers });
    },
  });
}

/** Plans an operation. @throws {RegistryError} `INVALID_REQUEST` for one that is not about keys. */
function planned(operation: TxnOperation, index: number): PlannedOperation {
  if (operation.kind === 'none') return operation;
  if (operation.kind === 'kv') return { ...operation, key: keyBytes(operation.key), name: operation.key };
  throw consulError(400, `Transactions here change keys only: operation ${index} is about a ${operation.kind}`);
}

const isKeyed = (operation: PlannedOperation): operation is KeyedOperation => operation.kind === 'kv';

function authorizeTxn(principal: Principal, namespace: string, { operations }: TxnRequest): void {
  authorizeAny(principal, namespace);
  for (const operation of operations) {
    if (!isKeyed(operation)) continue;
    authorize(principal, isWrite(operation) ? 'register' : 'read', { namespace, keys: keysOf(operation) });
  }
}

/** A transaction while it is carried out. */
class Txn {
  readonly #namespace: NamespaceApi;
  readonly #operations: readonly PlannedOperation[];
  readonly #keyed: readonly KeyedOperation[];
  readonly #known: LockingSessions;
  readonly #call: RouteCall;

  constructor(
    namespace: NamespaceApi,
    operations: readonly PlannedOperation[],
    sessions: LockingSessions,
    call: RouteCall,
  ) {
    this.#namespace = namespace;
    this.#operations = operations;
    this.#keyed = operations.filter(isKeyed);
    this.#known = sessions;
    this.#call = call;
  }

  async run(isRead: boolean): Promise<Outcome> {
    if (isRead) return this.#read();
    const sessions = await this.#sessions();
    const keys = decisiveKeys(this.#operations);
    for (let attempt = 0; attempt < CONSUL_TXN_ATTEMPTS_MAX_COUNT; attempt++) {
      const seen = await this.#look(keys, sessions);
      const failures = failuresOf(this.#operations, seen);
      if (failures.length > 0) return { failures };
      const outcome = await this.#change(keys, seen);
      if (outcome !== undefined) return outcome;
    }
    throw consulError(500, 'the keys of the transaction change all the time; nothing was changed by it, try again');
  }

  /** Carries out operations that change nothing, at one moment. */
  async #read(): Promise<Outcome> {
    const sessions = new Map<string, LockingSession>();
    const { results, revision } = await this.#transact({ do: stepsOf(this.#keyed, { sessions }) });
    const failures = failuresOf(this.#operations, { entries: entriesIn(results), revision, sessions });
    return failures.length > 0 ? { failures } : { results: resultsOf(this.#keyed, results) };
  }

  async #look(keys: readonly string[], sessions: SeenState['sessions']): Promise<SeenState> {
    if (keys.length === 0) return { entries: new Map(), revision: 0, sessions };
    const look = keys.map((key) => ({ op: 'range', interval: intervalOf(key), keysOnly: true }) as const);
    const { results, revision } = await this.#transact({ do: look });
    return { entries: entriesIn(results), revision, sessions };
  }

  /** Carries out the operations; undefined if a key has changed since the look. */
  async #change(keys: readonly string[], seen: SeenState): Promise<Outcome | undefined> {
    try {
      const { succeeded, results } = await this.#transact({
        if: comparesOf(keys, seen),
        do: stepsOf(this.#keyed, seen),
      });
      return succeeded ? { results: resultsOf(this.#keyed, results) } : undefined;
    } catch (error) {
      const failures = error instanceof RegistryError ? this.#lockFailures(error) : [];
      if (failures.length > 0) return { failures };
      throw error;
    }
  }

  /** Returns the failures of locks that only the namespace finds: a lock delay, and a session that has just ended. */
  #lockFailures({ code, message }: RegistryError): TxnFailure[] {
    return this.#operations.flatMap((operation, index) => {
      if (!isKeyed(operation) || operation.verb !== 'lock') return [];
      const { key, name, session } = operation;
      // Errors of the namespace name the key, or the lease.
      if (code === 'LOCK_HELD' && message.includes(quoteKey(key))) return { index, what: TXN_FAILURES.lockDelay(name) };
      const lease = leaseOf(session) ?? '';
      const hasEnded = code === 'LEASE_NOT_FOUND' && message.includes(lease);
      return hasEnded ? { index, what: TXN_FAILURES.invalidSession(session) } : [];
    });
  }

  /** Finds the sessions that the operations name. */
  async #sessions(): Promise<Map<string, LockingSession>> {
    const ids = this.#keyed.flatMap(({ verb, session }) => (verb === 'lock' || verb === 'unlock' ? session : []));
    const found = new Map<string, LockingSession>();
    for (const id of new Set(ids)) {
      const session = id === '' ? undefined : await this.#known.find(this.#call, id);
      if (session !== undefined) found.set(id, session);
    }
    return found;
  }

  async #transact({ if: compares = [], do: steps = [] }: Partial<Transaction>): Promise<TransactionReport> {
    const { body } = await this.#namespace.transaction(this.#call.caller, { if: compares, do: steps, else: [] });
    return readJsonText(body);
  }
}

function entriesIn(results: readonly TransactionResult[]): Map<string, EntryView> {
  const entries = results.flatMap((result) => (result.op === 'range' ? result.entries : []));
  return new Map(entries.map((entry) => [keyOf(entry), entry]));
}
