import { RegistryError } from '../../../model/errors';
import { type Catalog, compare } from './catalog';
import type { ServiceEntry } from './catalog-entries';

/** A position in a namespace that is read in parts: after this instance of this service. */
export interface Place {
  name: string;
  group: string;
  id: string;
}

/** Place before the first service. */
export const START: Place = { name: '', group: '', id: '' };

/** Returns services in order, starting with the one of a place. */
export function servicesFrom(catalog: Catalog, { name, group }: Place): ServiceEntry[] {
  return catalog.services().filter((service) => (compare(service.name, name) || compare(service.group, group)) >= 0);
}

/** Records of a service by instance id. */
interface ById {
  readonly overrides: ReadonlyMap<string, unknown>;
  readonly instances: ReadonlyMap<string, unknown>;
}

/**
 * Returns the ids of a service's instances and overrides, in order. An override may belong to an instance that is gone.
 *
 * @param after Only ids after this one; empty for all.
 */
export function idsAfter({ overrides, instances }: ById, after: string): string[] {
  const ids = new Set([...overrides.keys(), ...instances.keys()]);
  return [...ids].filter((id) => after === '' || compare(id, after) > 0).sort(compare);
}

/** Encodes a place in the state at a cursor as opaque text. */
export function encodePlace(cursor: string, { name, group, id }: Place): string {
  return JSON.stringify([cursor, name, group, id]);
}

/**
 * Decodes text of {@link encodePlace}.
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
    // Not JSON: refused below, like anything else that is not the `next` of a part.
  }
  const message = 'must be the `next` of the previous part, unchanged';
  throw new RegistryError('INVALID_REQUEST', `after ${message}`, { errors: [{ path: 'after', message }] });
}
