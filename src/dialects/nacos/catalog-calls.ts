import type { ServiceKey } from '../../model/namespace-api';
import { type CatalogEntry, type CatalogFilter, catalogOf } from './catalog';
import { hostsIn } from './found-instances';
import type { Host } from './host';
import type { Call } from './instance-calls';
import { clusterOf, namespaceOf, serviceOf } from './names';
import { type PageAsked, pageBounds } from './pages';
import type { Parameters } from './parameters';

/** A page of the services of a namespace, as it is asked for. */
export interface CatalogAsked {
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

/** A cluster of a service. */
export interface ClusterAsked {
  namespace: string | undefined;
  service: ServiceKey;
  cluster: string;
}

/** The cluster of a service that parameters name. */
export const clusterAsked = (parameters: Parameters): ClusterAsked => ({
  namespace: namespaceOf(parameters),
  service: serviceOf(parameters),
  cluster: clusterOf(parameters),
});

/** The instances of a cluster, those without traffic too; each version asks for more than which cluster. */
export const LIST_CLUSTER = {
  method: 'get',
  scope: 'read',
  summary: 'Lists the instances of a cluster, those without traffic too, for consoles',
  namespace: ({ namespace }: ClusterAsked) => namespace,
  target: ({ service }: ClusterAsked) => ({ service }),
  call: (namespace, { service, cluster }: ClusterAsked, { tokenId }): Promise<Host[]> =>
    hostsIn(namespace, service, cluster, tokenId),
} as const satisfies Omit<Call<ClusterAsked, Host[]>, 'read'>;
