import { byteString, utf8Bytes } from '../model/bytes';
import { isRecord } from '../model/json';
import type { Layout } from '../model/layout';
import { LAYOUT_OBJECT_MAX_BYTES, NAMING_HEAD_MAX_BYTES } from '../model/limits';
import { joinKey, objectIn, parsePlace, placeText, splitKey } from './entry-text';

/** Number of the operation that adds an endpoint; the other one is never written. */
const ADD = 0;

/** Members of an update in JSON, in Go's order. */
const MEMBERS: ReadonlySet<string> = new Set(['Op', 'Addr', 'Metadata']);

/** Key of metadata that is not an object. */
const WHOLE = '_';

/**
 * Layout of etcd's `naming/endpoints`, and of its predecessor for gRPC up to 1.29: `<target>/<anything>` =
 * `{"Op":0,"Addr":"host:port","Metadata":…}`. The shape identifies it. Names are in the exact case that Go writes.
 */
export const grpcNaming: Layout = {
  kind: 'grpc-naming',
  version: 1,
  readsAnywhere: true,

  read(entry, prefix) {
    // Read anywhere: other JSON must cost little.
    const head = byteString(entry.value.subarray(0, NAMING_HEAD_MAX_BYTES));
    if (!head.startsWith('{') || !head.includes('"Op"') || !head.includes('"Addr"')) return undefined;
    const update = objectIn(entry.value, LAYOUT_OBJECT_MAX_BYTES);
    if (update === undefined || update.Op !== ADD || typeof update.Addr !== 'string') return undefined;
    if (Object.keys(update).some((name) => !MEMBERS.has(name))) return undefined;
    const names = splitKey(entry, prefix);
    const place = parsePlace(update.Addr);
    if (names === undefined || place === undefined) return undefined;
    const { group, service, last: id } = names;
    return { group, service, id, definition: { ...place, metadata: metadataOf(update.Metadata) } };
  },

  show(instance, prefix) {
    const place = placeText(instance);
    if (place === undefined) return undefined;
    const { metadata } = instance;
    const update = { Op: ADD, Addr: place, Metadata: Object.keys(metadata).length === 0 ? null : metadata };
    return { key: joinKey(prefix, instance), value: utf8Bytes(JSON.stringify(update)) };
  },
};

/** Returns metadata of any type as strings: strings as they are, anything else as JSON. */
function metadataOf(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) return { [WHOLE]: textOf(value) };
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, textOf(member)]));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
