import type { Place } from './selectors/nearest';

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
