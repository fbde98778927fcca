import { RegistryError } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { type JsonText, jsonText } from '../../model/json-text';
import type { InstanceListCommand, ServiceListCommand } from '../../model/namespace-api';
import type { InstanceFilter, InstanceList } from '../../model/queries';
import type { ServiceList } from '../../model/service';
import type { HeldDocument, ListedInstances } from '../../model/shared-document';
import { type Catalog, compare, type InstanceEntry, isAvailable, type ServiceEntry } from '../catalog';
import { addressMatcher, documentIn, hasAddress } from '../records';
import { serviceSummary, viewOf } from '../view';
import type { AnswerCache } from './answer-cache';

/** Instances of a service in the order of their ids. `now` is for people. A service that does not exist has none. */
export function listInstances(
  service: ServiceEntry | undefined,
  command: InstanceListCommand,
  cache: AnswerCache,
  now: number,
): JsonText<ListedInstances> {
  if (service === undefined) return jsonText({ instances: [] });
  const { filter, place, documents, limit, after } = command;
  const isWhole = Object.keys(filter).length === 0 && place === undefined && limit === undefined && after === undefined;
  const isPlain = isWhole && documents !== true;
  if (!isPlain) return jsonText(page(service, command, now));
  return cache.list(service, () => {
    const list = page(service, command, now);
    // The mark of flapping ends with time alone, so such a list does not keep.
    return { text: jsonText(list), keeps: list.instances.every(({ flapping }) => !flapping) };
  });
}

function page(service: ServiceEntry, command: InstanceListCommand, now: number): ListedInstances {
  const list = pageOf(viewsOf(service, command, now), command);
  const protectThreshold = service.own?.record.definition.protectThreshold ?? 0;
  return {
    ...list,
    ...(protectThreshold > 0 ? { protectThreshold } : {}),
    ...(command.documents === true ? { documents: documentsOf(service, list.instances) } : {}),
  };
}

/** The documents that instances of a service share, each once. */
function documentsOf(service: ServiceEntry, instances: readonly InstanceView[]): HeldDocument[] {
  const held = new Map<string, HeldDocument>();
  for (const { id } of instances) {
    const document = service.documents.get(documentIn(service.instances.get(id)?.text ?? '') ?? '');
    if (document === undefined) continue;
    const known = held.get(document.id) ?? { text: document.text, instances: [] };
    known.instances.push(id);
    held.set(document.id, known);
  }
  return [...held.values()];
}

function* viewsOf(service: ServiceEntry, command: InstanceListCommand, now: number): Generator<InstanceView> {
  const { filter, after } = command;
  for (const entry of entriesAt(service, command).sort((a, b) => compare(a.id, b.id))) {
    if (after !== undefined && compare(entry.id, after) <= 0) continue;
    // Known without reading the text.
    if (filter.available !== undefined && isAvailable(entry) !== filter.available) continue;
    yield viewOf(entry, now);
  }
}

/** Those at a place, or all of them. Known from the beginning of each text. */
function entriesAt(service: ServiceEntry, { place }: InstanceListCommand): InstanceEntry[] {
  const entries = [...service.instances.values()];
  if (place === undefined) return entries;
  const isThere = addressMatcher(place.address, place.port);
  return entries.filter(({ text }) => isThere(text) || !hasAddress(text));
}

/** The instances that a list shows, of views in the order of their ids, from the one after `after` on. */
export function pageOf(views: Iterable<InstanceView>, { filter, limit }: InstanceListCommand): InstanceList {
  const instances: InstanceView[] = [];
  for (const view of views) {
    if (!matches(view, filter)) continue;
    if (limit !== undefined && instances.length === limit) return { instances, next: instances.at(-1)?.id };
    instances.push(view);
  }
  return { instances };
}

function matches(instance: InstanceView, { cluster, tag, status, available, metadata }: InstanceFilter): boolean {
  if (available !== undefined && instance.available !== available) return false;
  if (cluster !== undefined && instance.cluster !== cluster) return false;
  if (tag !== undefined && !instance.tags.includes(tag)) return false;
  if (status !== undefined && instance.status !== status) return false;
  return Object.entries(metadata ?? {}).every(([key, value]) => instance.metadata[key] === value);
}

/** Services by name, then group. */
export function listServices(catalog: Catalog, command: ServiceListCommand): ServiceList {
  const { limit } = command;
  const after = command.after === undefined ? undefined : placeInOrder(command.after);
  const services: ServiceList['services'] = [];
  let last: ServiceEntry | undefined;
  for (const service of catalog.services()) {
    if (!service.exists || !isSought(service, command)) continue;
    if (after !== undefined && (compare(service.name, after.name) || compare(service.group, after.group)) <= 0)
      continue;
    if (limit !== undefined && services.length === limit) return { services, next: last && nextOf(last) };
    services.push(serviceSummary(service));
    last = service;
  }
  return { services };
}

/** Revision of the newest change to what a list with these parameters shows, or would have shown. */
export function newestRevision(catalog: Catalog, command: ServiceListCommand): number {
  let newest = 0;
  for (const service of catalog.services()) {
    if (service.revision > newest && isSought(service, command)) newest = service.revision;
  }
  return newest;
}

function isSought(service: ServiceEntry, { group, prefix }: ServiceListCommand): boolean {
  return (group === undefined || service.group === group) && (prefix === undefined || service.name.startsWith(prefix));
}

function nextOf({ name, group }: ServiceEntry): string {
  return JSON.stringify([name, group]);
}

function placeInOrder(after: string): { name: string; group: string } {
  try {
    const [name, group]: unknown[] = JSON.parse(after);
    if (typeof name === 'string' && typeof group === 'string') return { name, group };
  } catch {
    // Not JSON: refused below, as anything else that no page ended with.
  }
  const message = 'must be the `next` of the page before, as it was given';
  throw new RegistryError('INVALID_REQUEST', `after ${message}`, { errors: [{ path: 'after', message }] });
}
