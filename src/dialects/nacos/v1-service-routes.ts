import type { DialectDoor } from '../../http/dialect';
import type { ServiceKey } from '../../model/namespace-api';
import { answer, ok } from './answers';
import { instancesOf } from './found-instances';
import { nacosError } from './nacos-error';
import { clusterNamed, groupedName, groupOf, namespaceOf, serviceOf } from './names';
import { pageOf } from './pages';
import { Parameters } from './parameters';
import {
  createService,
  missingService,
  readService,
  removeService,
  selectorTypes,
  serviceIn,
  servicesIn,
  shownSelector,
  updateService,
} from './services';
import { subscribersOf } from './subscribers';

const PATH = '/nacos/v1/ns/service';

/** A service that a request names. */
function namedIn(request: Request, form: string): { namespace: string | undefined; service: ServiceKey } {
  const parameters = Parameters.of(request, form);
  return { namespace: namespaceOf(parameters), service: serviceOf(parameters) };
}

/** Services in v1. */
export function addV1ServiceRoutes(door: DialectDoor): void {
  door.route({
    operation: 'v1 create service',
    method: 'post',
    paths: [PATH],
    scope: 'operate',
    summary: 'Creates a service, which stays when its last instance goes',
    read: (request, _, form) => readService(Parameters.of(request, form), false),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: createService,
    answer: ok,
  });

  door.route({
    operation: 'v1 update service',
    method: 'put',
    paths: [PATH],
    scope: 'operate',
    summary: 'Sets what a service has of its own',
    read: (request, _, form) => readService(Parameters.of(request, form), true),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: updateService,
    answer: ok,
  });

  door.route({
    operation: 'v1 remove service',
    method: 'delete',
    paths: [PATH],
    scope: 'operate',
    summary: 'Removes a service without instances',
    read: (request, _, form) => namedIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: removeService,
    answer: ok,
  });

  door.route({
    operation: 'v1 get service',
    method: 'get',
    paths: [PATH],
    scope: 'read',
    summary: 'Reads a service',
    read: (request, _, form) => namedIn(request, form),
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service }, call) => {
      const view = await serviceIn(namespace, service, call.tokenId);
      if (view === undefined) {
        const name = groupedName(service);
        throw nacosError('SERVICE_NOT_EXIST', `service not found, namespace: ${call.namespace}, serviceName: ${name}`);
      }
      const instances = await instancesOf(namespace, service, call.tokenId);
      const clusters = [...new Set(instances.map(({ cluster }) => cluster))];
      return {
        namespaceId: call.namespace,
        groupName: service.group,
        name: service.service,
        protectThreshold: view.protectThreshold,
        metadata: view.metadata,
        selector: shownSelector(view.selector),
        clusters: clusters.map((name) => ({ name, healthChecker: { type: 'TCP' }, metadata: {} })),
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
        // Nacos 2.5.1 has the second name for the first.
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
    summary: 'Lists who subscribes to a service',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      const page = { pageNo: parameters.integer('pageNo') ?? 1, pageSize: parameters.integer('pageSize') ?? 1_000 };
      return { ...namedIn(request, form), ...page };
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service, pageNo, pageSize }, call) => {
      const subscribers = await subscribersOf(namespace, service, call);
      return { subscribers: pageOf(subscribers, { pageNo, pageSize }), count: subscribers.length };
    },
    answer,
  });

  door.route({
    operation: 'v1 selector types',
    method: 'get',
    paths: [`${PATH}/selector/types`],
    scope: 'any',
    summary: 'Lists the kinds of selectors',
    read: () => ({}),
    call: async () => ({ code: 200, message: null, data: selectorTypes }),
    answer,
  });

  door.route({
    operation: 'v1 update cluster',
    method: 'put',
    paths: ['/nacos/v1/ns/cluster'],
    scope: 'operate',
    summary: 'Takes settings of health checks, of which there are none',
    read: (request, _, form) => {
      const parameters = Parameters.of(request, form);
      clusterNamed(parameters.required('clusterName'));
      return namedIn(request, form);
    },
    namespace: ({ namespace }) => namespace,
    target: ({ service }) => ({ service }),
    call: async (namespace, { service }, call) => {
      if ((await serviceIn(namespace, service, call.tokenId)) === undefined) throw missingService(service);
    },
    answer: ok,
  });
}

/**
 * Whether a name has the parts of an expression in it, in order. Nacos takes a regular expression; what people write
 * are parts of names with `.*` between them, and those of strangers may take for ever.
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
