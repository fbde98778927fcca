import type { Location } from '../../../model/instance';
import type { ResolveCommand } from '../../../model/namespace-api';
import type { Endpoint } from '../../../model/queries';
import { compare } from '../records/catalog';
import { ENTRY_FLAGS, isHealthy, type ServiceEntry } from '../records/catalog-entries';
import { decodeInstance } from '../records/records';
import { effective } from '../records/view';

/** An instance that takes traffic if it is healthy, with the properties that resolving chooses by. */
export interface Candidate {
  endpoint: Endpoint;
  healthy: boolean;
  tags: string[];
  place: Location | undefined;
}

/** Returns all candidates of a service, ordered by id. */
export function candidatesOf(service: ServiceEntry): Candidate[] {
  const candidates: Candidate[] = [];
  for (const entry of service.instances.values()) {
    if ((entry.flags & ENTRY_FLAGS.eligible) === 0) continue;
    const record = decodeInstance(entry.text);
    const { definition } = record;
    const { weight, metadata } = effective(record, service.overrides.get(entry.id)?.record.override);
    const place = definition.location ?? record.place;
    candidates.push({
      endpoint: {
        id: entry.id,
        address: definition.address,
        port: definition.port,
        url: definition.url,
        ports: definition.ports,
        weight,
        metadata,
        cluster: definition.cluster,
        zone: place?.zone,
      },
      healthy: isHealthy(entry),
      tags: definition.tags,
      place,
    });
  }
  return candidates.sort((a, b) => compare(a.endpoint.id, b.endpoint.id));
}

const EARTH_RADIUS_KM = 6_371;

interface Point {
  latitude: number;
  longitude: number;
}

/** Returns the great-circle distance between two points in degrees, by the haversine formula. */
export function distanceKm(from: Point, to: Point): number {
  const radians = (degrees: number) => (degrees * Math.PI) / 180;
  const halfLatitude = radians(to.latitude - from.latitude) / 2;
  const halfLongitude = radians(to.longitude - from.longitude) / 2;
  const chord =
    Math.sin(halfLatitude) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(halfLongitude) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/**
 * Returns endpoints with the nearest first; equals keep their order. Near a point, they are ordered by distance, and those
 * of unknown location come last. Near a zone, its own endpoints come first, then those of a region of the zone, then the
 * rest.
 */
export function nearestFirst(candidates: readonly Candidate[], near: NonNullable<ResolveCommand['near']>): Endpoint[] {
  if (near.kind === 'zone') return byZone(candidates, near.zone);
  return candidates
    .map(({ endpoint, place }) => {
      const known = place?.latitude !== undefined && place.longitude !== undefined;
      if (!known) return { endpoint, distance: Number.POSITIVE_INFINITY };
      const distance = distanceKm(near, { latitude: place.latitude ?? 0, longitude: place.longitude ?? 0 });
      return { endpoint: { ...endpoint, distanceKm: Math.round(distance * 10) / 10 }, distance };
    })
    .sort((a, b) => (a.distance === b.distance ? 0 : a.distance - b.distance))
    .map(({ endpoint }) => endpoint);
}

function byZone(candidates: readonly Candidate[], zone: string): Endpoint[] {
  const regions = new Set(candidates.filter(({ place }) => place?.zone === zone).map(({ place }) => place?.region));
  const rank = ({ place }: Candidate) => {
    if (place?.zone === zone) return 0;
    return place?.region !== undefined && regions.has(place.region) ? 1 : 2;
  };
  return candidates.toSorted((a, b) => rank(a) - rank(b)).map(({ endpoint }) => endpoint);
}

/**
 * Chooses `count` endpoints at random, without replacement, each with a probability proportional to its weight.
 *
 * Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the largest of `u^(1/w)` win.
 *
 * @param fraction Returns a random number in [0, 1).
 */
export function chooseByWeight(endpoints: readonly Endpoint[], count: number, fraction: () => number): Endpoint[] {
  // The logarithm of the key has the same order, and does not underflow for small weights.
  return endpoints
    .map((endpoint) => ({ endpoint, key: Math.log(1 - fraction()) / endpoint.weight }))
    .sort((a, b) => b.key - a.key)
    .slice(0, count)
    .map(({ endpoint }) => endpoint);
}
