import type { WatchScope } from './frames';
import type { ServiceKey } from './namespace-api';

/**
 * One part of what a watch is about; a scope is a list of them. A new kind needs a member of the frame in `frames.ts`,
 * and the compiler names the places in `core/namespace/watch/watch-scope.ts` that have to know it.
 */
export type ScopePart =
  | { readonly kind: 'namespace' }
  | { readonly kind: 'group'; readonly group: string }
  | ({ readonly kind: 'service' } & Readonly<ServiceKey>);

/** Reads a scope as frames carry it: with neither groups nor services, it is the whole namespace. */
export function scopeParts({ groups, services }: WatchScope): ScopePart[] {
  if (groups.length === 0 && services.length === 0) return [{ kind: 'namespace' }];
  return [
    ...groups.map((group): ScopePart => ({ kind: 'group', group })),
    ...services.map(({ group, service }): ScopePart => ({ kind: 'service', group, service })),
  ];
}

/** Returns a scope as frames carry it, and as sockets are remembered with it. */
export function scopeNames(parts: readonly ScopePart[]): WatchScope {
  return {
    groups: parts.filter((part) => part.kind === 'group').map(({ group }) => group),
    services: parts.filter((part) => part.kind === 'service').map(({ group, service }) => ({ group, service })),
  };
}
