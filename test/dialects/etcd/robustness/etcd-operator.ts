import type { ServiceError } from '@grpc/grpc-js';
import type { KeyValue } from '../../../../src/codecs/etcd/messages/kv_pb';
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  type DeleteRangeResponse,
  KV,
  Lease,
  type PutResponse,
  type RangeResponse,
} from '../../../../src/codecs/etcd/messages/rpc_pb';
import { monotonicNow } from '../../../linearizability/recorder';
import type { EtcdClient } from '../etcd-client';
import type { Answer, Operation, Request, ShownKey, Step, StepResult } from './history';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytes = (text: string): Uint8Array => encoder.encode(text);

/** Returns a key as a history has it. */
export function shownKey({ key, value, createRevision, modRevision, version, lease }: KeyValue): ShownKey {
  return {
    key: decoder.decode(key),
    value: decoder.decode(value),
    created: Number(createRevision),
    modified: Number(modRevision),
    version: Number(version),
    lease: String(lease),
  };
}

/** Codes of gRPC that leave open whether a call had an effect. */
const UNKNOWN_OUTCOMES = new Set([1, 4, 14]);

/** Codes of refusals: invalid argument, not found, failed precondition, out of range. */
const REFUSALS = new Set([3, 5, 9, 11]);

/** Code that the client gives a stream that was reset. */
const INTERNAL = 13;

/** Returns whether a call may have had an effect although it failed. */
function isUnknown({ code, details }: ServiceError): boolean {
  return UNKNOWN_OUTCOMES.has(code) || (code === INTERNAL && /RST_STREAM|cancel|reset/i.test(details));
}

/** Carries out calls, and records them before they are sent. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** Answers that a registry must never give. */
  readonly problems: string[] = [];

  /** Returns the operation, answered or not. */
  async record(client: string, etcd: EtcdClient, request: Request, deadlineMs: number): Promise<Operation> {
    const index = this.operations.length;
    const operation: Operation = {
      index,
      client,
      request,
      start: monotonicNow(),
      end: null,
      answer: null,
      refusal: null,
    };
    this.operations.push(operation);
    try {
      const answer = await perform(etcd, request, deadlineMs);
      operation.end = monotonicNow();
      operation.answer = answer;
    } catch (error) {
      const refusal = error as ServiceError; // `as`: calls throw nothing else
      const { code, details } = refusal;
      if (REFUSALS.has(code)) {
        operation.end = monotonicNow();
        operation.refusal = { code, text: details };
      } else if (!isUnknown(refusal)) this.problems.push(`call ${index} of ${client} got ${code} ${details}`);
    }
    return operation;
  }
}

async function perform(etcd: EtcdClient, request: Request, deadlineMs: number): Promise<Answer> {
  const options = { deadlineMs };
  const answer = (header: { revision: bigint } | undefined, results: StepResult[] = [], succeeded = true): Answer => ({
    revision: Number(header?.revision ?? 0n),
    succeeded,
    results,
  });
  switch (request.kind) {
    case 'grant': {
      const { header, ID, TTL } = await etcd.call(Lease.method.leaseGrant, { TTL: BigInt(request.ttl) }, options);
      return { ...answer(header), lease: { id: String(ID), ttl: Number(TTL) } };
    }
    case 'revoke':
      return answer((await etcd.call(Lease.method.leaseRevoke, { ID: BigInt(request.lease) }, options)).header);
    case 'compact':
      return answer((await etcd.call(KV.method.compact, { revision: BigInt(request.revision) }, options)).header);
    case 'range': {
      const { step, revision, serializable } = request;
      const asked = { ...rangeOf(step), revision: BigInt(revision), serializable };
      const response = await etcd.call(KV.method.range, asked, options);
      return answer(response.header, [rangeResult(response)]);
    }
    case 'txn':
      break;
  }
  const { compares, success, failure } = request;
  const [only] = success;
  if (only !== undefined && success.length === 1 && compares.length === 0) {
    if (only.op === 'put') {
      const response = await etcd.call(KV.method.put, putOf(only), options);
      return answer(response.header, [putResult(response)]);
    }
    if (only.op === 'delete') {
      const response = await etcd.call(KV.method.deleteRange, deleteOf(only), options);
      return answer(response.header, [deleteResult(response)]);
    }
  }
  const conditions = compares.map(({ key, target, operand }) => ({
    key: bytes(key),
    result: Compare_CompareResult.EQUAL,
    ...TARGETS[target](BigInt(operand)),
  }));
  const response = await etcd.call(
    KV.method.txn,
    { compare: conditions, success: success.map(requestOf), failure: failure.map(requestOf) },
    options,
  );
  const results = response.responses.map(({ response: each }): StepResult => {
    if (each.case === 'responsePut') return putResult(each.value);
    if (each.case === 'responseDeleteRange') return deleteResult(each.value);
    if (each.case === 'responseRange') return rangeResult(each.value);
    throw new Error(`a transaction was answered with ${each.case}`);
  });
  return answer(response.header, results, response.succeeded);
}

const TARGETS = {
  version: (version: bigint) => ({
    target: Compare_CompareTarget.VERSION,
    targetUnion: { case: 'version' as const, value: version },
  }),
  modified: (revision: bigint) => ({
    target: Compare_CompareTarget.MOD,
    targetUnion: { case: 'modRevision' as const, value: revision },
  }),
  created: (revision: bigint) => ({
    target: Compare_CompareTarget.CREATE,
    targetUnion: { case: 'createRevision' as const, value: revision },
  }),
};

type StepOf<Op extends Step['op']> = Extract<Step, { op: Op }>;

const putOf = ({ key, value, lease, prevKv }: StepOf<'put'>) => ({
  key: bytes(key),
  value: bytes(value),
  lease: BigInt(lease),
  prevKv,
});
const deleteOf = ({ key, end, prevKv }: StepOf<'delete'>) => ({ key: bytes(key), rangeEnd: bytes(end), prevKv });
const rangeOf = ({ key, end, limit }: StepOf<'range'>) => ({
  key: bytes(key),
  rangeEnd: bytes(end),
  limit: BigInt(limit),
});

function requestOf(step: Step) {
  if (step.op === 'put') return { request: { case: 'requestPut' as const, value: putOf(step) } };
  if (step.op === 'delete') return { request: { case: 'requestDeleteRange' as const, value: deleteOf(step) } };
  return { request: { case: 'requestRange' as const, value: rangeOf(step) } };
}

const putResult = ({ prevKv }: PutResponse): StepResult => ({ op: 'put', prev: prevKv ? shownKey(prevKv) : null });
const deleteResult = ({ deleted, prevKvs }: DeleteRangeResponse): StepResult => ({
  op: 'delete',
  deleted: Number(deleted),
  prevs: prevKvs.map(shownKey),
});
const rangeResult = ({ kvs, count, more }: RangeResponse): StepResult => ({
  op: 'range',
  keys: kvs.map(shownKey),
  count: Number(count),
  more,
});
