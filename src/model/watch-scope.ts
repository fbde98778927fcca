import type { WatchScope } from './frames';
import type { KeyInterval } from './key-interval';
import type { ServiceKey } from './namespace-api';

/**
 * One part of a watch's scope; a scope is a list of them. A new kind needs a member of the frame in `frames.ts`, and the
 * compiler reports the places in `core/namespace/watch/watch-scope.ts` that must handle it.
 */
export type ScopePart =
  | { readonly kind: 'namespace' }
  | { readonly kind: 'group'; readonly group: string }
  | ({ readonly kind: 'service' } & Readonly<ServiceKey>)
  | ({ readonly kind: 'keys' } & Readonly<KeyInterval>);

/** Converts a scope from the form that frames carry; an empty one is the whole namespace, without its entries. */
export function scopeParts({ groups, services, keys = [] }: WatchScope): ScopePart[] {
  if (groups.length === 0 && services.length === 0 && keys.length === 0) return [{ kind: 'namespace' }];
  return [
    ...groups.map((group): ScopePart => ({ kind: 'group', group })),
    ...services.map(({ group, service }): ScopePart => ({ kind: 'service', group, service })),
    ...keys.map(({ from, to }): ScopePart => ({ kind: 'keys', from, to })),
  ];
}

/** Converts a scope to the form that frames and the stored state of sockets carry. */
export function scopeNames(parts: readonly ScopePart[]): WatchScope {
  const keys = parts.filter((part) => part.kind === 'keys').map(({ from, to }) => ({ from, to }));
  return {
    groups: parts.filter((part) => part.kind === 'group').map(({ group }) => group),
    services: parts.filter((part) => part.kind === 'service').map(({ group, service }) => ({ group, service })),
    ...(keys.length > 0 && { keys }),
  };
}
