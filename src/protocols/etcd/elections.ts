import { create } from '@bufbuild/protobuf';
import type { KeyValue } from '../../codecs/etcd/messages/kv_pb';
import {
  type CampaignRequest,
  type CampaignResponse,
  CampaignResponseSchema,
  type LeaderKey,
  type LeaderRequest,
  type LeaderResponse,
  LeaderResponseSchema,
  type ProclaimRequest,
  type ProclaimResponse,
  ProclaimResponseSchema,
  type ResignRequest,
  type ResignResponse,
  ResignResponseSchema,
} from '../../codecs/etcd/messages/v3election_pb';
import { etcdRevision, registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString, bytesOf } from '../../model/bytes';
import { keyOf } from '../../model/entry';
import { intervalOf } from '../../model/key-interval';
import type { EtcdNamespace } from './etcd-namespace';
import { keyValueOf, keyValueOfView, responseHeader } from './key-values';
import { leaseOf } from './locks';
import { frontOf, leaveLine, lineOf, type Place, takePlace, untilChange, waitForFront } from './waiting-line';

/** Answers a candidate once it is the leader. A candidate that leaves meanwhile leaves the line. */
export async function campaign(
  namespace: EtcdNamespace,
  request: CampaignRequest,
  signal: AbortSignal,
): Promise<CampaignResponse> {
  const name = byteString(request.name);
  const lease = await leaseOf(namespace, request.lease);
  const value = byteString(request.value);
  const place = await takePlace(namespace, name, { lease, value });
  // A candidate that has a place already may come with another value.
  if (place.found !== undefined && byteString(keyValueOfView(place.found).value) !== value) {
    await putValue(namespace, place, { lease, value });
  }
  const revision = await waitForFront(namespace, name, place, signal);
  return create(CampaignResponseSchema, {
    header: responseHeader(namespace.id, revision),
    leader: { name: request.name, key: bytesOf(place.key), rev: etcdRevision(place.createdRevision), lease },
  });
}

/** Answers a leader that changes its value. */
export async function proclaim(namespace: EtcdNamespace, request: ProclaimRequest): Promise<ProclaimResponse> {
  const leader = requireLeader(request.leader);
  const value = byteString(request.value);
  const revision = await putValue(namespace, placeOf(leader), { lease: leader.lease, value });
  return create(ProclaimResponseSchema, { header: responseHeader(namespace.id, revision) });
}

/** Puts the value of a place that still exists. @throws {RegistryError} With etcd's text if it does not. */
async function putValue(
  namespace: EtcdNamespace,
  { key, createdRevision }: Pick<Place, 'key' | 'createdRevision'>,
  { lease, value }: { lease: bigint; value: string },
): Promise<number> {
  const { succeeded, revision } = await namespace.transaction({
    if: [{ interval: intervalOf(key), property: 'createdRevision', is: '=', operand: createdRevision }],
    do: [{ op: 'put', key, value, door: 'etcd', ...(lease === 0n ? {} : { lease: String(lease) }) }],
    else: [],
  });
  if (!succeeded) throw ETCD_ERRORS.notLeaderOfElection();
  return revision;
}

/** Answers who leads. */
export async function leaderOf(namespace: EtcdNamespace, request: LeaderRequest): Promise<LeaderResponse> {
  const { front, revision } = await frontOf(namespace, byteString(request.name));
  if (front === undefined) throw ETCD_ERRORS.noElectionLeader();
  const header = responseHeader(namespace.id, revision);
  return create(LeaderResponseSchema, { header, kv: keyValueOfView(front) });
}

/** Answers a leader that steps down. */
export async function resign(namespace: EtcdNamespace, request: ResignRequest): Promise<ResignResponse> {
  const revision = await leaveLine(namespace, placeOf(requireLeader(request.leader)));
  return create(ResignResponseSchema, { header: responseHeader(namespace.id, revision) });
}

/** Sends the leader, and each leader and value after it, until the client leaves. */
export async function observe(
  namespace: EtcdNamespace,
  request: LeaderRequest,
  signal: AbortSignal,
  send: (response: LeaderResponse) => void,
): Promise<void> {
  const name = byteString(request.name);
  const show = (kv: KeyValue, revision: number): void =>
    send(create(LeaderResponseSchema, { header: responseHeader(namespace.id, revision), kv }));
  while (!signal.aborted) {
    const { front, revision: after } = await frontOf(namespace, name);
    if (front === undefined) {
      // Any candidate is the next leader.
      await untilChange(namespace, { prefix: lineOf(name), isSingle: false, after }, signal, () => true);
      continue;
    }
    show(keyValueOfView(front), after);
    const key = keyOf(front);
    await untilChange(namespace, { prefix: key, isSingle: true, after }, signal, (change, revision) => {
      if (change.after !== undefined) show(keyValueOf(key, change.after), revision);
      return change.type === 'delete';
    });
  }
}

function requireLeader(leader: LeaderKey | undefined): LeaderKey {
  if (leader === undefined) throw ETCD_ERRORS.electionLeaderMissing();
  if (leader.key.length === 0) throw ETCD_ERRORS.emptyKey();
  return leader;
}

const placeOf = ({ key, rev }: LeaderKey): Pick<Place, 'key' | 'createdRevision'> => ({
  key: byteString(key),
  createdRevision: registryRevision(rev),
});
