import { type ClusterChecker, checkersIn, shownChecker, splitMetadata } from '../../../codecs/nacos/cluster-checker';
import type { Host } from '../../../codecs/nacos/host';
import { groupedName } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { NamespaceApi } from '../../../model/namespace-api';
import type { ServiceView } from '../../../model/service';
import { hostsOf } from '../hosts/found-instances';
import { result, type Version } from '../wire/answers';
import { groupOf, namespaceOf } from '../wire/names';
import { pageOf } from '../wire/pages';
import { Parameters } from '../wire/parameters';
import { byCluster } from './catalog';
import {
  CREATE_SERVICE,
  REMOVE_SERVICE,
  type ServiceNamed,
  serviceIn,
  serviceNamedIn,
  servicesIn,
  shownSelector,
  UPDATE_SERVICE,
} from './service-calls';

/** Maximum number of names on a page of v2, even if the request asks for more. Source: Nacos 2.5.1. */
const PAGE_MAX_COUNT = 500;
const PAGE_DEFAULT_COUNT = 20;

const done = () => result('ok');

/** Adds the service routes that v2 and v3 have in common. */
export function addWrappedServiceRoutes(door: DialectDoor, { version, path }: Version): void {
  const paths = [`${path}/service`];
  door.route({ ...CREATE_SERVICE, operation: `${version} create service`, paths, answer: done });
  door.route({ ...UPDATE_SERVICE, operation: `${version} update service`, paths, answer: done });
  door.route({ ...REMOVE_SERVICE, operation: `${version} remove service`, paths, answer: done });

  door.route({
    operation: `${version} get service`,
    method: 'get',
    paths,
    scope: 'read',
    summary: 'Reads a service',
    read: (request, _, form) => serviceNamedIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, asked, { tokenId, namespace: namespaceId }) =>
      shownService(await serviceWithHosts(namespace, asked, namespaceId, tokenId), namespaceId, version),
    answer: result,
  });
}

interface ServiceWithHosts {
  view: ServiceView;
  hosts: Host[];
}

async function serviceWithHosts(
  namespace: NamespaceApi,
  { service }: ServiceNamed,
  namespaceId: string,
  tokenId: string,
): Promise<ServiceWithHosts> {
  const view = await serviceIn(namespace, service, tokenId);
  if (view !== undefined) return { view, hosts: await hostsOf(namespace, service, tokenId) };
  const name = groupedName(service);
  throw nacosError('SERVICE_NOT_EXIST', `service not found, namespace: ${namespaceId}, serviceName: ${name}`);
}

/** Formats a cluster, with Nacos' default settings if it has no checker of its own. */
const shownCluster = (clusterName: string, checker: ClusterChecker | undefined): object => ({
  clusterName,
  healthChecker: shownChecker(checker),
  healthyCheckPort: checker?.checkPort ?? 80,
  useInstancePortForCheck: checker?.useInstancePort4Check ?? true,
  metadata: {},
  hosts: null,
});

/** Formats a service for v2 or v3. It is ephemeral if it has instances and all of them are. */
function shownService(
  { view, hosts }: ServiceWithHosts,
  namespaceId: string,
  version: Version['version'],
): Record<string, unknown> {
  const { group, name, metadata, protectThreshold, selector } = view;
  const checkers = checkersIn(metadata);
  const clusters = [...byCluster(hosts).keys()].map((each) => [each, shownCluster(each, checkers.get(each))] as const);
  return {
    [version === 'v2' ? 'namespace' : 'namespaceId']: namespaceId,
    serviceName: name,
    groupName: group,
    clusterMap: Object.fromEntries(clusters),
    metadata: splitMetadata(metadata).shown,
    protectThreshold,
    selector: shownSelector(selector),
    ephemeral: hosts.length > 0 && hosts.every(({ ephemeral }) => ephemeral),
  };
}

/** Adds the service routes of v2. */
export function addV2ServiceRoutes(door: DialectDoor): void {
  const path = '/nacos/v2/ns';
  addWrappedServiceRoutes(door, { version: 'v2', path });

  door.route({
    operation: 'v2 list services',
    method: 'get',
    paths: [`${path}/service/list`],
    scope: 'read',
    summary: 'Lists the names of the services of a group',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const pageSize = Math.min(PAGE_MAX_COUNT, parameters.integer('pageSize') ?? PAGE_DEFAULT_COUNT);
      const page = { pageNo: parameters.integer('pageNo') ?? 1, pageSize };
      return { namespace: namespaceOf(parameters), group: groupOf(parameters), page };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ group }) => ({ group }),
    call: (namespace, { group }, { tokenId }) => servicesIn(namespace, group, tokenId),
    answer: (services, { page }) =>
      result({ count: services.length, services: pageOf(services, page).map(({ name }) => name) }),
  });
}
