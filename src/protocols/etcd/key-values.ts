import { create } from '@bufbuild/protobuf';
import { type KeyValue, KeyValueSchema } from '../../codecs/etcd/messages/kv_pb';
import { type ResponseHeader, ResponseHeaderSchema } from '../../codecs/etcd/messages/rpc_pb';
import { etcdRevision, idOfText } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString, bytesOf, fromBase64, utf8Bytes } from '../../model/bytes';
import { type EntryContent, type EntryView, keyOf } from '../../model/entry';
import { intervalOf, type KeyInterval } from '../../model/key-interval';
import type { EtcdNamespace } from './etcd-namespace';

/** The range end of "all keys from here on", and the key of "from the first key on". */
const OPEN = '\u0000';

const NOTHING = new Uint8Array(0);

/** Term of the one member. Clients take a term of 1 for a server that has not elected a leader yet. */
const TERM = 2n;

/** Ids of clusters by namespace: each namespace is a cluster of one member. */
const ids = new Map<string, { clusterId: bigint; memberId: bigint }>();
const IDS_MAX_COUNT = 1_000;

/** Returns the ids by which clients tell one namespace from another. They are the same in every process. */
export function clusterIds(namespace: string): { clusterId: bigint; memberId: bigint } {
  const known = ids.get(namespace);
  if (known !== undefined) return known;
  if (ids.size >= IDS_MAX_COUNT) ids.clear();
  const found = { clusterId: idOfText(`cluster ${namespace}`), memberId: idOfText(`member ${namespace}`) };
  ids.set(namespace, found);
  return found;
}

/** Returns the header of a response. @param revision Revision of the registry. */
export function responseHeader(namespace: string, revision: number): ResponseHeader {
  return create(ResponseHeaderSchema, {
    ...clusterIds(namespace),
    revision: etcdRevision(revision),
    raftTerm: TERM,
  });
}

/** Returns the newest revision of a namespace, as of its last durable change. */
export async function newestRevision(namespace: Pick<EtcdNamespace, 'transaction'>): Promise<number> {
  const { revision } = await namespace.transaction({ if: [], do: [], else: [] });
  return revision;
}

/**
 * Returns the keys that a request names: one key, or a range with an end. A range that ends before it begins is empty.
 *
 * @throws {RegistryError} With etcd's text if there is no key.
 */
export function requestedInterval(key: Uint8Array, rangeEnd: Uint8Array): KeyInterval {
  if (key.length === 0) throw ETCD_ERRORS.emptyKey();
  const from = byteString(key);
  if (rangeEnd.length === 0) return intervalOf(from);
  const to = byteString(rangeEnd);
  if (to === OPEN) return { from: from === OPEN ? '' : from };
  return { from, to: to < from ? from : to };
}

/** Returns whether an interval has no room for a key. */
export const isEmptyInterval = ({ from, to }: KeyInterval): boolean => to !== undefined && to <= from;

/** Returns the bytes of a value; none if it was not requested. */
export function valueBytes({ value, valueBase64 }: Pick<EntryContent, 'value' | 'valueBase64'>): Uint8Array {
  if (value !== undefined) return utf8Bytes(value);
  return valueBase64 === undefined ? NOTHING : fromBase64(valueBase64);
}

/** Returns an entry as etcd's clients see it. @param key One character a byte. */
export function keyValueOf(key: string, content: EntryContent): KeyValue {
  const { createdRevision, revision, version, lease, leaseAlias, leaseDoor } = content;
  return create(KeyValueSchema, {
    key: bytesOf(key),
    createRevision: etcdRevision(createdRevision),
    modRevision: etcdRevision(revision),
    version: BigInt(version),
    value: valueBytes(content),
    lease: leaseNumber(leaseDoor === 'etcd' ? leaseAlias : lease),
  });
}

/** Returns an entry of an answer as etcd's clients see it. */
export const keyValueOfView = (entry: EntryView): KeyValue => keyValueOf(keyOf(entry), entry);

/** Returns the number of a lease; 0 for none. */
export const leaseNumber = (name: string | undefined): bigint => (name === undefined ? 0n : BigInt(name));
