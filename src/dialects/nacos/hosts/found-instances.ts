import { type Host, placeIn, type ShownInstance, shownInstances } from '../../../codecs/nacos/host';
import { groupedName, type Place } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import { allInstances } from '../../../http/dialect-calls/whole-lists';
import type { SnapshotService } from '../../../model/frames';
import type { InstanceView } from '../../../model/instance';
import { readJsonText } from '../../../model/json';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';

/** Returns all instances of a service, including those without traffic, and several at the same place. */
export function instancesOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<InstanceView[]> {
  return allInstances(namespace, { ...service, filter: {}, tokenId });
}

/** Returns all instances of a service as Nacos shows them, one for each place in a cluster. */
export async function hostsOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<Host[]> {
  return shownInstances(await instancesOf(namespace, service, tokenId)).map(({ host }) => host);
}

/** Returns the instances of one cluster. @throws {RegistryError} With Nacos' message if there are none. */
export async function hostsIn(
  namespace: NamespaceApi,
  service: ServiceKey,
  cluster: string,
  tokenId: string,
): Promise<Host[]> {
  const hosts = await hostsOf(namespace, service, tokenId);
  if (hosts.length === 0) throw nacosError('RESOURCE_NOT_FOUND', `service ${groupedName(service)} is not found!`);
  const members = hosts.filter(({ clusterName }) => clusterName === cluster);
  if (members.length === 0) throw nacosError('RESOURCE_NOT_FOUND', `cluster ${cluster} is not found!`);
  return members;
}

/** Reports whether an instance is at a place, whatever its id and the API that registered it. */
export function isAt(instance: InstanceView, place: Place): boolean {
  const found = placeIn(instance);
  return found?.ip === place.ip && found.port === place.port;
}

/**
 * Returns all instances at a place, in any cluster, for calls that identify an instance by address and port. Reads only
 * these, and instances that have only a URL.
 */
export async function findAtPlace(
  namespace: NamespaceApi,
  service: ServiceKey,
  place: Place,
  tokenId: string,
): Promise<InstanceView[]> {
  const sought = { address: place.ip, port: place.port };
  const found = await allInstances(namespace, { ...service, filter: {}, place: sought, tokenId });
  return found.filter((instance) => isAt(instance, place));
}

/**
 * Returns the instance at a place and in a cluster, for reads of one instance.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND`, with Nacos' message.
 */
export async function hostNamed(
  namespace: NamespaceApi,
  { service, place, cluster }: { service: ServiceKey; place: Place; cluster: string },
  tokenId: string,
): Promise<Host> {
  const there = await findAtPlace(namespace, service, place, tokenId);
  const [shown] = shownInstances(there.filter((instance) => instance.cluster === cluster));
  if (shown !== undefined) return shown.host;
  const all = await instancesOf(namespace, service, tokenId);
  if (all.some((instance) => instance.cluster === cluster)) {
    throw nacosError('RESOURCE_NOT_FOUND', 'no matched ip found!');
  }
  throw nacosError('RESOURCE_NOT_FOUND', `no ips found for cluster ${cluster} in service ${groupedName(service)}`);
}

/** A service with its instances as Nacos shows them. */
export type WholeService = Omit<SnapshotService, 'instances'> & { shown: ShownInstance[] };

/**
 * Returns all services of a namespace with all their instances, as of one point in time. A large namespace takes several
 * calls, so that at most one part and one service of it are in memory.
 */
export async function* wholeNamespace(namespace: NamespaceApi, tokenId: string): AsyncGenerator<WholeService> {
  let service: SnapshotService | undefined;
  for await (const piece of pieces(namespace, tokenId)) {
    if (service?.group === piece.group && service.name === piece.name) {
      service.instances.push(...piece.instances);
      continue;
    }
    if (service !== undefined) yield whole(service);
    service = piece;
  }
  if (service !== undefined) yield whole(service);
}

function whole({ instances, ...service }: SnapshotService): WholeService {
  return { ...service, shown: shownInstances(instances) };
}

/** Returns the services as the parts contain them; the pieces of a large one follow each other. */
async function* pieces(namespace: NamespaceApi, tokenId: string): AsyncGenerator<SnapshotService> {
  let after: string | undefined;
  do {
    const { body } = await namespace.snapshot({ after, tokenId });
    if (body === null) return;
    const { services, next } = readJsonText(body);
    yield* services;
    after = next;
  } while (after !== undefined);
}
