import type { ClientOptions } from './client-options';
import { type AskService, EdgeResolver, type EdgeResolverOptions } from './edge-resolver';
import { RegistryHttp } from './registry-http';
import { REAL_TIME } from './time';
import { readToldService } from './told-service';

export type { InstanceFilter } from './available';
export type { Attempt, Picker } from './balancer';
export type { ClientOptions } from './client-options';
export type { EdgeChoice, EdgeRequestInit, EdgeResolver, EdgeResolverOptions } from './edge-resolver';
export type { Endpoint } from './endpoint';
export { placeOf } from './place-of';
export type { Place } from './selectors/nearest';

/**
 * Entry point `rollcall/client/edge`: who answers for a service, for Workers, where nothing can watch beyond a request.
 *
 * @example
 * ```ts
 * import { env, waitUntil } from 'cloudflare:workers';
 *
 * const registry = { url: 'https://registry', token: env.TOKEN, fetch: env.REGISTRY };
 * const orders = edgeResolver(registry, 'orders', { waitUntil });
 *
 * export default { fetch: (request) => orders.fetch(request, { near: request }) };
 * ```
 * @param registry Where it answers, and as whom: by a service binding as `fetch`, or over HTTPS.
 * @param service `orders` in the default group, or `group@@orders`.
 * @throws {RollcallError} `INVALID_REQUEST` if the url is none.
 */
export function edgeResolver(
  registry: ClientOptions,
  service: string,
  options: EdgeResolverOptions = {},
): EdgeResolver {
  const http = new RegistryHttp(registry);
  const ask: AskService = (maxAgeMs, known) => readToldService(http, REAL_TIME, service, maxAgeMs, known);
  return new EdgeResolver(service, options, ask, REAL_TIME);
}
