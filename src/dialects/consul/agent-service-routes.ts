import { parseBody } from '../../codecs/consul/members';
import { consulError } from '../../codecs/consul/refusals';
import { readServiceRegistration } from '../../codecs/consul/service';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { readBodyText } from '../../http/request/body';
import { BODY_MAX_BYTES } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import { deregisterService, registerService } from './agent-services';
import { emptyAnswer } from './answers';
import type { CatalogCopies } from './catalog-copy';
import { instanceIn, runnerIn } from './check-runner';
import { maintainNode, maintainService, nodesTarget } from './maintenance';
import { isNodes, serviceOf } from './names';
import { type ConsulRequest, consulRoute } from './routes';

/**
 * Returns the service of a name that is registered.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for the service of the records of nodes.
 */
export function registeredService(name: string): ServiceKey {
  const service = serviceOf(name);
  if (!isNodes(service)) return service;
  throw consulError(400, `the service ${JSON.stringify(name)} holds the records of nodes; use another name`);
}

const maintenanceIn = ({ node, query }: ConsulRequest) => ({
  node,
  enabled: query.enable(),
  reason: query.text('reason'),
});

/** Adds the routes that register services at an agent, and that take them out of traffic. */
export function addAgentServiceRoutes(door: DialectDoor, copies: CatalogCopies): void {
  consulRoute(door, {
    operation: 'agent service register',
    method: 'put',
    path: '/agent/service/register',
    scope: 'register',
    summary: 'Registers a service with its checks',
    read: async ({ node, query, request }) => {
      const service = readServiceRegistration(parseBody(await readBodyText(request, BODY_MAX_BYTES)));
      if (service.hasSidecar) {
        throw consulError(
          400,
          'Connect.SidecarService is not supported: there is no service mesh; leave it out, or register the proxy as a service of its own',
        );
      }
      registeredService(service.name);
      return { node, service, replacesChecks: query.replacesChecks(), runner: runnerIn(request) };
    },
    target: ({ service }) => ({ service: serviceOf(service.name) }),
    call: (_namespace, registration, call) => registerService(call, copies, registration),
    answer: () => emptyAnswer(),
  });

  consulRoute(door, {
    operation: 'agent service deregister',
    method: 'put',
    path: '/agent/service/deregister/:service{.+}',
    scope: 'any',
    summary: 'Removes a service with its checks',
    read: ({ node, names: { service = '' }, request }) => ({ node, id: service, only: instanceIn(request) }),
    call: (_namespace, service, call) => deregisterService(call, copies, service),
    answer: () => emptyAnswer(),
  });

  consulRoute(door, {
    operation: 'agent service maintenance',
    method: 'put',
    path: '/agent/service/maintenance/:service{.+}',
    scope: 'any',
    summary: 'Takes a service out of traffic, or puts it back',
    read: (request) => ({ ...maintenanceIn(request), serviceId: request.names.service ?? '' }),
    call: (_namespace, { serviceId, ...maintenance }, call) => maintainService(call, copies, serviceId, maintenance),
    answer: () => emptyAnswer(),
  });

  consulRoute(door, {
    operation: 'agent maintenance',
    method: 'put',
    path: '/agent/maintenance',
    scope: 'register',
    summary: 'Takes all services of the node out of traffic, or puts them back',
    read: maintenanceIn,
    target: nodesTarget,
    call: (_namespace, maintenance, call) => maintainNode(call, copies, maintenance),
    answer: () => emptyAnswer(),
  });
}
