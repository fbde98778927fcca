import { create } from '@bufbuild/protobuf';
import {
  type LeaseGrantRequest,
  type LeaseGrantResponse,
  LeaseGrantResponseSchema,
  type LeaseKeepAliveRequest,
  type LeaseKeepAliveResponse,
  LeaseKeepAliveResponseSchema,
  type LeaseLeasesResponse,
  LeaseLeasesResponseSchema,
  type LeaseRevokeRequest,
  type LeaseRevokeResponse,
  LeaseRevokeResponseSchema,
  type LeaseTimeToLiveRequest,
  type LeaseTimeToLiveResponse,
  LeaseTimeToLiveResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { bytesOf } from '../../model/bytes';
import { keyOf } from '../../model/entry';
import { hasCode } from '../../model/errors';
import type { GrantedLeaseView } from '../../model/granted-lease';
import { ETCD_LEASE_TTL_MIN_MS, GRANTED_LEASE_TTL_MAX_MS } from '../../model/limits';
import type { EtcdNamespace } from './etcd-namespace';
import { responseHeader } from './key-values';

const SECOND_MS = 1_000;

/** Shortest and longest time to live that is granted, in seconds. */
const TTL_MIN_SECONDS = BigInt(ETCD_LEASE_TTL_MIN_MS / SECOND_MS);
const TTL_MAX_SECONDS = BigInt(GRANTED_LEASE_TTL_MAX_MS / SECOND_MS);

/** Name of a lease: the number that its client chose, or the registry's. */
const nameOf = (id: bigint): string => String(id);

/** Returns the number by which clients know a lease. */
const numberOf = ({ alias, id }: GrantedLeaseView): bigint => BigInt(alias ?? id);

/** Answers a grant. A time below etcd's minimum becomes that, which the response says. */
export async function grantLease(namespace: EtcdNamespace, request: LeaseGrantRequest): Promise<LeaseGrantResponse> {
  if (request.TTL > TTL_MAX_SECONDS) throw ETCD_ERRORS.leaseTooLong();
  const TTL = request.TTL < TTL_MIN_SECONDS ? TTL_MIN_SECONDS : request.TTL;
  const alias = request.ID === 0n ? undefined : nameOf(request.ID);
  try {
    const { revision, body } = await namespace.grantLease({ ttlMs: Number(TTL) * SECOND_MS, alias });
    const header = responseHeader(namespace.id, revision);
    return create(LeaseGrantResponseSchema, { header, ID: numberOf(body), TTL });
  } catch (error) {
    throw hasCode(error, 'CONFLICT') ? ETCD_ERRORS.leaseExists() : error;
  }
}

/** Answers a revocation. */
export async function revokeLease(namespace: EtcdNamespace, { ID }: LeaseRevokeRequest): Promise<LeaseRevokeResponse> {
  const { revision } = await namespace.revokeLease(nameOf(ID));
  return create(LeaseRevokeResponseSchema, { header: responseHeader(namespace.id, revision) });
}

/** Answers one request of a stream that keeps leases alive. A lease that does not exist has a time to live of 0. */
export async function keepAlive(
  namespace: EtcdNamespace,
  { ID }: LeaseKeepAliveRequest,
): Promise<LeaseKeepAliveResponse> {
  const { revision, body } = await namespace.renewLease(nameOf(ID));
  const { remainingMs } = body;
  // It has just been renewed, so that what remains is the time to live, but for the fraction of a second that this took.
  const TTL = remainingMs === undefined ? 0n : BigInt(Math.max(1, Math.ceil(remainingMs / SECOND_MS)));
  return create(LeaseKeepAliveResponseSchema, { header: responseHeader(namespace.id, revision), ID, TTL });
}

/** Answers how long a lease lives. One that does not exist has a time to live of -1. */
export async function timeToLive(
  namespace: EtcdNamespace,
  { ID, keys }: LeaseTimeToLiveRequest,
): Promise<LeaseTimeToLiveResponse> {
  const { revision, body } = await namespace.readLease(nameOf(ID));
  const header = responseHeader(namespace.id, revision);
  if (body === undefined) return create(LeaseTimeToLiveResponseSchema, { header, ID, TTL: -1n });
  const { remainingMs, ttlMs, entries } = body;
  return create(LeaseTimeToLiveResponseSchema, {
    header,
    ID,
    TTL: BigInt(Math.floor((remainingMs ?? 0) / SECOND_MS)),
    grantedTTL: BigInt(Math.round((ttlMs ?? 0) / SECOND_MS)),
    keys: keys ? entries.map((entry) => bytesOf(keyOf(entry))) : [],
  });
}

/** Answers which leases there are: the one that ends first is first. */
export async function listLeases(namespace: EtcdNamespace): Promise<LeaseLeasesResponse> {
  const { revision, body } = await namespace.listLeases();
  const endOf = ({ remainingMs }: GrantedLeaseView): number => remainingMs ?? Number.POSITIVE_INFINITY;
  const leases = [...body].sort((a, b) => endOf(a) - endOf(b)).map((lease) => ({ ID: numberOf(lease) }));
  return create(LeaseLeasesResponseSchema, { header: responseHeader(namespace.id, revision), leases });
}
