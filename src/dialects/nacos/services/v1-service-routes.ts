import { checkersIn, shownChecker, splitMetadata } from '../../../codecs/nacos/cluster-checker';
import { groupedName } from '../../../codecs/nacos/names';
import { nacosError } from '../../../codecs/nacos/refusals';
import type { DialectDoor } from '../../../http/pipeline/dialect';
import { instancesOf } from '../hosts/found-instances';
import type { SharedChecks } from '../lists/shared-checks';
import { subscribersOf } from '../lists/subscribers';
import { answer, ok } from '../wire/answers';
import { groupOf, namespaceOf } from '../wire/names';
import { pageOf } from '../wire/pages';
import { Parameters } from '../wire/parameters';
import { fits } from './catalog';
import { UPDATE_CLUSTER } from './cluster-calls';
import {
  CREATE_SERVICE,
  REMOVE_SERVICE,
  readService,
  SELECTOR_TYPES,
  serviceIn,
  serviceNamedIn,
  servicesIn,
  shownSelector,
  UPDATE_SERVICE,
} from './service-calls';

const PATH = '/nacos/v1/ns/service';

/** Adds the service routes of v1. */
export function addV1ServiceRoutes(door: DialectDoor, checks: SharedChecks): void {
  door.route({ ...CREATE_SERVICE, operation: 'v1 create service', paths: [PATH], answer: ok });
  door.route({
    ...UPDATE_SERVICE,
    operation: 'v1 update service',
    paths: [PATH],
    read: (request, _, form) => readService(Parameters.of(request, form), true),
    answer: ok,
  });
  door.route({ ...REMOVE_SERVICE, operation: 'v1 remove service', paths: [PATH], answer: ok });

  door.route({
    operation: 'v1 get service',
    method: 'get',
    paths: [PATH],
    scope: 'read',
    summary: 'Reads a service',
    read: (request, _, form) => serviceNamedIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service }, call) => {
      const view = await serviceIn(namespace, service, call.tokenId);
      if (view === undefined) {
        const name = groupedName(service);
        throw nacosError('SERVICE_NOT_EXIST', `service not found, namespace: ${call.namespace}, serviceName: ${name}`);
      }
      const instances = await instancesOf(namespace, service, call.tokenId);
      const checkers = checkersIn(view.metadata);
      const clusters = [...new Set(instances.map(({ cluster }) => cluster))];
      return {
        namespaceId: call.namespace,
        groupName: service.group,
        name: service.service,
        protectThreshold: view.protectThreshold,
        metadata: splitMetadata(view.metadata).shown,
        selector: shownSelector(view.selector),
        clusters: clusters.map((name) => ({ name, healthChecker: shownChecker(checkers.get(name)), metadata: {} })),
      };
    },
    answer,
  });

  door.route({
    operation: 'v1 list services',
    method: 'get',
    paths: [`${PATH}/list`],
    scope: 'read',
    summary: 'Lists the services of a group',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      parameters.required('pageNo');
      parameters.required('pageSize');
      const page = { pageNo: parameters.integer('pageNo') ?? 1, pageSize: parameters.integer('pageSize') ?? 0 };
      return { namespace: namespaceOf(parameters), group: groupOf(parameters), ...page };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ group }) => ({ group }),
    call: async (namespace, { group, pageNo, pageSize }, call) => {
      const names = (await servicesIn(namespace, group, call.tokenId)).map(({ name }) => name);
      return { count: names.length, doms: pageOf(names, { pageNo, pageSize }) };
    },
    answer,
  });

  for (const method of ['get', 'post'] as const) {
    door.route({
      operation: `v1 service names (${method})`,
      method,
      paths: [`${PATH}/names`],
      scope: 'read',
      summary: 'Lists the names of all services of a namespace',
      read: (request, _, form) => {
        const parameters = Parameters.of(request, form);
        return { namespace: namespaceOf(parameters), expr: parameters.text('expr') };
      },
      namespace: ({ namespace }) => namespace,
      call: async (namespace, { expr }, call) => {
        const services = await servicesIn(namespace, undefined, call.tokenId);
        const names = services.map(({ group, name }) => groupedName({ group, service: name }));
        const found = { [call.namespace]: names.filter((name) => fits(name, expr)) };
        // Nacos 2.5.1 uses the second name instead of the first.
        return { services: found, 'META-INF/services': found, count: found[call.namespace]?.length ?? 0 };
      },
      answer,
    });
  }

  door.route({
    operation: 'v1 subscribers',
    method: 'get',
    paths: [`${PATH}/subscribers`],
    scope: 'read',
    summary: 'Lists the subscribers of a service',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const page = { pageNo: parameters.integer('pageNo') ?? 1, pageSize: parameters.integer('pageSize') ?? 1_000 };
      return { ...serviceNamedIn(request, form), ...page };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service, pageNo, pageSize }, call) => {
      const subscribers = await subscribersOf(namespace, service, checks, call);
      return { subscribers: pageOf(subscribers, { pageNo, pageSize }), count: subscribers.length };
    },
    answer,
  });

  door.route({
    operation: 'v1 selector types',
    method: 'get',
    paths: [`${PATH}/selector/types`],
    scope: 'any',
    summary: 'Lists the types of selectors',
    read: () => ({}),
    call: async () => ({ code: 200, message: null, data: SELECTOR_TYPES }),
    answer,
  });

  door.route({ ...UPDATE_CLUSTER, operation: 'v1 update cluster', paths: ['/nacos/v1/ns/cluster'], answer: ok });
}
