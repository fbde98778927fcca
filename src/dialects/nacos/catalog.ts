import type { NamespaceApi } from '../../model/namespace-api';
import type { Host } from './host';
import { isProtected } from './service-info';
import { type WholeService, wholeNamespace } from './whole-namespace';

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
export interface CatalogFilter {
  group: string;
  name: string;
}

/**
 * The services of a namespace with what is known of their instances, as of one moment: it is read in parts, and of a
 * part nothing is kept but this.
 *
 * @param keepsHosts Whether the instances of the service at this place of the catalog are kept, too.
 */
export async function catalogOf(
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
