import { create } from '@bufbuild/protobuf';
import {
  AlarmResponseSchema,
  DefragmentResponseSchema,
  HashKVResponseSchema,
  HashResponseSchema,
  MemberListResponseSchema,
  StatusResponseSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { etcdRevision, idOfText, registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import type { EtcdNamespace } from './etcd-namespace';
import { clusterIds, newestRevision, responseHeader } from './key-values';

/**
 * Version of etcd that the registry answers as. Clients compare it with what they need: those of 3.6 refuse servers before
 * 3.5 if they are to reject old clusters, as go-zero's are.
 */
export const ETCD_VERSION = '3.6.0';

/** Name of the one member. Clients ignore members without a name: they have not started. */
const MEMBER_NAME = 'rollcall';

/**
 * Lists the one member of the cluster.
 *
 * @param clientUrl URL at which the client reached it: clients replace their endpoints by the ones listed here.
 */
export async function memberList(namespace: EtcdNamespace, clientUrl: string) {
  const header = responseHeader(namespace.id, await newestRevision(namespace));
  const { memberId: ID } = clusterIds(namespace.id);
  const member = { ID, name: MEMBER_NAME, peerURLs: [clientUrl], clientURLs: [clientUrl] };
  return create(MemberListResponseSchema, { header, members: [member] });
}

/** Answers the status of the one member, which leads. */
export async function status(namespace: EtcdNamespace) {
  const header = responseHeader(namespace.id, await newestRevision(namespace));
  const { memberId: leader, revision, raftTerm } = header;
  const raftIndex = BigInt.asUintN(64, revision);
  return create(StatusResponseSchema, {
    header,
    version: ETCD_VERSION,
    storageVersion: ETCD_VERSION,
    leader,
    raftIndex,
    raftAppliedIndex: raftIndex,
    raftTerm,
  });
}

/** Answers that there are no alarms, whether a client asks for them or disarms them. */
export async function alarms(namespace: EtcdNamespace) {
  return create(AlarmResponseSchema, { header: responseHeader(namespace.id, await newestRevision(namespace)) });
}

/** Answers that storage is compact: the registry frees space by itself. */
export async function defragment(namespace: EtcdNamespace) {
  return create(DefragmentResponseSchema, { header: responseHeader(namespace.id, await newestRevision(namespace)) });
}

/** Returns the hash of a state. Members are compared by it; there is one, so it depends on the revision alone. */
const hashAt = (namespace: EtcdNamespace, revision: bigint): number =>
  Number(BigInt.asUintN(32, idOfText(`${namespace.id} ${revision}`)));

export async function hash(namespace: EtcdNamespace) {
  const header = responseHeader(namespace.id, await newestRevision(namespace));
  return create(HashResponseSchema, { header, hash: hashAt(namespace, header.revision) });
}

/** @param revision Revision of etcd; 0 for the newest. */
export async function hashKv(namespace: EtcdNamespace, revision: bigint) {
  const head = await newestRevision(namespace);
  if (registryRevision(revision) > head) throw ETCD_ERRORS.futureRevision();
  const at = revision > 0n ? revision : etcdRevision(head);
  return create(HashKVResponseSchema, {
    header: responseHeader(namespace.id, head),
    hash: hashAt(namespace, at),
    hashRevision: at,
  });
}
