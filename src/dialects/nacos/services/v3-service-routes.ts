import { illegal } from '../../../codecs/nacos/names';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import type { SharedChecks } from '../lists/shared-checks';
import { type ShownSubscriber, subscribersOf } from '../lists/subscribers';
import { result } from '../wire/answers';
import { numberedPage, type PageRequest } from '../wire/pages';
import { Parameters } from '../wire/parameters';
import { byCluster, CATALOG, type CatalogEntry, catalogLine, readCatalog } from './catalog';
import { UPDATE_CLUSTER } from './cluster-calls';
import { SELECTOR_TYPES, serviceNamedIn } from './service-calls';
import { addWrappedServiceRoutes } from './v2-service-routes';

const ADMIN = '/nacos/v3/admin/ns';
const PAGE_DEFAULT_COUNT = 100;

/** Reads a page. @throws {RegistryError} `INVALID_REQUEST` for a number or size below 1, which v3 does not allow. */
function readPage(parameters: Parameters): PageRequest {
  const pageNo = parameters.integer('pageNo') ?? 1;
  const pageSize = parameters.integer('pageSize') ?? PAGE_DEFAULT_COUNT;
  if (pageNo < 1) throw illegal('pageNo', `the value should be positive, current is ${pageNo}.`);
  if (pageSize < 1) throw illegal('pageSize', `the value should be positive, current is ${pageSize}.`);
  return { pageNo, pageSize };
}

const withInstances = ({ group, name, metadata, hosts }: CatalogEntry): object => ({
  serviceName: name,
  groupName: group,
  clusterMap: Object.fromEntries([...byCluster(hosts)].map(([cluster, members]) => [cluster, { hosts: members }])),
  metadata,
});

/** Formats a subscriber, with group and service in separate members. */
const shownSubscriber = (group: string, service: string) => (subscriber: ShownSubscriber) => {
  const { namespaceId, ip, port, agent, app } = subscriber;
  return { namespaceId, groupName: group, serviceName: service, ip, port, agent, appName: app };
};

/** Adds the service routes of v3. */
export function addV3ServiceRoutes(door: DialectDoor, checks: SharedChecks): void {
  addWrappedServiceRoutes(door, { version: 'v3', path: ADMIN });

  door.route({
    ...CATALOG,
    operation: 'v3 list services',
    paths: [`${ADMIN}/service/list`],
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      return readCatalog(parameters, readPage(parameters), 'ignoreEmptyService');
    },
    answer: (entries, asked) =>
      result(numberedPage(entries, asked.page, asked.withInstances ? withInstances : catalogLine)),
  });

  door.route({
    operation: 'v3 subscribers',
    method: 'get',
    paths: [`${ADMIN}/service/subscribers`],
    scope: 'read',
    summary: 'Lists a page of the subscribers of a service',
    read: (request, _, form) => ({ ...serviceNamedIn(request, form), page: readPage(Parameters.of(request, form)) }),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: (namespace, { service }, call) => subscribersOf(namespace, service, checks, call),
    answer: (subscribers, { service, page }) =>
      result(numberedPage(subscribers, page, shownSubscriber(service.group, service.service))),
  });

  door.route({
    ...UPDATE_CLUSTER,
    operation: 'v3 update cluster',
    paths: [`${ADMIN}/cluster`],
    answer: () => result('ok'),
  });

  door.route({
    operation: 'v3 selector types',
    method: 'get',
    paths: [`${ADMIN}/service/selector/types`],
    scope: 'any',
    summary: 'Lists the types of selectors',
    read: () => undefined,
    call: async () => SELECTOR_TYPES,
    answer: result,
  });
}
