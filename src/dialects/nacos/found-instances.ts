import { findInstance } from '../../http/find-record';
import { allInstances } from '../../http/whole-lists';
import type { InstanceView } from '../../model/instance';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import { type Host, hostOf, placeIn } from './host';
import { nacosError } from './nacos-error';
import { groupedName, instanceAt, type Place } from './names';

/** All instances of a service, those that were taken out among them. */
export function instancesOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<InstanceView[]> {
  return allInstances(namespace, { ...service, filter: {}, tokenId });
}

/** All of them that Nacos can show, in its words. */
export async function hostsOf(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<Host[]> {
  return (await instancesOf(namespace, service, tokenId)).flatMap((instance) => hostOf(instance) ?? []);
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

/**
 * The instance that a person means who names its place: whoever registered it and under whatever id. Where there are
 * several, it is the one that a Nacos client would have registered.
 */
export function instanceIn(
  instances: readonly InstanceView[],
  service: ServiceKey,
  place: Place,
): InstanceView | undefined {
  const { id } = instanceAt(service, place);
  const there = instances.filter((instance) => isAt(instance, place));
  return there.find((instance) => instance.id === id) ?? there[0];
}

/**
 * The same, asked for by itself: all are looked through only where a Nacos client has registered none there.
 */
export async function findByPlace(
  namespace: NamespaceApi,
  service: ServiceKey,
  place: Place,
  tokenId: string,
): Promise<InstanceView | undefined> {
  const own = await findInstance(namespace, instanceAt(service, place), tokenId);
  if (own !== undefined && isAt(own, place)) return own;
  return instanceIn(await instancesOf(namespace, service, tokenId), service, place);
}

function isAt(instance: InstanceView, place: Place): boolean {
  const found = placeIn(instance);
  return found?.ip === place.ip && found.port === place.port;
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
  const own = await findInstance(namespace, instanceAt(service, place), tokenId);
  const isIt = own !== undefined && own.cluster === cluster && isAt(own, place);
  const all = isIt ? [own] : await instancesOf(namespace, service, tokenId);
  const inCluster = all.filter((instance) => instance.cluster === cluster);
  if (inCluster.length === 0) {
    throw nacosError('RESOURCE_NOT_FOUND', `no ips found for cluster ${cluster} in service ${groupedName(service)}`);
  }
  const found = instanceIn(inCluster, service, place);
  const host = found && hostOf(found);
  if (host === undefined) throw nacosError('RESOURCE_NOT_FOUND', 'no matched ip found!');
  return host;
}
