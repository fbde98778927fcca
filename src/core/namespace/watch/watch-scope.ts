import { authorize, authorizeServices } from '../../../auth/authorize';
import type { Principal } from '../../../model/grant';
import type { ServiceKey } from '../../../model/namespace-api';
import type { ScopePart } from '../../../model/watch-scope';
import { type Catalog, compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';

/**
 * Everything that depends on the scope of a watch: its authorization, the services it includes, and the changes it is sent.
 * Every function here handles every kind of {@link ScopePart}, and no other code does.
 */
type Scope = readonly ScopePart[];

/** Returns whether a scope includes a service. */
export function inScope(scope: Scope, key: ServiceKey): boolean {
  return scope.some((part) => holds(part, key));
}

function holds(part: ScopePart, { group, service }: ServiceKey): boolean {
  switch (part.kind) {
    case 'namespace':
      return true;
    case 'group':
      return part.group === group;
    case 'service':
      return part.service === service && part.group === group;
  }
}

/** Returns the only service of a scope; undefined if the scope includes more. */
export function soleServiceOf([part, ...more]: Scope): ServiceKey | undefined {
  return part?.kind === 'service' && more.length === 0 ? { group: part.group, service: part.service } : undefined;
}

/**
 * Returns whether journal entries may contain changes within a scope. Searching their text saves parsing most of those that
 * don't.
 */
export function mayConcern(scope: Scope, texts: readonly string[]): boolean {
  return scope.some((part) => {
    if (part.kind !== 'service') return true;
    const named = `"service":${JSON.stringify(part.service)}`;
    return texts.some((text) => text.includes(named));
  });
}

/** Returns the services of a scope, ordered by name and group. Only a scope with groups scans all services. */
export function servicesIn(catalog: Catalog, scope: Scope): Iterable<ServiceEntry> {
  if (scope.some(({ kind }) => kind === 'namespace')) return catalog.services();
  const named = new Set<ServiceEntry>();
  const groups = new Set<string>();
  for (const part of scope) {
    if (part.kind === 'group') groups.add(part.group);
    const service = part.kind === 'service' ? catalog.service(part) : undefined;
    if (service !== undefined) named.add(service);
  }
  if (groups.size > 0) return catalog.services().filter((service) => groups.has(service.group) || named.has(service));
  return [...named].sort((a, b) => compare(a.name, b.name) || compare(a.group, b.group));
}

/**
 * Authorizes a watch. Every part must be allowed, as nothing is left out silently.
 *
 * @throws {RegistryError} `FORBIDDEN`.
 */
export function authorizeScope(principal: Principal, namespace: string, scope: Scope): void {
  const services: ServiceKey[] = [];
  for (const part of scope) {
    switch (part.kind) {
      case 'namespace':
        authorize(principal, 'read', { namespace });
        break;
      case 'group':
        authorize(principal, 'read', { namespace, group: part.group });
        break;
      case 'service':
        services.push(part);
    }
  }
  authorizeServices(principal, 'read', namespace, services);
}

/** Name of the whole namespace among the parts of an index; those of groups and services differ from it. */
const WHOLE = '\u0000';

function partName(part: ScopePart): string {
  switch (part.kind) {
    case 'namespace':
      return WHOLE;
    case 'group':
      return part.group;
    case 'service':
      return serviceName(part);
  }
}

const serviceName = ({ group, service }: ServiceKey): string => `${group}\u0000${service}`;

/** An index that finds the watchers of a service in time proportional to their number. */
export class WatchIndex<Watcher extends { readonly scope: Scope }> {
  readonly #byPart = new Map<string, Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    this.#size += 1;
    for (const part of watcher.scope) {
      const name = partName(part);
      const watchers = this.#byPart.get(name);
      if (watchers === undefined) this.#byPart.set(name, new Set([watcher]));
      else watchers.add(watcher);
    }
  }

  remove(watcher: Watcher): void {
    this.#size -= 1;
    for (const part of watcher.scope) {
      const name = partName(part);
      const watchers = this.#byPart.get(name);
      watchers?.delete(watcher);
      if (watchers?.size === 0) this.#byPart.delete(name);
    }
  }

  /** Returns the number of watches that include a service. */
  countOf(key: ServiceKey): number {
    if (this.#size === 0) return 0;
    const [whole, byGroup, byService] = this.#holding(key);
    // A watch may name both a service and its group; a watch of the whole namespace names nothing else.
    if (byGroup !== undefined && byService !== undefined) return new Set(this.watchersOf(key)).size;
    return (whole?.size ?? 0) + (byGroup?.size ?? 0) + (byService?.size ?? 0);
  }

  /** Returns the watchers of a service, each once. */
  watchersOf(key: ServiceKey): Iterable<Watcher> {
    const [first, ...more] = this.#holding(key).filter((watchers) => watchers !== undefined);
    if (first === undefined) return [];
    return more.length === 0 ? first : new Set([first, ...more].flatMap((watchers) => [...watchers]));
  }

  /** Returns the watchers of the whole namespace, of the group of a service, and of the service itself. */
  #holding(key: ServiceKey): [whole?: Set<Watcher>, byGroup?: Set<Watcher>, byService?: Set<Watcher>] {
    return [this.#byPart.get(WHOLE), this.#byPart.get(key.group), this.#byPart.get(serviceName(key))];
  }
}
