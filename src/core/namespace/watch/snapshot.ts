import type { WatchScope } from '../../../model/frames';
import type { SnapshotPlace } from '../../platform/connection';
import { type Catalog, compare, type ServiceEntry } from '../records/catalog';
import { viewOf, watchedService } from '../records/view';
import { isWhole } from './watch-index';
import type { WatchSource } from './watch-state';

/** A part of a snapshot: encoded services, and the place to go on from; undefined where it is the last. */
export interface SnapshotPart {
  services: string;
  next: SnapshotPlace | undefined;
}

/**
 * The next part of a snapshot, read as everything is now. Services come by name and group, their instances by id; a
 * large service goes on in the next part.
 *
 * @param partSize About how long the part may be.
 */
export function snapshotPart(
  state: WatchSource,
  scope: WatchScope,
  from: SnapshotPlace,
  partSize: number,
): SnapshotPart {
  const stamp = state.time.stamp();
  const services: string[] = [];
  let size = 0;
  for (const service of servicesIn(state.catalog, scope, from)) {
    const { name, group } = service;
    const next = (id: string) => ({ service: name, group, id, parts: from.parts + 1, cursor: from.cursor });
    const isContinued = from.service === name && from.group === group && from.id !== '';
    let last = isContinued ? from.id : '';
    if (size > partSize) return { services: services.join(','), next: next(last) };
    const head = JSON.stringify(watchedService({ group, service: name }, service.own)).slice(0, -1);
    size += head.length;
    const texts: string[] = [];
    const encoded = () => `${head},"instances":[${texts.join(',')}]}`;
    for (const id of idsAfter(service, last)) {
      const entry = service.instances.get(id);
      if (entry === undefined) continue;
      if (size > partSize) return { services: [...services, encoded()].join(','), next: next(last) };
      const text = JSON.stringify(viewOf(entry, stamp));
      texts.push(text);
      size += text.length;
      last = id;
    }
    if (!isContinued || texts.length > 0) services.push(encoded());
  }
  return { services: services.join(','), next: undefined };
}

function idsAfter(service: ServiceEntry, after: string): string[] {
  const ids = [...service.instances.keys()];
  return (after === '' ? ids : ids.filter((id) => compare(id, after) > 0)).sort(compare);
}

/** Services of a scope in order, from a place on. */
function* servicesIn(catalog: Catalog, scope: WatchScope, from: SnapshotPlace): Generator<ServiceEntry> {
  for (const service of candidates(catalog, scope)) {
    if (!service.exists) continue;
    if ((compare(service.name, from.service) || compare(service.group, from.group)) >= 0) yield service;
  }
}

/** The whole order is walked only by a watch that is about more than a few services. */
function candidates(catalog: Catalog, scope: WatchScope): Iterable<ServiceEntry> {
  if (isWhole(scope)) return catalog.services();
  if (scope.groups.length > 0) {
    const services = new Set(scope.services.map((key) => catalog.service(key)));
    return catalog.services().filter((service) => scope.groups.includes(service.group) || services.has(service));
  }
  const named = scope.services.map((key) => catalog.service(key)).filter((service) => service !== undefined);
  return [...new Set(named)].sort((a, b) => compare(a.name, b.name) || compare(a.group, b.group));
}
