import { parsed, type RequestPart } from '../../http/field-errors';
import { InstanceKey, NewInstanceKey, type Operation } from '../../model/batch';
import { quote, RegistryError } from '../../model/errors';
import { ServiceRef } from '../../model/frames';
import { type Extensions, InstanceDefinition, type InstanceView } from '../../model/instance';
import { shortName } from '../../model/joined-name';
import { EXTENSIONS_MAX_BYTES, GO_MICRO_LEASE_TTL_MS } from '../../model/limits';
import { utf8Length } from '../../model/names';
import type { ServiceKey } from '../../model/namespace-api';
import { addressOf, isSamePlace, type Place, placeOf } from './node-address';
import { type Endpoint, type Kept, type Node, readKept, type Service, type Value } from './wire';

/** Under it an instance keeps what only go-micro understands. */
export const EXTENSION = 'go-micro';

/** Version of what has none, as go-micro itself calls it. */
const DEFAULT_VERSION = 'latest';

/** `orders` in the default group, or `group@@orders`. */
export function keyOf(name: string, part: RequestPart): ServiceKey {
  return parsed(ServiceRef, name, part);
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === null || (typeof value === 'object' && Object.keys(value).length === 0);

/** An object without its empty members, which Go takes for absent. */
const dense = (value: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => !isEmpty(member)));

const denseValue = ({ name, type, values }: Value): object => dense({ name, type, values: values.map(denseValue) });

/** A value without content is not the same as none: Go points to it. */
const denseEndpoint = ({ name, request, response, metadata }: Endpoint): object => ({
  ...dense({ name, metadata }),
  ...(request === null ? {} : { request: denseValue(request) }),
  ...(response === null ? {} : { response: denseValue(response) }),
});

/** @throws {RegistryError} `INVALID_REQUEST` where that is more than an instance may keep. */
function extensionsOf({ name, metadata, endpoints }: Service, place: Place, written: string): Extensions {
  const address = addressOf(place) === written ? '' : written;
  const extensions = { [EXTENSION]: dense({ metadata, endpoints: endpoints.map(denseEndpoint), address }) };
  const bytes = utf8Length(JSON.stringify(extensions));
  if (bytes <= EXTENSIONS_MAX_BYTES) return extensions;
  throw new RegistryError(
    'INVALID_REQUEST',
    `metadata and endpoints of the service ${quote(name)} take ${bytes} bytes; at most ${EXTENSIONS_MAX_BYTES} are kept, so register fewer endpoints or smaller ones`,
  );
}

/** All nodes of a service, each once. */
function nodesOf({ name, nodes }: Service): Node[] {
  if (new Set(nodes.map(({ id }) => id)).size === nodes.length) return nodes;
  throw new RegistryError('INVALID_REQUEST', `two nodes of the service ${quote(name)} have the same id`);
}

/** What registers all nodes of a service, in one revision; the same again renews their leases. */
export function registrationsOf(service: Service): Operation[] {
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
  return nodes.map(({ id, address, metadata }) => {
    const place = placeOf(address);
    const extensions = extensionsOf(service, place, address);
    const definition = parsed(InstanceDefinition, { ...place, ...version, metadata, extensions, lease }, 'body');
    return { op: 'register', key: parsed(NewInstanceKey, { ...key, id }, 'body'), precondition: {}, definition };
  });
}

/** What removes the nodes of a service that are named, and no others. */
export function removalsOf(service: Service): Operation[] {
  const key = keyOf(service.name, 'body');
  return nodesOf(service).map(({ id }) => ({
    op: 'deregister',
    key: parsed(InstanceKey, { ...key, id }, 'body'),
    precondition: {},
  }));
}

/** What an instance speaks, where it was not registered by a go-micro client, which says so. */
function protocolOf({ tags, ports, port }: InstanceView): string {
  return tags.includes('grpc') || (port !== undefined && ports.grpc?.port === port) ? 'grpc' : 'http';
}

/** An instance as a version of its service with one node. */
export function entryOf(instance: InstanceView): Service {
  const kept = readKept(instance.extensions[EXTENSION]);
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

/** The address as its client wrote it, as long as the instance is still there. */
function writtenAddress(instance: InstanceView, kept: Kept | undefined): string {
  const now = addressOf(instance);
  if (kept === undefined || kept.address === '') return now;
  return isSamePlace(kept.address, now) ? kept.address : now;
}

/** Instances of a service by their versions; what concerns a whole version is as the newest change of one says. */
export function servicesOf(instances: readonly InstanceView[]): Service[] {
  const versions = Map.groupBy(
    instances.map((instance) => ({ entry: entryOf(instance), revision: instance.revision })),
    ({ entry }) => entry.version,
  );
  return [...versions.values()].map((all) => {
    const { entry } = all.reduce((newest, each) => (each.revision > newest.revision ? each : newest));
    return { ...entry, nodes: all.flatMap(({ entry: { nodes } }) => nodes) };
  });
}
