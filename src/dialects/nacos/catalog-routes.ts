import type { DialectDoor } from '../../http/dialect';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { ServiceView } from '../../model/service';
import { answer } from './answers';
import { byCluster, type CatalogEntry, catalogLine, catalogOf } from './catalog';
import { hostsOf } from './found-instances';
import type { Host } from './host';
import { nacosError } from './nacos-error';
import { clusterOf, groupedName, namespaceOf, serviceOf } from './names';
import { type PageAsked, pageBounds, pageOf } from './pages';
import { Parameters } from './parameters';
import { serviceIn, shownSelector } from './services';
import { result } from './v2-result';

const V1 = '/nacos/v1/ns/catalog';

/** The page that a console asks for: it names number and size, both. */
const pageAsked = (parameters: Parameters): PageAsked => ({
  pageNo: parameters.integer('pageNo') ?? 1,
  pageSize: parameters.integer('pageSize') ?? 0,
});

/** @throws {RegistryError} In Nacos' words where there is no such service. */
async function serviceView(namespace: NamespaceApi, service: ServiceKey, tokenId: string): Promise<ServiceView> {
  const view = await serviceIn(namespace, service, tokenId);
  if (view !== undefined) return view;
  throw nacosError('RESOURCE_NOT_FOUND', `service ${groupedName(service)} is not found!`);
}

/** Instances as the old list of everything has them. */
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

/** A cluster; what is said of probes is what Nacos says where nobody set them. */
const clusterShown = (service: ServiceKey, name: string): object => ({
  serviceName: groupedName(service),
  name,
  healthChecker: { type: 'TCP' },
  defaultPort: 80,
  defaultCheckPort: 80,
  useIPPort4Check: true,
  metadata: {},
});

function addServiceRoutes(door: DialectDoor): void {
  door.route({
    operation: 'v1 catalog of services',
    method: 'get',
    paths: [`${V1}/services`],
    scope: 'read',
    summary: 'A page of the services of a namespace, for consoles',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return {
        namespace: namespaceOf(parameters),
        filter: { group: parameters.text('groupNameParam'), name: parameters.text('serviceNameParam') },
        page: pageAsked(parameters),
        hidesEmpty: parameters.flag('hasIpCount') ?? false,
        withInstances: parameters.flag('withInstances') ?? false,
      };
    },
    namespace: ({ namespace }) => namespace,
    call: (namespace, { filter, page, withInstances }, { tokenId }) => {
      const { start, end } = pageBounds(page);
      return catalogOf(namespace, filter, tokenId, (index) => withInstances && index >= start && index < end);
    },
    answer: (entries, asked) => {
      if (asked.withInstances) return answer(pageOf(entries, asked.page).map(withInstances));
      const shown = asked.hidesEmpty ? entries.filter(({ instances }) => instances > 0) : entries;
      return answer({ count: shown.length, serviceList: pageOf(shown, asked.page).map(catalogLine) });
    },
  });

  door.route({
    operation: 'v1 catalog of a service',
    method: 'get',
    paths: [`${V1}/service`],
    scope: 'read',
    summary: 'A service and its clusters, for consoles',
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
          metadata: view.metadata,
        },
        clusters: [...byCluster(hosts).keys()].map((name) => clusterShown(service, name)),
      }),
  });
}

function addInstanceRoutes(door: DialectDoor): void {
  door.route({
    operation: 'v1 catalog of instances',
    method: 'get',
    paths: [`${V1}/instances`],
    scope: 'read',
    summary: 'A page of the instances of a cluster, for consoles',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return {
        namespace: namespaceOf(parameters),
        service: serviceOf(parameters),
        cluster: clusterOf(parameters),
        page: pageAsked(parameters),
      };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, { service }, { tokenId }) => hostsOf(namespace, service, tokenId),
    answer: (hosts, { service, cluster, page }) => {
      if (hosts.length === 0) throw nacosError('RESOURCE_NOT_FOUND', `service ${groupedName(service)} is not found!`);
      const members = hosts.filter(({ clusterName }) => clusterName === cluster);
      if (members.length === 0) throw nacosError('RESOURCE_NOT_FOUND', `cluster ${cluster} is not found!`);
      return answer({ list: pageOf(members, page), count: members.length });
    },
  });

  door.route({
    operation: 'v2 catalog of instances',
    method: 'get',
    paths: ['/nacos/v2/ns/catalog/instances'],
    scope: 'read',
    summary: 'A page of the instances of a service, for consoles',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return {
        namespace: namespaceOf(parameters),
        service: serviceOf(parameters),
        healthy: parameters.flag('healthyOnly'),
        enabled: parameters.flag('enabledOnly'),
        page: pageAsked(parameters),
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

/** What consoles up to 2.5 show. */
export function addCatalogRoutes(door: DialectDoor): void {
  addServiceRoutes(door);
  addInstanceRoutes(door);
}
