import { isRecord } from './json';
import { grantLease, LeaseRequest } from './lease';
import { TAGS_MAX_COUNT, WEIGHT_MAX } from './limits';
import { type Metadata, metadataProblem, sortedByKey } from './metadata';
import { isPlainName } from './names';
import { DEFAULT_CLUSTER } from './service-name';

/** Members that are looked at here. A registration with any other one is the schema's. */
const MEMBERS: ReadonlySet<string> = new Set([
  ...['address', 'port', 'cluster', 'node', 'weight', 'status', 'ephemeral'],
  ...['metadata', 'tags', 'version', 'incarnation', 'lease'],
]);

const NONE: ReadonlySet<string> = new Set();

/** Four numbers. Those that are no IPv4 address are still a host name, and so an address as well. */
const FOUR_NUMBERS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * A registration as nearly all are: an IPv4 address and a port, plain names, metadata of strings. It is what the schema
 * of `InstanceDefinition` makes of it; undefined where only the schema can tell. A test holds the two together.
 *
 * @param besides Members that are not the definition's, and are somebody else's to look at.
 */
export function plainDefinition(value: unknown, besides: ReadonlySet<string> = NONE) {
  if (!isRecord(value)) return undefined;
  for (const member in value) if (!MEMBERS.has(member) && !besides.has(member)) return undefined;
  const { address, port, cluster = DEFAULT_CLUSTER, node, weight = 1, status = 'up', ephemeral = true } = value;
  const { metadata = {}, tags = [], version, incarnation } = value;
  if (typeof address !== 'string' || !FOUR_NUMBERS.test(address) || !isPort(port)) return undefined;
  if (status !== 'up' || ephemeral !== true || !isWeight(weight) || !isPlainName(cluster)) return undefined;
  if (!isPlainOrAbsent(node) || !isPlainOrAbsent(version) || !isPlainOrAbsent(incarnation)) return undefined;
  if (!isMetadata(metadata) || !areTags(tags)) return undefined;
  const lease = value.lease === undefined ? undefined : LeaseRequest.safeParse(value.lease);
  if (lease?.success === false) return undefined;
  return {
    cluster,
    ...(node === undefined ? {} : { node }),
    address,
    port,
    ports: {},
    weight,
    status: 'up' as const,
    ephemeral,
    metadata: sortedByKey(metadata),
    tags,
    ...(version === undefined ? {} : { version }),
    ...(incarnation === undefined ? {} : { incarnation }),
    lease: grantLease(lease?.data),
    extensions: {},
  };
}

const isPlainOrAbsent = (value: unknown): value is string | undefined => value === undefined || isPlainName(value);

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

const isWeight = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= WEIGHT_MAX;

const areTags = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= TAGS_MAX_COUNT && value.every(isPlainName);

function isMetadata(value: unknown): value is Metadata {
  if (!isRecord(value) || Object.hasOwn(value, '__proto__')) return false;
  for (const key in value) if (typeof value[key] !== 'string') return false;
  return metadataProblem(value as Metadata) === undefined; // `as`: each value is a string, as was just seen
}
