import { readCachedService } from './resolve/cached-service';
import { type EdgeParts, EdgeResolver, type EdgeResolverOptions } from './resolve/edge-resolver';
import type { ClientOptions } from './wire/client-options';
import { OutageReports } from './wire/outage-reports';
import { RegistryHttp } from './wire/registry-http';
import { REAL_TIME } from './wire/time';

export type { InstanceFilter } from './resolve/available';
export type { Attempt, Picker } from './resolve/balancer';
export type { EdgeChoice, EdgeRequestInit, EdgeResolver, EdgeResolverOptions } from './resolve/edge-resolver';
export type { Endpoint } from './resolve/endpoint';
export type { Place } from './resolve/nearest';
export { placeOf } from './resolve/nearest';
export type { ClientOptions } from './wire/client-options';

/**
 * Entry point `rollcall/client/edge`: resolves a service in Workers, where a watch cannot outlive a request.
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
 * @param registry URL and token; with a service binding as `fetch`, or over HTTPS.
 * @param service `orders` in the default group, or `group@@orders`.
 * @throws {RollcallError} `INVALID_REQUEST` if the URL is invalid.
 */
export function edgeResolver(
  registry: ClientOptions,
  service: string,
  options: EdgeResolverOptions = {},
): EdgeResolver {
  const http = new RegistryHttp(registry);
  const ask: EdgeParts['ask'] = (maxAgeMs, known) => readCachedService(http, REAL_TIME, service, maxAgeMs, known);
  const outages = new OutageReports(http.url, REAL_TIME, registry.onWarning, () => import('./wire/outages'));
  return new EdgeResolver(service, options, { ask, outages, time: REAL_TIME });
}
