import { splitMetadata } from '../../../codecs/nacos/cluster-checker';
import type { Host } from '../../../codecs/nacos/host';
import { isProtected } from '../../../codecs/nacos/service-info';
import type { NamespaceApi } from '../../../model/namespace-api';
import { type WholeService, wholeNamespace } from '../hosts/found-instances';
import type { Call } from '../wire/answers';
import { namespaceOf } from '../wire/names';
import { type PageRequest, pageBounds } from '../wire/pages';
import type { Parameters } from '../wire/parameters';

/** A service in a catalog. */
export interface CatalogEntry {
  group: string;
  name: string;
  metadata: Record<string, string>;
  protectThreshold: number;
  /** Names of the clusters with instances. */
  clusters: Set<string>;
  instances: number;
  healthy: number;
  /** All instances, if they were requested. */
  hosts: Host[];
}

/** Filter of a catalog: services whose names contain these texts; see {@link fits}. */
interface CatalogFilter {
  group: string;
  name: string;
}

/**
 * Returns the services of a namespace with a summary of their instances, as of one point in time. The namespace is read in
 * parts, and only the result is kept.
 *
 * @param keepsHosts Reports whether to keep the instances of the service at this index of the catalog.
 */
async function catalogOf(
  namespace: NamespaceApi,
  { group, name }: CatalogFilter,
  tokenId: string,
  keepsHosts: (index: number) => boolean = () => false,
): Promise<CatalogEntry[]> {
  const entries: CatalogEntry[] = [];
  for await (const service of wholeNamespace(namespace, tokenId)) {
    if (!fits(service.group, group) || !fits(service.name, name)) continue;
    entries.push(catalogEntry(service, keepsHosts(entries.length)));
  }
  return entries;
}

function catalogEntry({ shown, ...service }: WholeService, keepsHosts: boolean): CatalogEntry {
  const { group, name, metadata, protectThreshold } = service;
  const hosts = shown.map(({ host }) => host);
  return {
    group,
    name,
    metadata: splitMetadata(metadata).shown,
    protectThreshold,
    clusters: new Set(hosts.map(({ clusterName }) => clusterName)),
    instances: hosts.length,
    healthy: hosts.filter(({ healthy }) => healthy).length,
    hosts: keepsHosts ? hosts : [],
  };
}

/** Formats an entry of a list of services. The flag is a string, because consoles compare it with one. */
export function catalogLine({ group, name, clusters, instances, healthy, protectThreshold }: CatalogEntry): object {
  return {
    name,
    groupName: group,
    clusterCount: clusters.size,
    ipCount: instances,
    healthyInstanceCount: healthy,
    triggerFlag: String(isProtected(healthy, instances, protectThreshold)),
  };
}

/** Groups instances by the name of their cluster. */
export const byCluster = (hosts: readonly Host[]): Map<string, Host[]> =>
  Map.groupBy(hosts, ({ clusterName }) => clusterName);

/**
 * Reports whether a name contains the parts of an expression, in order. Nacos takes a regular expression, but people write
 * parts of names with `.*` between them, and an untrusted regular expression could run for ever.
 */
export function fits(name: string, expression: string): boolean {
  let from = 0;
  for (const part of expression.split(/\.?\*/)) {
    const at = name.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return true;
}

/** A request for a page of the services of a namespace. */
interface CatalogRequest {
  namespace: string | undefined;
  filter: CatalogFilter;
  page: PageRequest;
  hidesEmpty: boolean;
  withInstances: boolean;
}

/** Reads such a request. @param hides Name of the parameter that hides services without instances. */
export function readCatalog(parameters: Parameters, page: PageRequest, hides: string): CatalogRequest {
  return {
    namespace: namespaceOf(parameters),
    filter: { group: parameters.text('groupNameParam'), name: parameters.text('serviceNameParam') },
    page,
    hidesEmpty: parameters.flag(hides) ?? false,
    withInstances: parameters.flag('withInstances') ?? false,
  };
}

/** Services that match a request, on all pages. With instances, Nacos hides no empty ones. */
export const CATALOG: Omit<Call<CatalogRequest, CatalogEntry[]>, 'read'> = {
  method: 'get',
  scope: 'read',
  summary: 'Lists a page of the services of a namespace, for consoles',
  namespace: ({ namespace }) => namespace,
  call: async (namespace, { filter, page, hidesEmpty, withInstances }, { tokenId }) => {
    const { start, end } = pageBounds(page);
    const isOnPage = (index: number) => withInstances && index >= start && index < end;
    const entries = await catalogOf(namespace, filter, tokenId, isOnPage);
    return hidesEmpty && !withInstances ? entries.filter(({ instances }) => instances > 0) : entries;
  },
};
