import type { Location } from '../../model/instance';

/** Where a request came from, as far as somebody trustworthy tells. */
export interface Origin {
  address?: string | undefined;
  place?: Location | undefined;
}

/**
 * What Cloudflare tells about a connection, always its data centre among it. Plain workerd has a `cf` of its own, without
 * one: there nobody stands in front who would write Cloudflare's headers, and any client can.
 */
function cloudflareFacts(request: Request): Record<string, unknown> | undefined {
  // `as`: `cf` is an addition of the platform that Request of the standard lacks; what is in it is checked on use.
  const { cf } = request as { cf?: Record<string, unknown> | null };
  return typeof cf?.colo === 'string' ? cf : undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A number in degrees between plus and minus `most`; the platform writes it as text. */
function degrees(value: unknown, most: number): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = value === '' ? Number.NaN : Number(value);
  return Math.abs(number) <= most ? number : undefined;
}

/** Where the other end is, by the platform's knowledge of its address; undefined where nobody knows. */
export function placeOf(request: Request): Location | undefined {
  return placeIn(cloudflareFacts(request));
}

function placeIn(facts: Record<string, unknown> | undefined): Location | undefined {
  if (facts === undefined) return undefined;
  const latitude = degrees(facts.latitude, 90);
  const longitude = degrees(facts.longitude, 180);
  const known = latitude !== undefined && longitude !== undefined;
  const place: Location = {
    region: text(facts.region),
    colo: text(facts.colo),
    ...(known ? { latitude, longitude } : {}),
  };
  return known || place.region !== undefined || place.colo !== undefined ? place : undefined;
}

/**
 * Address and place of the other end.
 *
 * `CF-Connecting-IP` counts on Cloudflare alone: anywhere else a client could write it itself. Behind a
 * trusted proxy it is the last entry of `X-Forwarded-For` that counts, the one that this proxy added.
 */
export function originOf(request: Request, trustedProxy: boolean): Origin {
  const connecting = text(request.headers.get('cf-connecting-ip'));
  // Looked for only where it can be: making `cf` for a request takes as long as parsing a registration.
  const facts = connecting === undefined ? undefined : cloudflareFacts(request);
  if (facts !== undefined) return { address: connecting, place: placeIn(facts) };
  const forwarded = trustedProxy ? request.headers.get('x-forwarded-for') : null;
  return { address: text(forwarded?.split(',').at(-1)?.trim()) };
}
