import { type ClusterChecker, checkersIn, shownChecker, splitMetadata } from '../../../codecs/nacos/cluster-checker';
import type { Host } from '../../../codecs/nacos/host';
import { groupedName } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import type { ServiceView } from '../../../model/service';
import { hostsOf } from '../hosts/found-instances';
import { type ClusterRequest, LIST_CLUSTER, readCluster } from '../instances/instance-calls';
import { byCluster, CATALOG, type CatalogEntry, catalogLine, readCatalog } from '../services/catalog';
import { serviceIn, shownSelector } from '../services/service-calls';
import { answer, result } from '../wire/answers';
import { namespaceOf, serviceOf } from '../wire/names';
import { type PageRequest, pageOf } from '../wire/pages';
import { Parameters } from '../wire/parameters';

const V1 = '/nacos/v1/ns/catalog';

/** Reads the page that a console requests; it sends both number and size. */
const readPage = (parameters: Parameters): PageRequest => ({
  pageNo: parameters.integer('pageNo') ?? 1,
  pageSize: parameters.integer('pageSize') ?? 0,
});

/** @throws {RegistryError} With Nacos' message if the service does not exist. */
async function serviceView(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<ServiceView> {
  const view = await serviceIn(namespace, service, tokenId);
  if (view !== undefined) return view;
  throw nacosError('RESOURCE_NOT_FOUND', `service ${groupedName(service)} is not found!`);
}

/** Formats instances for the old list of services with their instances. */
function clusterMap(hosts: readonly Host[]): object {
  const clusters = [...byCluster(hosts)].map(([name, members]) => {
    const shown = members.map(({ ip, port, healthy, enabled, weight, metadata }) => {
      return { valid: healthy, metadata, port, ip, weight, enabled };
    });
    return [name, { hosts: shown }] as const;
  });
  return Object.fromEntries(clusters);
}

const withInstances = ({ group, name, metadata, hosts }: CatalogEntry): object => ({
  serviceName: name,
  groupName: group,
  clusterMap: clusterMap(hosts),
  metadata,
});

/** Formats a cluster, with Nacos' default settings if it has no checker of its own. */
const clusterShown = (service: ServiceKey, name: string, checker: ClusterChecker | undefined): object => ({
  serviceName: groupedName(service),
  name,
  healthChecker: shownChecker(checker),
  defaultPort: 80,
  defaultCheckPort: checker?.checkPort ?? 80,
  useIPPort4Check: checker?.useInstancePort4Check ?? true,
  metadata: {},
});

function addServiceRoutes(door: DialectDoor): void {
  door.route({
    ...CATALOG,
    operation: 'v1 catalog of services',
    paths: [`${V1}/services`],
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return readCatalog(parameters, readPage(parameters), 'hasIpCount');
    },
    answer: (entries, request) => {
      const onPage = pageOf(entries, request.page);
      if (request.withInstances) return answer(onPage.map(withInstances));
      return answer({ count: entries.length, serviceList: onPage.map(catalogLine) });
    },
  });

  door.route({
    operation: 'v1 catalog of a service',
    method: 'get',
    paths: [`${V1}/service`],
    scope: 'read',
    summary: 'Reads a service and its clusters, for consoles',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { namespace: namespaceOf(parameters), service: serviceOf(parameters) };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service }, { tokenId }) => {
      const view = await serviceView(namespace, service, tokenId);
      return { view, hosts: await hostsOf(namespace, service, tokenId) };
    },
    answer: ({ view, hosts }, { service }) =>
      answer({
        service: {
          name: service.service,
          groupName: service.group,
          protectThreshold: view.protectThreshold,
          selector: shownSelector(view.selector),
          metadata: splitMetadata(view.metadata).shown,
        },
        clusters: [...byCluster(hosts).keys()].map((name) =>
          clusterShown(service, name, checkersIn(view.metadata).get(name)),
        ),
      }),
  });
}

function addInstanceRoutes(door: DialectDoor): void {
  door.route<ClusterRequest & { page: PageRequest }, Host[]>({
    ...LIST_CLUSTER,
    operation: 'v1 catalog of instances',
    paths: [`${V1}/instances`],
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return { ...readCluster(parameters), page: readPage(parameters) };
    },
    answer: (hosts, { page }) => answer({ list: pageOf(hosts, page), count: hosts.length }),
  });

  door.route({
    operation: 'v2 catalog of instances',
    method: 'get',
    paths: ['/nacos/v2/ns/catalog/instances'],
    scope: 'read',
    summary: 'Lists a page of the instances of a service, for consoles',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return {
        namespace: namespaceOf(parameters),
        service: serviceOf(parameters),
        healthy: parameters.flag('healthyOnly'),
        enabled: parameters.flag('enabledOnly'),
        page: readPage(parameters),
      };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, { service }, { tokenId }) => hostsOf(namespace, service, tokenId),
    answer: (hosts, { healthy, enabled, page }) => {
      const sought = hosts
        .filter((host) => healthy === undefined || host.healthy === healthy)
        .filter((host) => enabled === undefined || host.enabled === enabled);
      return result({ instances: pageOf(sought, page), count: sought.length });
    },
  });
}

/** Adds the catalog routes for consoles up to Nacos 2.5. */
export function addCatalogRoutes(door: DialectDoor): void {
  addServiceRoutes(door);
  addInstanceRoutes(door);
}
