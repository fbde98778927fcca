import type { WatchScope } from '../../../model/frames';
import type { ServiceKey } from '../../../model/namespace-api';

/** Whether a scope holds a service. */
export function inScope(scope: WatchScope, { group, service }: ServiceKey): boolean {
  if (isWhole(scope) || scope.groups.includes(group)) return true;
  return scope.services.some((each) => each.service === service && each.group === group);
}

/** Whether a scope is the whole namespace. */
export function isWhole({ groups, services }: WatchScope): boolean {
  return groups.length === 0 && services.length === 0;
}

function serviceName({ group, service }: ServiceKey): string {
  return `${group}\u0000${service}`;
}

/** Finds who watches a service, in time proportional to those who do. */
export class WatchIndex<Watcher extends { readonly scope: WatchScope }> {
  readonly #whole = new Set<Watcher>();
  readonly #byGroup = new Map<string, Set<Watcher>>();
  readonly #byService = new Map<string, Set<Watcher>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(watcher: Watcher): void {
    this.#size += 1;
    const { scope } = watcher;
    if (isWhole(scope)) this.#whole.add(watcher);
    for (const group of scope.groups) into(this.#byGroup, group, watcher);
    for (const service of scope.services) into(this.#byService, serviceName(service), watcher);
  }

  remove(watcher: Watcher): void {
    this.#size -= 1;
    const { scope } = watcher;
    this.#whole.delete(watcher);
    for (const group of scope.groups) outOf(this.#byGroup, group, watcher);
    for (const service of scope.services) outOf(this.#byService, serviceName(service), watcher);
  }

  /** How many watch a service. */
  countOf(key: ServiceKey): number {
    if (this.#size === 0) return 0;
    const byService = this.#byService.get(serviceName(key))?.size ?? 0;
    const byGroup = this.#byGroup.get(key.group)?.size ?? 0;
    // One may watch a service by its name and by its group.
    if (byService > 0 && byGroup > 0) return new Set(this.watchersOf(key)).size;
    return this.#whole.size + byGroup + byService;
  }

  /** Everybody who watches a service, each once. */
  watchersOf(key: ServiceKey): Iterable<Watcher> {
    const byService = this.#byService.get(serviceName(key));
    const byGroup = this.#byGroup.get(key.group);
    if (byGroup === undefined && this.#whole.size === 0) return byService ?? [];
    return new Set([...this.#whole, ...(byGroup ?? []), ...(byService ?? [])]);
  }
}

function into<Watcher>(map: Map<string, Set<Watcher>>, name: string, watcher: Watcher): void {
  const watchers = map.get(name);
  if (watchers === undefined) map.set(name, new Set([watcher]));
  else watchers.add(watcher);
}

function outOf<Watcher>(map: Map<string, Set<Watcher>>, name: string, watcher: Watcher): void {
  const watchers = map.get(name);
  watchers?.delete(watcher);
  if (watchers?.size === 0) map.delete(name);
}
