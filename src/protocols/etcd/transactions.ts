import { create } from '@bufbuild/protobuf';
import {
  type DeleteRangeRequest,
  DeleteRangeResponseSchema,
  type PutRequest,
  PutResponseSchema,
  type RequestOp,
  type ResponseHeader,
  ResponseHeaderSchema,
  type ResponseOp,
  ResponseOpSchema,
  type TxnRequest,
  type TxnResponse,
  TxnResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { etcdRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString } from '../../model/bytes';
import type { EntryRange } from '../../model/entry';
import { intervalOf } from '../../model/key-interval';
import type { DeleteOperation, PutOperation, Transaction, TransactionOperation } from '../../model/transaction';
import type { TransactionReport, TransactionResult } from '../../model/transaction-report';
import { transactionProblem } from '../../model/transaction-rules';
import { comparesOf } from './compares';
import type { EtcdNamespace } from './etcd-namespace';
import { isEmptyInterval, keyValueOfView, requestedInterval, responseHeader } from './key-values';
import { rangePlan, rangeResponse, rangeRevision, readEntries } from './ranges';
import { assertTxn } from './transaction-rules';

/** Returns the operation of a put. */
export function putOf({ key, value, lease, prevKv, ignoreValue, ignoreLease }: PutRequest): PutOperation {
  return {
    op: 'put',
    key: byteString(key),
    value: ignoreValue ? undefined : byteString(value),
    ...(lease === 0n ? {} : { lease: String(lease) }),
    door: 'etcd',
    keepLease: ignoreLease || undefined,
    previous: prevKv || undefined,
  };
}

/** Returns the operation of a delete. */
export function deleteOf({ key, rangeEnd, prevKv }: DeleteRangeRequest): DeleteOperation {
  return { op: 'delete', interval: requestedInterval(key, rangeEnd), previous: prevKv || undefined };
}

/**
 * Returns an operation that puts an entry only if there is one, and refuses the whole transaction otherwise, as etcd does for
 * a put that keeps the lease of a missing key.
 */
export function putOnExisting(put: PutOperation): TransactionOperation {
  const interval = intervalOf(put.key);
  return {
    op: 'transaction',
    if: [{ interval, property: 'exists', operand: true }],
    do: [put],
    // Without a value it keeps the one that is there, and is refused if there is none.
    else: [{ op: 'put', key: put.key }],
  };
}

/** Answers a transaction. */
export async function carryOutTxn(namespace: EtcdNamespace, request: TxnRequest): Promise<TxnResponse> {
  assertTxn(request);
  const pasts: Pasts = new Map();
  await readPasts(namespace, [...request.success, ...request.failure], pasts);
  const transaction = transactionOf(request);
  if (transactionProblem(transaction) !== undefined) throw ETCD_ERRORS.tooManyOperations();
  const report = await namespace.transaction(transaction);
  const before = hasChanged(report.results) ? report.revision - 1 : report.revision;
  const walk = new ResponseWalk(before, report.revision, pasts);
  const response = walk.response(request, report);
  response.header = responseHeader(namespace.id, report.revision);
  return response;
}

/**
 * Ranges of a transaction that read the past, which does not depend on the transaction. Those of both sides are read before
 * it is known which one is carried out, so one that can't be read refuses the transaction on either side.
 */
type Pasts = Map<RequestOp, EntryRange>;

async function readPasts(namespace: EtcdNamespace, operations: readonly RequestOp[], pasts: Pasts): Promise<void> {
  for (const operation of operations) {
    const { request } = operation;
    if (request.case === 'requestTxn') {
      await readPasts(namespace, [...request.value.success, ...request.value.failure], pasts);
    } else if (request.case === 'requestRange' && request.value.revision !== 0n) {
      // Outside of a transaction, a negative revision is the newest one.
      if (request.value.revision < 0n) throw ETCD_ERRORS.compacted();
      pasts.set(operation, (await readEntries(namespace, rangePlan(request.value))).body);
    }
  }
}

function transactionOf({ compare, success, failure }: TxnRequest): Transaction {
  return {
    if: compare.flatMap(comparesOf),
    do: success.map(operationOf),
    else: failure.map(operationOf),
  };
}

function operationOf({ request }: RequestOp): TransactionOperation {
  switch (request.case) {
    case 'requestPut':
      return request.value.ignoreLease ? putOnExisting(putOf(request.value)) : putOf(request.value);
    case 'requestDeleteRange': {
      const deletion = deleteOf(request.value);
      return isEmptyInterval(deletion.interval) ? NOTHING : deletion;
    }
    case 'requestRange': {
      const { interval, selection } = rangePlan(request.value);
      if (isEmptyInterval(interval) || rangeRevision(request.value) !== undefined) return NOTHING;
      // Clients of etcd take entries that are left out for missing ones, unless they have set the limit themselves.
      return { op: 'range', interval, ...selection, complete: true };
    }
    case 'requestTxn':
      return { op: 'transaction', ...transactionOf(request.value) };
    default:
      throw ETCD_ERRORS.keyNotFound();
  }
}

/** An operation that does nothing: it keeps the place of one that needs nothing of the registry. */
const NOTHING: TransactionOperation = { op: 'transaction', if: [], do: [], else: [] };

/** Reports whether results are of a transaction that has made a revision. */
function hasChanged(results: readonly TransactionResult[]): boolean {
  return results.some((result) => {
    if (result.op === 'transaction') return hasChanged(result.results);
    return result.op === 'put' || (result.op === 'delete' && result.deleted > 0);
  });
}

/** Makes the responses of a transaction's operations, in their order: each has the revision that it has seen or made. */
class ResponseWalk {
  #revision: number;
  readonly #after: number;
  readonly #pasts: Pasts;

  constructor(before: number, after: number, pasts: Pasts) {
    this.#revision = before;
    this.#after = after;
    this.#pasts = pasts;
  }

  /** Returns the response of a transaction, nested or not, with an empty header. */
  response(request: TxnRequest, report: Pick<TransactionReport, 'succeeded' | 'results'>): TxnResponse {
    const { succeeded, results } = report;
    const operations = succeeded ? request.success : request.failure;
    const responses = operations.map((operation, index) => this.#one(operation, results[index]));
    return create(TxnResponseSchema, { header: {}, succeeded, responses });
  }

  #one(operation: RequestOp, result: TransactionResult | undefined): ResponseOp {
    const { request } = operation;
    switch (request.case) {
      case 'requestPut': {
        this.#revision = this.#after;
        const put = result?.op === 'transaction' ? result.results[0] : result;
        const value = putResponse(put, this.#header());
        return create(ResponseOpSchema, { response: { case: 'responsePut', value } });
      }
      case 'requestDeleteRange': {
        if (result?.op === 'delete' && result.deleted > 0) this.#revision = this.#after;
        const value = deleteResponse(result, this.#header());
        return create(ResponseOpSchema, { response: { case: 'responseDeleteRange', value } });
      }
      case 'requestRange': {
        const range = this.#pasts.get(operation) ?? (result?.op === 'range' ? result : EMPTY);
        const value = rangeResponse(rangePlan(request.value), range, this.#header());
        return create(ResponseOpSchema, { response: { case: 'responseRange', value } });
      }
      case 'requestTxn': {
        const nested = result?.op === 'transaction' ? result : { succeeded: false, results: [] };
        const value = this.response(request.value, nested);
        return create(ResponseOpSchema, { response: { case: 'responseTxn', value } });
      }
      default:
        throw ETCD_ERRORS.keyNotFound();
    }
  }

  #header(): ResponseHeader {
    return create(ResponseHeaderSchema, { revision: etcdRevision(this.#revision) });
  }
}

const EMPTY: EntryRange = { entries: [], count: 0, more: false };

/** Returns the response of a put. */
export function putResponse(result: TransactionResult | undefined, header: ResponseHeader) {
  const previous = result?.op === 'put' ? result.previous : undefined;
  return create(PutResponseSchema, { header, ...(previous && { prevKv: keyValueOfView(previous) }) });
}

/** Returns the response of a delete. */
export function deleteResponse(result: TransactionResult | undefined, header: ResponseHeader) {
  const { deleted = 0, previous = [] } = result?.op === 'delete' ? result : {};
  return create(DeleteRangeResponseSchema, { header, deleted: BigInt(deleted), prevKvs: previous.map(keyValueOfView) });
}
