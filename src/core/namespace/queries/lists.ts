import type { HeldDocument, ListedInstances } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import type { InstanceView } from '../../../model/instance';
import { type JsonText, jsonText } from '../../../model/json';
import type { InstanceListCommand, ServiceListCommand } from '../../../model/namespace-api';
import type { InstanceFilter } from '../../../model/queries';
import type { ServiceList, ServiceSummary } from '../../../model/service';
import { type Catalog, compare } from '../records/catalog';
import { type InstanceEntry, isAvailable, type ServiceEntry } from '../records/catalog-entries';
import { addressMatcher, documentIn, hasAddress } from '../records/records';
import { serviceSummary, viewOf } from '../records/view';
import type { AnswerCache } from './answer-cache';
import { listText, textPage } from './text-page';

/**
 * Encodes the instances of a service, ordered by id. `now` is the stamp for people. A service that does not exist has none.
 *
 * @param beside The service that the command lists alongside, if it exists.
 */
export function listInstances(
  service: ServiceEntry | undefined,
  command: InstanceListCommand,
  cache: AnswerCache,
  now: number,
  beside?: ServiceEntry,
): JsonText<ListedInstances> {
  const text = ownInstances(service, command, cache, now);
  const others = beside === undefined || command.after !== undefined ? '' : membersBeside(beside, cache, now);
  // `as`: the members of a list, and those of `ListedInstances` for the other service.
  return others === '' ? text : (`${text.slice(0, -1)},${others}}` as JsonText<ListedInstances>);
}

/** Encodes all instances of a service as members of a list of another one; empty if it has none. */
function membersBeside(service: ServiceEntry, cache: AnswerCache, now: number): string {
  if (service.instances.size === 0) return '';
  return cache.alongside(service, () => {
    let isFlapping = false;
    const encode = (view: InstanceView) => {
      isFlapping ||= view.flapping;
      return JSON.stringify(view);
    };
    const page = textPage(viewsOf(service, { filter: {} }, now), { placeOf: ({ id }) => id, encode });
    const next = page.next === undefined ? '' : `,"alongsideNext":${JSON.stringify(page.next)}`;
    return { text: `"alongside":${page.text}${next}`, keeps: !isFlapping };
  });
}

function ownInstances(
  service: ServiceEntry | undefined,
  command: InstanceListCommand,
  cache: AnswerCache,
  now: number,
): JsonText<ListedInstances> {
  if (service === undefined) return jsonText({ instances: [] });
  const { filter, place, limit, after } = command;
  const documents = command.documents === true ? documentsOf(service) : undefined;
  const isWhole = Object.keys(filter).length === 0 && place === undefined && limit === undefined && after === undefined;
  const threshold = service.own?.record.definition.protectThreshold ?? 0;
  const protectThreshold = threshold > 0 ? threshold : undefined;
  const views = viewsOf(service, command, now);
  if (!isWhole || documents !== undefined) return instancePage(views, command, { protectThreshold, documents });
  return cache.list(service, () => {
    let isFlapping = false;
    const text = instancePage(views, command, { protectThreshold }, (view) => {
      isFlapping ||= view.flapping;
      return JSON.stringify(view);
    });
    // `flapping` ends with time alone, so such a list can't be cached.
    return { text, keeps: !isFlapping };
  });
}

/**
 * Returns the documents that instances of a service share, each once. Only the first page of a list has them, so it has all.
 */
function documentsOf(service: ServiceEntry): HeldDocument[] {
  const held = new Map<string, HeldDocument>();
  for (const { id, text } of service.instances.values()) {
    const document = service.documents.get(documentIn(text) ?? '');
    if (document === undefined) continue;
    const known = held.get(document.id) ?? { text: document.text, instances: [] };
    known.instances.push(id);
    held.set(document.id, known);
  }
  return [...held.values()];
}

/** The parameters of a list that choose its instances. */
type Chosen = Pick<InstanceListCommand, 'filter' | 'place' | 'after'>;

function* viewsOf(service: ServiceEntry, command: Chosen, now: number): Generator<InstanceView> {
  const { filter, after } = command;
  for (const entry of entriesAt(service, command).sort((a, b) => compare(a.id, b.id))) {
    if (after !== undefined && compare(entry.id, after) <= 0) continue;
    // This check needs no decoding.
    if (filter.available !== undefined && isAvailable(entry) !== filter.available) continue;
    yield viewOf(entry, now);
  }
}

/** Returns the instances at an address, or all of them. The beginning of each text is enough to tell. */
function entriesAt(service: ServiceEntry, { place }: Chosen): InstanceEntry[] {
  const entries = [...service.instances.values()];
  if (place === undefined) return entries;
  const matches = addressMatcher(place.address, place.port);
  return entries.filter(({ text }) => matches(text) || !hasAddress(text));
}

/** Encodes a page of the instances that match a filter, from views ordered by id. */
export function instancePage(
  views: Iterable<InstanceView>,
  { filter, limit }: Pick<InstanceListCommand, 'filter' | 'limit'>,
  others: Pick<ListedInstances, 'protectThreshold' | 'documents'> = {},
  encode?: (view: InstanceView) => string,
): JsonText<ListedInstances> {
  return listText('instances', textPage(matching(views, filter), { limit, placeOf: ({ id }) => id, encode }), others);
}

function* matching(views: Iterable<InstanceView>, filter: InstanceFilter): Generator<InstanceView> {
  for (const view of views) if (matches(view, filter)) yield view;
}

function matches(instance: InstanceView, { cluster, tag, status, available, metadata }: InstanceFilter): boolean {
  if (available !== undefined && instance.available !== available) return false;
  if (cluster !== undefined && instance.cluster !== cluster) return false;
  if (tag !== undefined && !instance.tags.includes(tag)) return false;
  if (status !== undefined && instance.status !== status) return false;
  return Object.entries(metadata ?? {}).every(([key, value]) => instance.metadata[key] === value);
}

/** Encodes a page of services, ordered by name, then group. */
export function listServices(catalog: Catalog, command: ServiceListCommand): JsonText<ServiceList> {
  return listText('services', textPage(summariesOf(catalog, command), { limit: command.limit, placeOf: nextOf }));
}

function* summariesOf(catalog: Catalog, command: ServiceListCommand): Generator<ServiceSummary> {
  const after = command.after === undefined ? undefined : placeInOrder(command.after);
  for (const service of catalog.services()) {
    if (!service.exists || !isSought(service, command)) continue;
    if (after !== undefined && (compare(service.name, after.name) || compare(service.group, after.group)) <= 0)
      continue;
    yield serviceSummary(service);
  }
}

/**
 * Returns the revision of the newest change to any service that a list with these parameters includes, or would have
 * included.
 */
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

function nextOf({ name, group }: ServiceSummary): string {
  return JSON.stringify([name, group]);
}

function placeInOrder(after: string): { name: string; group: string } {
  try {
    const [name, group]: unknown[] = JSON.parse(after);
    if (typeof name === 'string' && typeof group === 'string') return { name, group };
  } catch {
    // Not JSON: refused below, like anything else that is not the `next` of a page.
  }
  const message = 'must be the `next` of the previous page, unchanged';
  throw new RegistryError('INVALID_REQUEST', `after ${message}`, { errors: [{ path: 'after', message }] });
}
