import type { SnapshotService } from '../../model/frames';
import { joinedName } from '../../model/joined-name';
import type { NamespaceApi } from '../../model/namespace-api';
import { type Host, hostOf } from './host';
import { isProtected } from './service-info';
import { wholeNamespace } from './whole-namespace';

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
  const entries = new Map<string, { entry: CatalogEntry; keeps: boolean }>();
  const add = (service: SnapshotService) => {
    if (!fits(service.group, group) || !fits(service.name, name)) return;
    const key = joinedName({ group: service.group, service: service.name });
    const found = entries.get(key) ?? { entry: emptyEntry(service), keeps: keepsHosts(entries.size) };
    entries.set(key, found);
    for (const instance of service.instances) {
      const host = hostOf(instance);
      if (host === undefined) continue;
      count(found.entry, host);
      if (found.keeps) found.entry.hosts.push(host);
    }
  };
  for await (const service of wholeNamespace(namespace, tokenId)) add(service);
  return [...entries.values()].map(({ entry }) => entry);
}

const emptyEntry = ({ group, name, metadata, protectThreshold }: SnapshotService): CatalogEntry => ({
  group,
  name,
  metadata,
  protectThreshold,
  clusters: new Set(),
  instances: 0,
  healthy: 0,
  hosts: [],
});

function count(entry: CatalogEntry, { clusterName, healthy }: Host): void {
  entry.clusters.add(clusterName);
  entry.instances += 1;
  if (healthy) entry.healthy += 1;
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
