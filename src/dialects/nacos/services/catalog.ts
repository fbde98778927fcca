import type { NamespaceApi } from '../../../model/namespace-api';
import { type WholeService, wholeNamespace } from '../hosts/found-instances';
import type { Host } from '../hosts/host';
import { isProtected } from '../hosts/service-info';
import type { Call } from '../wire/answers';
import { namespaceOf } from '../wire/names';
import { type PageAsked, pageBounds } from '../wire/pages';
import type { Parameters } from '../wire/parameters';

/** A service as a catalog knows it. */
export interface CatalogEntry {
  group: string;
  name: string;
  metadata: Record<string, string>;
  protectThreshold: number;
  /** Names of the clusters that have instances. */
  clusters: Set<string>;
  instances: number;
  healthy: number;
  /** All instances, where they were asked for. */
  hosts: Host[];
}

/** Which services a catalog is about: names that have these texts in them, see {@link fits}. */
interface CatalogFilter {
  group: string;
  name: string;
}

/**
 * The services of a namespace with what is known of their instances, as of one moment: it is read in parts, and of a
 * part nothing is kept but this.
 *
 * @param keepsHosts Whether the instances of the service at this place of the catalog are kept, too.
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
    metadata,
    protectThreshold,
    clusters: new Set(hosts.map(({ clusterName }) => clusterName)),
    instances: hosts.length,
    healthy: hosts.filter(({ healthy }) => healthy).length,
    hosts: keepsHosts ? hosts : [],
  };
}

/** A line in a list of services. The flag is a text, as consoles compare it with one. */
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

/** Instances by the name of their cluster. */
export const byCluster = (hosts: readonly Host[]): Map<string, Host[]> =>
  Map.groupBy(hosts, ({ clusterName }) => clusterName);

/**
 * Whether a name has the parts of an expression in it, in order. Nacos takes a regular expression. What people write
 * are parts of names with `.*` between them, and an expression of a stranger's could take for ever.
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

/** A page of the services of a namespace, as it is asked for. */
interface CatalogAsked {
  namespace: string | undefined;
  filter: CatalogFilter;
  page: PageAsked;
  hidesEmpty: boolean;
  withInstances: boolean;
}

/** @param hides Name of the parameter that leaves out services without instances. */
export function catalogAsked(parameters: Parameters, page: PageAsked, hides: string): CatalogAsked {
  return {
    namespace: namespaceOf(parameters),
    filter: { group: parameters.text('groupNameParam'), name: parameters.text('serviceNameParam') },
    page,
    hidesEmpty: parameters.flag(hides) ?? false,
    withInstances: parameters.flag('withInstances') ?? false,
  };
}

/** The services that are asked for, on whatever page; with instances, Nacos hides no empty ones. */
export const CATALOG: Omit<Call<CatalogAsked, CatalogEntry[]>, 'read'> = {
  method: 'get',
  scope: 'read',
  summary: 'A page of the services of a namespace, for consoles',
  namespace: ({ namespace }) => namespace,
  call: async (namespace, { filter, page, hidesEmpty, withInstances }, { tokenId }) => {
    const { start, end } = pageBounds(page);
    const isOnPage = (index: number) => withInstances && index >= start && index < end;
    const entries = await catalogOf(namespace, filter, tokenId, isOnPage);
    return hidesEmpty && !withInstances ? entries.filter(({ instances }) => instances > 0) : entries;
  },
};
