import { isPlainObject, safeParse } from './fast-path';
import { grantLease, LeaseRequest } from './lease';
import { TAGS_MAX_COUNT, WEIGHT_MAX } from './limits';
import { type Metadata, metadataProblem, sortedByKey } from './metadata';
import { isPlainName } from './names';
import { DEFAULT_CLUSTER } from './service-name';

/** Members of a registration that the fast path reads. The schema reads registrations with any other member. */
const MEMBERS = [
  ...['address', 'port', 'cluster', 'node', 'weight', 'status', 'ephemeral'],
  ...['metadata', 'tags', 'version', 'incarnation', 'lease'],
];

/** Returns the members of a plain definition and further ones of the value that contains it, such as its name. */
export const plainMembers = (...others: string[]): ReadonlySet<string> => new Set([...MEMBERS, ...others]);

const DEFINITION_MEMBERS = plainMembers();

/** Matches four numbers. If they are not an IPv4 address they are a host name, which is a valid address too. */
const FOUR_NUMBERS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/**
 * Fast path of the schema of `InstanceDefinition`, for the most common form of a registration: an IPv4 address and a
 * port, plain names, metadata of strings.
 *
 * @param members Members that the value may have; the caller reads those that are not part of the definition.
 */
export function plainDefinition(value: unknown, members: ReadonlySet<string> = DEFINITION_MEMBERS) {
  if (!isPlainObject(value)) return undefined;
  for (const member in value) if (!members.has(member)) return undefined;
  const { address, port, cluster = DEFAULT_CLUSTER, weight = 1, status = 'up', ephemeral = true } = value;
  const { node, version, incarnation } = value;
  if (typeof address !== 'string' || !FOUR_NUMBERS.test(address) || !isPort(port)) return undefined;
  if (status !== 'up' || ephemeral !== true || !isWeight(weight) || !isPlainName(cluster)) return undefined;
  if (!isPlainOrAbsent(node) || !isPlainOrAbsent(version) || !isPlainOrAbsent(incarnation)) return undefined;
  const metadata = value.metadata === undefined ? {} : plainMetadata(value.metadata);
  const tags = value.tags === undefined ? [] : plainTags(value.tags);
  if (metadata === undefined || tags === undefined) return undefined;
  const lease = value.lease === undefined ? undefined : safeParse(LeaseRequest, value.lease);
  if (lease?.success === false) return undefined;
  return {
    cluster,
    // Like the schema, this keeps members that are present and undefined.
    ...('node' in value ? { node } : {}),
    address,
    port,
    ports: {},
    weight,
    status: 'up' as const,
    ephemeral,
    metadata,
    tags,
    ...('version' in value ? { version } : {}),
    ...('incarnation' in value ? { incarnation } : {}),
    lease: grantLease(lease?.data),
    extensions: {},
  };
}

const isPlainOrAbsent = (value: unknown): value is string | undefined => value === undefined || isPlainName(value);

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65_535;

const isWeight = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= WEIGHT_MAX;

function plainTags(value: unknown): string[] | undefined {
  if (!Array.isArray(value) || value.length > TAGS_MAX_COUNT) return undefined;
  const tags: string[] = [];
  // By index, because `every` and `for of` treat the holes of a sparse array differently.
  for (let index = 0; index < value.length; index++) {
    const tag: unknown = value[index];
    if (!isPlainName(tag)) return undefined;
    tags.push(tag);
  }
  return tags;
}

function plainMetadata(value: unknown): Metadata | undefined {
  if (!isPlainObject(value) || Object.hasOwn(value, '__proto__')) return undefined;
  if (Object.getOwnPropertySymbols(value).length > 0) return undefined;
  const metadata: Metadata = {};
  for (const key in value) {
    const text = value[key];
    if (typeof text !== 'string') return undefined;
    metadata[key] = text;
  }
  return metadataProblem(metadata) === undefined ? sortedByKey(metadata) : undefined;
}
