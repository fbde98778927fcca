import { consulError } from '../../codecs/consul/refusals';
import { showCatalogService, showCheck, showHealth } from '../../codecs/consul/shown';
import type { DialectDoor } from '../../http/pipeline/dialect';
import { indexedAnswer } from './answers';
import { waitOf } from './blocking';
import { isPassing } from './entries';
import { serviceOf } from './names';
import { consulRoute } from './routes';
import { readServiceRequest, type ServiceListKind, type ServiceRead, type ServiceReads } from './service-reads';

/** Instances with their nodes and checks. Those of the node come first. */
export const HEALTH: ServiceListKind = {
  endpoint: 'health/service',
  show: ({ node, service, nodeChecks, checks }) => [showHealth(node, service, [...nodeChecks, ...checks])],
  keeps: isPassing,
};

/** Checks of the instances themselves. */
const CHECKS: ServiceListKind = { endpoint: 'health/checks', show: ({ checks }) => checks.map(showCheck) };

/** Instances with their nodes, without checks. */
const CATALOG: ServiceListKind = {
  endpoint: 'catalog/service',
  show: ({ node, service }) => [showCatalogService(node, service)],
};

/** Adds the reads of one service. */
export function addServiceRoutes(door: DialectDoor, reads: ServiceReads): void {
  addServiceListRoute(door, reads, HEALTH, 'Lists the instances of a service with their checks');
  addServiceListRoute(door, reads, CHECKS, 'Lists the checks of a service');
  addServiceListRoute(door, reads, CATALOG, 'Lists the instances of a service');
}

/** Adds the route of a list of one service, and the refusal of a request that names none. */
function addServiceListRoute(door: DialectDoor, reads: ServiceReads, kind: ServiceListKind, summary: string): void {
  const path = `/${kind.endpoint}`;
  consulRoute<ServiceRead, Awaited<ReturnType<ServiceReads['read']>>>(door, {
    operation: kind.endpoint,
    method: 'get',
    path: `${path}/:service`,
    scope: 'read',
    summary,
    withoutDeadline: true,
    read: (request) => readServiceRequest(request, kind.endpoint, kind.keeps !== undefined),
    target: ({ name }) => ({ service: serviceOf(name) }),
    waitMs: ({ options }) => waitOf(options),
    call: (_namespace, read, call) => reads.read(call, read, kind),
    answer: ({ text, index }, { options }) => indexedAnswer(text, index, options),
  });
  addMissingNameRoute(door, path, 'service name');
}

/** Adds the refusal of a request whose path ends before a name. */
export function addMissingNameRoute(door: DialectDoor, path: string, what: string): void {
  for (const end of ['', '/']) {
    consulRoute<undefined, never>(door, {
      operation: `${path.slice(1)} without a name`,
      method: 'get',
      path: `${path}${end}`,
      scope: 'any',
      summary: `Refuses a request without a ${what}`,
      read: () => {
        throw consulError(400, `Missing ${what}`);
      },
      call: () => Promise.reject(new Error('the request was refused')),
      answer: (never) => never,
    });
  }
}
