import type { Endpoint } from './endpoint';
import { powerOfTwo } from './power-of-two';
import { narrowed, type Selector } from './selector';

/** Where the caller is. */
export type Place = { latitude: number; longitude: number } | { zone: string; region?: string };

const EARTH_RADIUS_KM = 6_371;

/** Instances whose distances differ by less than this are equally near: they are in the same town. */
const SAME_PLACE_KM = 50;

interface Point {
  latitude: number;
  longitude: number;
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance between two places given in degrees, by the haversine formula. */
export function distanceKm(from: Point, to: Point): number {
  const chord =
    Math.sin(radians(to.latitude - from.latitude) / 2) ** 2 +
    Math.cos(radians(from.latitude)) *
      Math.cos(radians(to.latitude)) *
      Math.sin(radians(to.longitude - from.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.min(1, Math.sqrt(chord)));
}

/** The lower, the nearer; infinite where nothing is known of the place. */
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
 * The nearest instances: those within 50 km of the nearest one, or those of the caller's zone, else of its region. When
 * none of these is left, the next nearest. Instances whose place is unknown come last.
 *
 * Watch the load: with few instances near, all callers of that place go there.
 *
 * @param among Chooses among those that are equally near.
 */
export function nearest(place: Place, among: Selector = powerOfTwo()): Selector {
  const reach = 'zone' in place ? 0 : SAME_PLACE_KM;
  return narrowed(among, (endpoints) => {
    const distances = endpoints.map((endpoint) => farness(place, endpoint));
    const limit = distances.reduce((least, distance) => Math.min(least, distance), Number.POSITIVE_INFINITY) + reach;
    return endpoints.filter((_, index) => (distances[index] ?? 0) <= limit);
  });
}

/** What Cloudflare tells of where a request comes from, as far as it knows. */
interface CloudflareFacts {
  latitude?: unknown;
  longitude?: unknown;
}

/** Degrees as the platform tells them: in a text. */
const degrees = (value: unknown): number => (typeof value === 'string' && value !== '' ? Number(value) : Number.NaN);

/** Where a request came from, by Cloudflare's `request.cf`; undefined where that is not known, as on plain workerd. */
export function placeOf(request: Request): Place | undefined {
  // `as`: an addition of the platform that no other runtime has; what is in it is checked.
  const { cf } = request as { cf?: CloudflareFacts | null };
  const latitude = degrees(cf?.latitude);
  const longitude = degrees(cf?.longitude);
  return Number.isFinite(latitude + longitude) ? { latitude, longitude } : undefined;
}
