import { RegistryError } from '../../../model/errors';
import { type Catalog, compare } from './catalog';
import type { ServiceEntry } from './catalog-entries';

/** A place in a namespace that is read in parts: after this instance of this service. */
export interface Place {
  name: string;
  group: string;
  id: string;
}

/** Before everything. */
export const START: Place = { name: '', group: '', id: '' };

/** Services in their order, from the one that a place is in. */
export function servicesFrom(catalog: Catalog, { name, group }: Place): ServiceEntry[] {
  return catalog.services().filter((service) => (compare(service.name, name) || compare(service.group, group)) >= 0);
}

/** What a service has by the ids of its instances. */
interface ById {
  readonly overrides: ReadonlyMap<string, unknown>;
  readonly instances: ReadonlyMap<string, unknown>;
}

/**
 * Ids of a service, in their order: of its instances, and of what operators say, which may be of instances that are gone.
 *
 * @param after Only those that come after this one; empty: all.
 */
export function idsAfter({ overrides, instances }: ById, after: string): string[] {
  const ids = new Set([...overrides.keys(), ...instances.keys()]);
  return [...ids].filter((id) => after === '' || compare(id, after) > 0).sort(compare);
}

/** A place in what a cursor names, as text that whoever comes back with it need not understand. */
export function encodePlace(cursor: string, { name, group, id }: Place): string {
  return JSON.stringify([cursor, name, group, id]);
}

/**
 * Reads what {@link encodePlace} wrote.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for anything else.
 */
export function decodePlace(text: string): { cursor: string; place: Place } {
  try {
    const parts: unknown = JSON.parse(text);
    if (Array.isArray(parts) && parts.length === 4 && parts.every((part): part is string => typeof part === 'string')) {
      const [cursor = '', name = '', group = '', id = ''] = parts;
      if (cursor.startsWith('c')) return { cursor, place: { name, group, id } };
    }
  } catch {
    // Not JSON: refused below, as anything else that no part ended with.
  }
  const message = 'must be the `next` of the part before, as it was given';
  throw new RegistryError('INVALID_REQUEST', `after ${message}`, { errors: [{ path: 'after', message }] });
}
