import { create } from '@bufbuild/protobuf';
import {
  RangeRequest_SortOrder as Order,
  type RangeRequest,
  type RangeResponse,
  RangeResponseSchema,
  RangeRequest_SortTarget as Target,
} from '../../codecs/etcd/messages/rpc_pb';
import { etcdRevision, registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS } from '../../codecs/etcd/refusals';
import { byteString } from '../../model/bytes';
import { bytesOfBase64, type EntryRange, type EntryView, keyOf } from '../../model/entry';
import { hasCode } from '../../model/errors';
import { intervalOf, type KeyInterval, splitAt } from '../../model/key-interval';
import { ETCD_RANGE_MAX_BYTES } from '../../model/limits';
import type { EntryOrder } from '../../model/namespace-api';
import type { EtcdNamespace, Known, RangeCommand } from './etcd-namespace';
import { isEmptyInterval, keyValueOfView, newestRevision, requestedInterval, responseHeader } from './key-values';

/** Orders that the registry has itself. Values are sorted here. */
const ORDERS: Readonly<Partial<Record<Target, EntryOrder>>> = {
  [Target.KEY]: 'key',
  [Target.VERSION]: 'version',
  [Target.CREATE]: 'createdRevision',
  [Target.MOD]: 'revision',
};

/** A checked range. */
export interface RangePlan {
  request: RangeRequest;
  interval: KeyInterval;
  /** Entries to ask the registry for. */
  selection: Omit<RangeCommand, 'interval'>;
  /** True if entries are filtered or sorted here, which needs all of them. */
  isSifted: boolean;
}

/**
 * Checks the request of a range.
 *
 * @throws {RegistryError} With etcd's text.
 */
export function rangePlan(request: RangeRequest): RangePlan {
  const interval = requestedInterval(request.key, request.rangeEnd);
  if (!(request.sortOrder in Order) || !(request.sortTarget in Target)) throw ETCD_ERRORS.invalidSort();
  const isFiltered =
    request.minModRevision !== 0n ||
    request.maxModRevision !== 0n ||
    request.minCreateRevision !== 0n ||
    request.maxCreateRevision !== 0n;
  const isPlain = request.sortOrder === Order.NONE && request.sortTarget !== Target.KEY && request.limit > 0n;
  const isSifted = !request.countOnly && (isFiltered || isPlain || isSortedHere(request));
  // Without an order, etcd sorts only the first keys: as many as requested, and one to know whether there are more.
  const isCut = isSifted && isPlain && !isFiltered;
  const limit = request.limit > 0n && (!isSifted || isCut) ? Number(request.limit) + (isCut ? 1 : 0) : undefined;
  const { keysOnly, countOnly } = request;
  return {
    request,
    interval,
    isSifted,
    selection: {
      limit,
      order: isSifted ? 'key' : ORDERS[request.sortTarget],
      descending: isDescending(request) && !isSifted,
      keysOnly: keysOnly && request.sortTarget !== Target.VALUE,
      countOnly,
    },
  };
}

const isDescending = ({ sortOrder }: RangeRequest): boolean => sortOrder === Order.DESCEND;

/** The registry has no order by value. */
const isSortedHere = ({ sortTarget }: RangeRequest): boolean => sortTarget === Target.VALUE;

/** Returns the revision of the registry at which a range is to be read; undefined for the newest one. */
export function rangeRevision({ revision }: RangeRequest): number | undefined {
  return revision > 0n ? registryRevision(revision) : undefined;
}

/** Answers a range. */
export async function readRange(namespace: EtcdNamespace, request: RangeRequest): Promise<RangeResponse> {
  const plan = rangePlan(request);
  const { revision, body } = await readEntries(namespace, plan);
  // A read of the past has that revision, but the header of a response has the newest one.
  const newest = rangeRevision(request) === undefined ? revision : await newestRevision(namespace);
  return rangeResponse(plan, body, responseHeader(namespace.id, newest));
}

/**
 * Reads the entries of a range, all of them unless it has a limit: clients that set none do not look whether there are more.
 *
 * @throws {RegistryError} With etcd's text if the range is too long, or its revision is not in the history.
 */
export async function readEntries(namespace: EtcdNamespace, plan: RangePlan): Promise<Known<EntryRange>> {
  const { request, interval, selection } = plan;
  const atRevision = rangeRevision(request);
  if (isEmptyInterval(interval)) {
    // No key can be between them, but the revision has to be checked, and the newest one found out.
    const { revision } = await readAt(namespace, { interval: intervalOf(interval.from), countOnly: true, atRevision });
    return { revision, body: { entries: [], count: 0, more: false } };
  }
  const first = await readAt(namespace, { interval, ...selection, atRevision });
  const { revision, body } = first;
  if (!body.more || selection.countOnly) return first;
  const command = { interval, ...selection, atRevision: atRevision ?? revision };
  if (selection.order === 'key') return { revision, body: await continued(namespace, command, body) };
  return { revision, body: body.entries.length === selection.limit ? body : await sorted(namespace, command, request) };
}

