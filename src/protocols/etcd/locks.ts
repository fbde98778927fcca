import { create } from '@bufbuild/protobuf';
import {
  type LockRequest,
  type LockResponse,
  LockResponseSchema,
  type UnlockRequest,
  type UnlockResponse,
  UnlockResponseSchema,
} from '../../codecs/etcd/messages/v3lock_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString, bytesOf } from '../../model/bytes';
import { intervalOf } from '../../model/key-interval';
import type { EtcdNamespace } from './etcd-namespace';
import { responseHeader } from './key-values';
import { takePlace, waitForFront } from './waiting-line';

/** Time to live of a lease that a lock without one gets, in milliseconds: that of etcd's sessions. */
const SESSION_TTL_MS = 60_000;

/** Returns the lease of a request, or a new one, which is not kept alive, as in etcd. */
export async function leaseOf(namespace: EtcdNamespace, lease: bigint): Promise<bigint> {
  if (lease !== 0n) return lease;
  const { body } = await namespace.grantLease({ ttlMs: SESSION_TTL_MS });
  return BigInt(body.id);
}

/** Answers a request for a lock once it is held. A client that leaves meanwhile leaves the line. */
export async function acquireLock(
  namespace: EtcdNamespace,
  request: LockRequest,
  signal: AbortSignal,
): Promise<LockResponse> {
  const name = byteString(request.name);
  const place = await takePlace(namespace, name, { lease: await leaseOf(namespace, request.lease), value: '' });
  const revision = await waitForFront(namespace, name, place, signal);
  return create(LockResponseSchema, { header: responseHeader(namespace.id, revision), key: bytesOf(place.key) });
}

/** Answers the release of a lock. One that is not held is released already. */
export async function releaseLock(namespace: EtcdNamespace, { key }: UnlockRequest): Promise<UnlockResponse> {
  if (key.length === 0) throw ETCD_ERRORS.emptyKey();
  const { revision } = await namespace.transaction({
    if: [],
    do: [{ op: 'delete', interval: intervalOf(byteString(key)) }],
    else: [],
  });
  return create(UnlockResponseSchema, { header: responseHeader(namespace.id, revision) });
}
