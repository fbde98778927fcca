import { allInstances } from '../../../http/dialect-calls/whole-lists';
import type { SnapshotService } from '../../../model/frames';
import type { InstanceView } from '../../../model/instance';
import { readJsonText } from '../../../model/json';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import { groupedName, type Place } from '../wire/names';
import { nacosError } from '../wire/refusals';
import { type Host, placeIn, type ShownInstance, shownInstances } from './host';

/** All instances of a service, those without traffic among them, and each of several at one place. */
export function instancesOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<InstanceView[]> {
  return allInstances(namespace, { ...service, filter: {}, tokenId });
}

/** All of them as Nacos shows them, one for each place in a cluster. */
export async function hostsOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<Host[]> {
  return shownInstances(await instancesOf(namespace, service, tokenId)).map(({ host }) => host);
}

/** Those of one cluster. @throws {RegistryError} In Nacos' words where it has none. */
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

/** Tells whether an instance is at a place, by whichever door it came and whatever its id. */
export function isAt(instance: InstanceView, place: Place): boolean {
  const found = placeIn(instance);
  return found?.ip === place.ip && found.port === place.port;
}

/**
 * All instances at a place, in any cluster: what a call means that names an instance by its address and port. Only they
 * are read, and those that have a url alone.
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
 * The instance at a place and in a cluster, as reads of one instance show it.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND`, in Nacos' words.
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
 * All services of a namespace with all their instances, as of one moment: in one call, or in several where it is large,
 * so that no more of it is in memory than a part and a service.
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

/** The services as they come: a large one in pieces, one after the other. */
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
