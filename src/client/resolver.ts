import type { Client } from './client';
import { type Resolver, type ResolverOptions, Resolvers } from './resolve/service-resolver';
import { REAL_TIME } from './wire/time';

export type { InstanceFilter } from './resolve/available';
export type { FetchOptions, ResolverRequestInit } from './resolve/balanced-fetch';
export type { Attempt, Picker } from './resolve/balancer';
export type { Endpoint } from './resolve/endpoint';
export type { EjectionOptions } from './resolve/outlier-ejection';
export type { CallReport, PickContext, Selector } from './resolve/selector';
export type { SnapshotStore } from './resolve/service-feed';
export type { Resolver, ResolverOptions } from './resolve/service-resolver';

/** Resolvers of each client, which share its watches. */
const resolversOf = new WeakMap<Client, Resolvers>();

/**
 * Entry point `rollcall/client/resolver`: resolves a service from a list that a watch of the client keeps current.
 *
 * Resolvers of the same service and client share a watch; closing the client ends it.
 *
 * @example
 * ```ts
 * const orders = resolver(client, 'orders');
 * const answer = await orders.fetch('/orders/7');
 * ```
 * @param service `orders` in the default group, or `group@@orders`.
 */
export function resolver(client: Client, service: string, options?: ResolverOptions): Resolver {
  let resolvers = resolversOf.get(client);
  if (resolvers === undefined) {
    resolvers = new Resolvers((scope, watchOptions) => client.watch(scope, watchOptions), REAL_TIME);
    resolversOf.set(client, resolvers);
  }
  return resolvers.open(service, options);
}