/** Reads a range whose order can't be continued: all of it in the order of keys, to be sorted here. */
async function sorted(
  namespace: EtcdNamespace,
  { interval, limit, keysOnly, atRevision }: RangeCommand,
  request: RangeRequest,
): Promise<EntryRange> {
  const command: RangeCommand = { interval, order: 'key', keysOnly, atRevision };
  const { entries } = await continued(namespace, command, (await readAt(namespace, command)).body);
  sortEntries(entries, request);
  const count = entries.length;
  return { entries: entries.slice(0, limit), count, more: limit !== undefined && limit < count };
}

/**
 * Reads on in the order of keys up to the limit, piece by piece as of one revision: the registry ends an answer early if it
 * becomes too large, or if too many keys have changed since.
 *
 * @param first Answer of the registry to the command.
 */
async function continued(namespace: EtcdNamespace, command: RangeCommand, first: EntryRange): Promise<EntryRange> {
  const { limit, descending, keysOnly } = command;
  const entries: EntryView[] = [];
  let { interval } = command;
  let count: number | undefined;
  let bytes = 0;
  for (let body = first; ; ) {
    // The count of a piece includes all that follow. A read of the past that ends early has none.
    if (body.count !== undefined) count ??= entries.length + body.count;
    for (const entry of body.entries) {
      entries.push(entry);
      bytes += keysOnly ? 0 : entry.bytes;
    }
    if (bytes > ETCD_RANGE_MAX_BYTES) throw ETCD_ERRORS.requestTooLarge();
    const left = limit === undefined ? undefined : limit - entries.length;
    const last = body.more && (left === undefined || left > 0) ? lastOf(body) : undefined;
    if (last === undefined) break;
    interval = splitAt(interval, last, descending).rest;
    // A read of the past may end early at the last key.
    if (isEmptyInterval(interval)) break;
    ({ body } = await readAt(namespace, { ...command, interval, limit: left }));
  }
  count ??= (await readAt(namespace, { ...command, limit: undefined, countOnly: true })).body.count ?? entries.length;
  return { entries: entries.slice(0, limit), count, more: entries.length < count };
}

/** Returns the key that a piece in the order of keys reaches up to, which may be after its entries. */
function lastOf({ entries, next }: EntryRange): string | undefined {
  if (next !== undefined) return bytesOfBase64(next);
  const last = entries.at(-1);
  return last && keyOf(last);
}

async function readAt(namespace: EtcdNamespace, command: RangeCommand): Promise<Known<EntryRange>> {
  try {
    return await namespace.range(command);
  } catch (error) {
    if (command.atRevision === undefined) throw error;
    if (hasCode(error, 'COMPACTED')) throw ETCD_ERRORS.compacted();
    if (hasCode(error, 'INVALID_REQUEST')) throw ETCD_ERRORS.futureRevision();
    throw error;
  }
}

/** Returns the response for the entries that were read. @param header Absent for ranges of nested transactions. */
export function rangeResponse(
  { request, isSifted }: RangePlan,
  range: Pick<EntryRange, 'entries' | 'count' | 'more'>,
  header: RangeResponse['header'],
): RangeResponse {
  const { entries, count = entries.length } = range;
  const counted = create(RangeResponseSchema, { header, count: BigInt(count) });
  if (request.countOnly) return counted;
  if (!isSifted) {
    counted.kvs = entries.map(keyValueOfView);
    counted.more = range.more;
    return counted;
  }
  const kept = entries.filter((entry) => isWanted(entry, request));
  sortEntries(kept, request);
  const limit = request.limit > 0n ? Number(request.limit) : kept.length;
  counted.kvs = kept.slice(0, limit).map(keyValueOfView);
  if (request.keysOnly) for (const each of counted.kvs) each.value = new Uint8Array(0);
  counted.more = limit < kept.length;
  return counted;
}

/** Reports whether an entry is within the bounds of a request, of which 0 is none. */
function isWanted({ revision, createdRevision }: EntryView, request: RangeRequest): boolean {
  const modified = etcdRevision(revision);
  const created = etcdRevision(createdRevision);
  return (
    (request.minModRevision === 0n || modified >= request.minModRevision) &&
    (request.maxModRevision === 0n || modified <= request.maxModRevision) &&
    (request.minCreateRevision === 0n || created >= request.minCreateRevision) &&
    (request.maxCreateRevision === 0n || created <= request.maxCreateRevision)
  );
}

/** Sorts entries, which are in the order of their keys, as a request asks. */
function sortEntries(entries: EntryView[], request: RangeRequest): void {
  const { sortTarget } = request;
  const sign = isDescending(request) ? -1 : 1;
  if (sortTarget === Target.KEY) {
    if (sign < 0) entries.reverse();
    return;
  }
  const property = ORDERS[sortTarget];
  if (property === undefined) {
    const values = new Map(
      entries.map((entry): [EntryView, string] => [entry, byteString(keyValueOfView(entry).value)]),
    );
    entries.sort((a, b) => sign * compareTexts(values.get(a) ?? '', values.get(b) ?? ''));
    return;
  }
  if (property === 'key') return;
  entries.sort((a, b) => sign * (a[property] - b[property]));
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
