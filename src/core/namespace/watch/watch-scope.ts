import { authorize, authorizeServices } from '../../../auth/authorize';
import type { Principal } from '../../../model/grant';
import { isWithin, type KeyInterval } from '../../../model/key-interval';
import type { ServiceKey } from '../../../model/namespace-api';
import type { ScopePart } from '../../../model/watch-scope';
import { type Catalog, compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';
import { IntervalIndex } from './interval-index';

/**
 * Everything that depends on the scope of a watch: its authorization, the services it includes, and the changes it is sent.
 * Every function here handles every kind of {@link ScopePart}, and no other code does.
 */
type Scope = readonly ScopePart[];

/** The key of an entry that changed. */
export interface ChangedKey {
  /** One character a byte. */
  readonly key: string;
}

/** Anything that changes and that a scope may include: a service with its instances, or an entry. */
export type Watchable = Readonly<ServiceKey> | ChangedKey;

/** Returns whether a change is one of an entry. */
export const isEntry = (changed: Watchable): changed is ChangedKey => 'key' in changed;

/** Returns whether a scope includes a service or an entry. */
export function inScope(scope: Scope, changed: Watchable): boolean {
  return scope.some((part) => (isEntry(changed) ? holdsKey(part, changed.key) : holds(part, changed)));
}

function holds(part: ScopePart, { group, service }: ServiceKey): boolean {
  switch (part.kind) {
    case 'namespace':
      return true;
    case 'group':
      return part.group === group;
    case 'service':
      return part.service === service && part.group === group;
    case 'keys':
      return false;
  }
}

/** A watch of the whole namespace has no entries: its clients may not know them. */
function holdsKey(part: ScopePart, key: string): boolean {
  return part.kind === 'keys' && isWithin(key, part);
}

/** Returns whether a scope has keys of entries. */
export function hasKeys(scope: Scope): boolean {
  return scope.some(({ kind }) => kind === 'keys');
}

/** Returns the keys of a scope from one on, as intervals that are in order and have no key in common. */
export function keysIn(scope: Scope, from: string): KeyInterval[] {
  const intervals = scope.filter((part) => part.kind === 'keys').sort((a, b) => (a.from < b.from ? -1 : 1));
  const joined: KeyInterval[] = [];
  for (const { from: begin, to } of intervals) {
    if (to !== undefined && to <= from) continue;
    const first = begin < from ? from : begin;
    const last = joined.at(-1);
    if (last === undefined || (last.to !== undefined && last.to < first)) joined.push({ from: first, to });
    else if (last.to !== undefined && (to === undefined || to > last.to)) last.to = to;
  }
  return joined;
}

/** Returns the only service of a scope; undefined if the scope includes more. */
export function soleServiceOf([part, ...more]: Scope): ServiceKey | undefined {
  return part?.kind === 'service' && more.length === 0 ? { group: part.group, service: part.service } : undefined;
}

/**
 * Returns whether rows of the journal may contain changes of records within a scope. Searching their text saves parsing most of those that
 * don't.
 */
export function mayConcern(scope: Scope, texts: readonly string[]): boolean {
  return scope.some((part) => {
    if (part.kind === 'keys') return false;
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
      case 'keys':
        authorize(principal, 'read', { namespace, keys: { from: part.from, to: part.to } });
        break;
      case 'service':
        services.push(part);
    }
  }
  authorizeServices(principal, 'read', namespace, services);
}

/** Name of the whole namespace among the parts of an index; those of groups and services differ from it. */
const WHOLE = '\u0000';

/** Returns the name of a part in the index of services; undefined for keys, which have an index of their own. */
function partName(part: ScopePart): string | undefined {
  switch (part.kind) {
    case 'namespace':
      return WHOLE;
    case 'group':
      return part.group;
    case 'service':
      return serviceName(part);
    case 'keys':
      return undefined;
  }
}

const serviceName = ({ group, service }: ServiceKey): string => `${group}\u0000${service}`;

/** Sets of watchers by name. */
class NamedWatchers<Watcher> {
  readonly #byName = new Map<string, Set<Watcher>>();

  get(name: string): Set<Watcher> | undefined {
    return this.#byName.get(name);
  }

  add(name: string, watcher: Watcher): void {
    const watchers = this.#byName.get(name);
    if (watchers === undefined) this.#byName.set(name, new Set([watcher]));
    else watchers.add(watcher);
  }

  remove(name: string, watcher: Watcher): void {
    const watchers = this.#byName.get(name);
    watchers?.delete(watcher);
    if (watchers?.size === 0) this.#byName.delete(name);
  }
}

/** An index that finds the watchers of a service, or of a single key, in time proportional to their number. */
export class WatchIndex<Watcher extends { readonly scope: Scope }> {
  readonly #byPart = new NamedWatchers<Watcher>();
  /** Watchers of single keys. */
  readonly #byKey = new NamedWatchers<Watcher>();
  /** Watchers of other intervals. */
  readonly #byInterval = new IntervalIndex<Watcher>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    this.#size += 1;
    for (const part of watcher.scope) {
      const name = partName(part);
      if (name !== undefined) this.#byPart.add(name, watcher);
      else if (part.kind === 'keys') this.#addKeys(part, watcher);
    }
  }

  #addKeys(interval: KeyInterval, watcher: Watcher): void {
    if (isSingle(interval)) this.#byKey.add(interval.from, watcher);
    else this.#byInterval.add(interval, watcher);
  }

  remove(watcher: Watcher): void {
    this.#size -= 1;
    for (const part of watcher.scope) {
      const name = partName(part);
      if (name !== undefined) this.#byPart.remove(name, watcher);
      else if (part.kind === 'keys') this.#removeKeys(part, watcher);
    }
  }

  #removeKeys(interval: KeyInterval, watcher: Watcher): void {
    if (isSingle(interval)) this.#byKey.remove(interval.from, watcher);
    else this.#byInterval.remove(interval, watcher);
  }

  /** Returns the number of watches that include a service. */
  countOf(key: ServiceKey): number {
    if (this.#size === 0) return 0;
    const [whole, byGroup, byService] = this.#holding(key);
    // A watch may name both a service and its group; a watch of the whole namespace names nothing else.
    if (byGroup !== undefined && byService !== undefined) return new Set(this.watchersOf(key)).size;
    return (whole?.size ?? 0) + (byGroup?.size ?? 0) + (byService?.size ?? 0);
  }

  /** Returns the watchers of a service or an entry, each once. */
  watchersOf(changed: Watchable): Iterable<Watcher> {
    const holding = isEntry(changed) ? this.#holdingKey(changed.key) : this.#holding(changed);
    const [first, ...more] = holding.filter((watchers) => watchers !== undefined);
    if (first === undefined) return [];
    return more.length === 0 ? first : new Set([first, ...more].flatMap((watchers) => [...watchers]));
  }

  /** Returns the watchers of the whole namespace, of the group of a service, and of the service itself. */
  #holding(key: ServiceKey): [whole?: Set<Watcher>, byGroup?: Set<Watcher>, byService?: Set<Watcher>] {
    return [this.#byPart.get(WHOLE), this.#byPart.get(key.group), this.#byPart.get(serviceName(key))];
  }

  /** Returns the watchers of a key, and of each interval that has it. */
  #holdingKey(key: string): (Set<Watcher> | undefined)[] {
    return [this.#byKey.get(key), ...this.#byInterval.setsOf(key)];
  }
}

const isSingle = ({ from, to }: KeyInterval): boolean => to === `${from}\u0000`;
