import { parsed, type RequestPart } from '../../http/request/field-errors';
import { inBrackets } from '../../model/address';
import { InstanceKey, NewInstanceKey, type Operation } from '../../model/batch';
import type { HeldDocument } from '../../model/dialect-reads';
import { quote, RegistryError } from '../../model/errors';
import { ServiceRef } from '../../model/frames';
import { Address, InstanceDefinition, type InstanceView, Port } from '../../model/instance';
import { BATCH_OPERATIONS_MAX_COUNT, GO_MICRO_LEASE_TTL_MS } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { shortName } from '../../model/service-name';
import { endpointsIn, extensionsOf, keptOf, keptServiceOf } from './kept-service';
import { decodedIfItCan, type Kept, type Node, type Service } from './wire';

/** Version of a service without one, as in go-micro itself. */
const DEFAULT_VERSION = 'latest';

/** Parses the name of a service: `orders` in the default group, or `group@@orders`. */
export function keyOf(name: string, part: RequestPart): ServiceKey {
  return parsed(ServiceRef, name, part);
}

/** Returns the nodes of a service. Refuses duplicates, and more than fit into one revision. */
function nodesOf({ name, nodes }: Service): Node[] {
  if (nodes.length > BATCH_OPERATIONS_MAX_COUNT) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the service ${quote(name)} has ${nodes.length} nodes; at most ${BATCH_OPERATIONS_MAX_COUNT} are allowed at once, so send several requests`,
    );
  }
  if (new Set(nodes.map(({ id }) => id)).size === nodes.length) return nodes;
  throw new RegistryError('INVALID_REQUEST', `two nodes of the service ${quote(name)} have the same id`);
}

/** Returns the operations that register all nodes of a service in one revision. Repeating them renews the leases. */
export async function registrationsOf(service: Service): Promise<Operation[]> {
  const key = keyOf(service.name, 'body');
  const nodes = nodesOf(service);
  if (nodes.length === 0) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the service ${quote(service.name)} has no nodes; register at least one`,
    );
  }
  const version = service.version === '' ? {} : { version: service.version };
  const lease = { ttlMs: GO_MICRO_LEASE_TTL_MS };
  const kept = await keptServiceOf(service);
  return nodes.map(({ id, address, metadata }) => {
    const place = placeOf(address);
    const extensions = extensionsOf(kept, addressOf(place) === address ? '' : address);
    const definition = parsed(InstanceDefinition, { ...place, ...version, metadata, extensions, lease }, 'body');
    const nodeKey = parsed(NewInstanceKey, { ...key, id }, 'body');
    return { op: 'register', key: nodeKey, precondition: {}, definition, document: kept.document };
  });
}

/** Returns the operations that remove exactly the given nodes of a service. */
export function removalsOf(service: Service): Operation[] {
  const key = keyOf(service.name, 'body');
  return nodesOf(service).map(({ id }) => ({
    op: 'deregister',
    key: parsed(InstanceKey, { ...key, id }, 'body'),
    precondition: {},
  }));
}

/** Returns the protocol of an instance that was not registered by a go-micro client, which would have set it. */
function protocolOf({ tags, ports, port }: InstanceView): string {
  return tags.includes('grpc') || (port !== undefined && ports.grpc?.port === port) ? 'grpc' : 'http';
}

/** Converts an instance to a version of its service with one node. */
export function entryOf(instance: InstanceView): Service {
  const kept = keptOf(instance);
  const { id, metadata } = instance;
  return {
    name: shortName(instance),
    version: instance.version ?? (kept === undefined ? DEFAULT_VERSION : ''),
    metadata: kept?.metadata ?? {},
    endpoints: kept?.endpoints ?? [],
    nodes: [
      {
        id,
        address: writtenAddress(instance, kept),
        metadata: kept === undefined ? { protocol: protocolOf(instance), ...metadata } : metadata,
      },
    ],
  };
}

/** Returns the original text of the address, unless the instance has moved since. */
function writtenAddress(instance: InstanceView, kept: Kept | undefined): string {
  const now = addressOf(instance);
  if (kept === undefined || kept.address === '') return now;
  return isSamePlace(kept.address, now) ? kept.address : now;
}

/**
 * Groups instances of a service by version. Data of a version is taken from its most recently changed instance.
 *
 * @param documents Documents that the instances share, if they were requested.
 */
export function servicesOf(instances: readonly InstanceView[], documents: readonly HeldDocument[] = []): Service[] {
  const endpointsOf = endpointsIn(documents);
  const versions = Map.groupBy(
    instances.map((instance) => ({ entry: entryOf(instance), id: instance.id, revision: instance.revision })),
    ({ entry }) => entry.version,
  );
  return [...versions.values()].map((all) => {
    const { entry, id } = all.reduce((newest, each) => (each.revision > newest.revision ? each : newest));
    const endpoints = endpointsOf(id) ?? entry.endpoints;
    return { ...entry, endpoints, nodes: all.flatMap(({ entry: { nodes } }) => nodes) };
  });
}

/** Scheme of the URL of a node without host and port, whose address is the name of a queue in its transport. */
const QUEUE_SCHEME = 'micro://';

/** Place of an instance in the core. */
type Place = { address: string; port: number } | { url: string };

/**
 * Parses the address of a node: `host:port`, IPv6 in brackets. Text that does not end in a port is the name of a queue.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function placeOf(address: string): Place {
  const [, host = '', digits = ''] = /^(.*):(\d+)$/.exec(address) ?? [];
  if (digits === '' && address !== '') return { url: `${QUEUE_SCHEME}${encodeURIComponent(address)}` };
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
  // IPv6 without brackets would be ambiguous.
  const isHost = Address.safeParse(bare).success && bare.includes(':') === (bare !== host);
  const port = Number(digits);
  if (isHost && Port.safeParse(port).success) return { address: bare, port };
  throw new RegistryError(
    'INVALID_REQUEST',
    `the address ${quote(address)} of a node is not host:port, such as 10.0.0.7:8080 or [2001:db8::7]:8080`,
  );
}

/** Formats the place of an instance as the address of a node. */
export function addressOf({ address, port, url = '' }: Pick<InstanceView, 'address' | 'port' | 'url'>): string {
  if (address !== undefined && port !== undefined) return `${inBrackets(address)}:${port}`;
  if (url.startsWith(QUEUE_SCHEME)) return decodedIfItCan(url.slice(QUEUE_SCHEME.length));
  const { protocol, host, hostname } = new URL(url);
  if (protocol === 'https:' || protocol === 'wss:') return host === hostname ? `${host}:443` : host;
  if (protocol === 'http:' || protocol === 'ws:') return host === hostname ? `${host}:80` : host;
  return host;
}

/** Reports whether the original text of a node's address and the text of {@link addressOf} are the same place. */
export function isSamePlace(written: string, now: string): boolean {
  try {
    return addressOf(placeOf(written)) === now;
  } catch (error) {
    if (error instanceof RegistryError) return false;
    throw error;
  }
}
