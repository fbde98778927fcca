import type { Endpoint } from './endpoint';
import { powerOfTwo } from './power-of-two';
import { narrowed, type Selector } from './selector';

/** Location of the caller. */
export type Place = { latitude: number; longitude: number } | { zone: string; region?: string };

const EARTH_RADIUS_KM = 6_371;

/** Instances whose distances differ by at most this count as equally near. */
const SAME_PLACE_KM = 50;

interface Point {
  latitude: number;
  longitude: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Returns the great-circle distance between two points in degrees, by the haversine formula. */
export function distanceKm(from: Point, to: Point): number {
  const chord =
    Math.sin(radians(to.latitude - from.latitude) / 2) ** 2 +
    Math.cos(radians(from.latitude)) *
      Math.cos(radians(to.latitude)) *
      Math.sin(radians(to.longitude - from.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** Returns a rank of distance, lower if nearer; infinite if the location is unknown. */
function farness(place: Place, { instance: { location } }: Endpoint): number {
  if ('zone' in place) {
    if (location?.zone === place.zone) return 0;
    return place.region !== undefined && location?.region === place.region ? 1 : Number.POSITIVE_INFINITY;
  }
  const { latitude, longitude } = location ?? {};
  if (latitude === undefined || longitude === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor(distanceKm(place, { latitude, longitude }));
}

/**
 * Selects among the nearest instances: those at most 50 km farther than the nearest one, or those in the caller's zone,
 * otherwise in its region. If none of these is left, among the next nearest. Instances without a location come last.
 *
 * Watch the load: if few instances are near, all callers in that area use them.
 *
 * @param among Selects among instances that are equally near.
 */
export function nearest(place: Place, among: Selector = powerOfTwo()): Selector {
  const reach = 'zone' in place ? 0 : SAME_PLACE_KM;
  return narrowed(among, (endpoints) => {
    const distances = endpoints.map((endpoint) => farness(place, endpoint));
    const limit = distances.reduce((least, distance) => Math.min(least, distance), Number.POSITIVE_INFINITY) + reach;
    return endpoints.filter((_, index) => (distances[index] ?? 0) <= limit);
  });
}

/** Cloudflare's data about the origin of a request. */
interface CloudflareFacts {
  latitude?: unknown;
  longitude?: unknown;
}

/** Parses degrees, which the platform provides as text. */
const degrees = (value: unknown): number => (typeof value === 'string' && value !== '' ? Number(value) : Number.NaN);

/** Returns the origin of a request, from Cloudflare's `request.cf`; undefined if it is unknown, as on plain workerd. */
export function placeOf(request: Request): Place | undefined {
  // `as`: an addition of the platform; its values are checked.
  const { cf } = request as { cf?: CloudflareFacts | null };
  const latitude = degrees(cf?.latitude);
  const longitude = degrees(cf?.longitude);
  return Number.isFinite(latitude + longitude) ? { latitude, longitude } : undefined;
}
