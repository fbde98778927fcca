import { RegistryError } from '../../model/errors';
import type { ResolveCommand } from '../../model/namespace-api';
import { type Near, Resolution, ResolveQuery } from '../../model/queries';
import { route } from '../pipeline/route';
import type { RouteCall } from '../pipeline/route-call';
import type { Surface } from '../pipeline/surface';
import { read } from '../response/answers';
import { SERVICE_PATH, ServiceNames } from './paths';

/**
 * Replaces `near=auto` by the caller's location, as the platform reports it.
 *
 * @throws {RegistryError} `INVALID_REQUEST` if the platform reports none.
 */
function resolvedNear(near: Near | undefined, call: RouteCall): ResolveCommand['near'] {
  if (near?.kind !== 'auto') return near;
  const { latitude, longitude } = call.place ?? {};
  if (latitude !== undefined && longitude !== undefined) return { kind: 'point', latitude, longitude };
  const message =
    'near=auto: your location is unknown to the registry; use near=<latitude>,<longitude> or near=zone:<name>';
  throw new RegistryError('INVALID_REQUEST', message, {
    errors: [{ path: 'near', message: 'the location of the caller is unknown' }],
  });
}

/** Adds the route that resolves a service to its endpoints. */
export function addResolveRoute(surface: Surface): void {
  route(surface, {
    operation: 'resolveService',
    method: 'get',
    path: `${SERVICE_PATH}/resolve`,
    scope: 'read',
    chapter: 'Callers',
    summary: 'Resolve a service to the endpoints that take traffic',
    description:
      'Returns instances that are enabled, healthy, up, not draining and of a weight above 0. `near` sorts the nearest ' +
      'first; `limit` without `near` picks at random by weight, and a cached response repeats one such pick. ' +
      'A service that does not exist has no endpoints.',
    input: { path: ServiceNames, query: ResolveQuery },
    withoutDeadline: true,
    conditional: 'read',
    answers: { 200: { description: 'Endpoints, ready to use', schema: Resolution } },
    call: (namespace, { path, query }, call) => {
      const near = resolvedNear(query.near, call);
      const { cluster, tag, limit } = query;
      return call.read({
        freshness: query,
        about: { service: path },
        ask: (options) => namespace.resolve({ ...path, cluster, tag, near, limit, ...options }),
        // Two callers with near=auto send the same query from two locations.
        alsoDependsOn: query.near?.kind === 'auto' ? `#${JSON.stringify(near)}` : '',
      });
    },
    map: read,
  });
}
