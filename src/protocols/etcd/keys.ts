import { create } from '@bufbuild/protobuf';
import {
  type CompactionRequest,
  type CompactionResponse,
  CompactionResponseSchema,
  type DeleteRangeRequest,
  type DeleteRangeResponse,
  type PutRequest,
  type PutResponse,
} from '../../codecs/etcd/messages/rpc_pb';
import { registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { hasCode } from '../../model/errors';
import type { TransactionOperation } from '../../model/transaction';
import type { TransactionReport } from '../../model/transaction-report';
import type { EtcdNamespace } from './etcd-namespace';
import { isEmptyInterval, responseHeader } from './key-values';
import { assertPut } from './transaction-rules';
import { deleteOf, deleteResponse, putOf, putOnExisting, putResponse } from './transactions';

/** Answers a put. */
export async function putKey(namespace: EtcdNamespace, request: PutRequest): Promise<PutResponse> {
  assertPut(request);
  const put = putOf(request);
  const { revision, results } = await run(namespace, request.ignoreLease ? putOnExisting(put) : put);
  const [result] = results;
  const done = result?.op === 'transaction' ? result.results[0] : result;
  return putResponse(done, responseHeader(namespace.id, revision));
}

/** Answers a delete. */
export async function deleteKeys(namespace: EtcdNamespace, request: DeleteRangeRequest): Promise<DeleteRangeResponse> {
  const deletion = deleteOf(request);
  const operations = isEmptyInterval(deletion.interval) ? [] : [deletion];
  const { revision, results } = await run(namespace, ...operations);
  return deleteResponse(results[0], responseHeader(namespace.id, revision));
}

/** Answers a compaction. */
export async function compact(namespace: EtcdNamespace, request: CompactionRequest): Promise<CompactionResponse> {
  try {
    const { revision } = await namespace.compact(Math.max(0, registryRevision(request.revision)));
    return create(CompactionResponseSchema, { header: responseHeader(namespace.id, revision) });
  } catch (error) {
    if (hasCode(error, 'COMPACTED')) throw ETCD_ERRORS.compacted();
    if (hasCode(error, 'INVALID_REQUEST')) throw ETCD_ERRORS.futureRevision();
    throw error;
  }
}

/** Carries out operations without a compare. */
function run(namespace: EtcdNamespace, ...operations: TransactionOperation[]): Promise<TransactionReport> {
  return namespace.transaction({ if: [], do: operations, else: [] });
}
