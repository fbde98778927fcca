import { RegistryError } from '../../model/errors';
import type { ResolveCommand } from '../../model/namespace-api';
import { type Near, Resolution, ResolveQuery } from '../../model/queries';
import { route } from '../pipeline/route';
import type { RouteCall } from '../pipeline/route-call';
import type { Surface } from '../pipeline/surface';
import { read } from '../response/answers';
import { SERVICE_PATH, ServiceNames } from './paths';

/** `near=auto` as the point where the platform says that the caller is. */
function resolvedNear(near: Near | undefined, call: RouteCall): ResolveCommand['near'] {
  if (near?.kind !== 'auto') return near;
  const { latitude, longitude } = call.place ?? {};
  if (latitude !== undefined && longitude !== undefined) return { kind: 'point', latitude, longitude };
  const message = 'near=auto: where you are is not known here; give near=<latitude>,<longitude> or near=zone:<name>';
  throw new RegistryError('INVALID_REQUEST', message, {
    errors: [{ path: 'near', message: 'the place of the caller is not known' }],
  });
}

/** The read that everything else is for: endpoints, ready to use. */
export function addResolveRoute(surface: Surface): void {
  route(surface, {
    operation: 'resolveService',
    method: 'get',
    path: `${SERVICE_PATH}/resolve`,
    scope: 'read',
    chapter: 'Callers',
    summary: 'Resolve a service to the endpoints that take traffic',
    description:
      'Enabled, healthy, up, not draining, weight above 0. With `near` the nearest come first; with `limit` and ' +
      'without `near` the choice is random by weight, and a cached answer holds one such choice. ' +
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
        // Two callers of near=auto have one query and two places.
        alsoDependsOn: query.near?.kind === 'auto' ? `#${JSON.stringify(near)}` : '',
      });
    },
    map: read,
  });
}
