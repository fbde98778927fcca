import { RegistryError } from '../model/errors';
import { type Catalog, compare, type ServiceEntry } from './catalog';

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
