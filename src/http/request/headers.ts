import * as z from 'zod';
import type { Precondition } from '../../model/batch';
import { quote } from '../../model/errors';
import type { Location } from '../../model/instance';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { SubscriberId } from '../../model/subscriber';
import { invalid, parsed } from './field-errors';
import { requestOrigin } from './request-target';

/**
 * An entity tag: a cursor in quotes. The mark of a weak tag is accepted and ignored: a proxy that compresses a response
 * weakens its tag, but a cursor names a position of the registry and not the bytes of a response.
 */
const ENTITY_TAG = /^(?:W\/)?"([\x21\x23-\x7e]+)"$/;

function cursorIn(header: string, value: string): string {
  const cursor = ENTITY_TAG.exec(value.trim())?.[1];
  if (cursor !== undefined) return cursor;
  throw invalid('headers', [
    {
      path: header,
      message: `must be one entity tag: a cursor in double quotes, as in an ETag; got ${quote(value)}`,
    },
  ]);
}

/** Reads the cursor that a read is conditional on: `If-None-Match: "<cursor>"`. */
export function readCondition(headers: Headers): string | undefined {
  const value = headers.get('if-none-match');
  return value === null ? undefined : cursorIn('If-None-Match', value);
}

/**
 * Reads the condition of a change.
 *
 * `If-Match: "<cursor>"`: the record is unchanged since that cursor. `If-Match: *`: the record exists.
 * `If-None-Match: *`: it does not exist. Anything else is refused: a condition that can't be checked must not pass.
 */
export function readPrecondition(headers: Headers): Precondition {
  const match = headers.get('if-match');
  const noneMatch = headers.get('if-none-match');
  if (match === null && noneMatch === null) return {};
  if (noneMatch !== null && noneMatch.trim() !== '*') {
    throw invalid('headers', [{ path: 'If-None-Match', message: `must be * for a change, got ${quote(noneMatch)}` }]);
  }
  if (match === null) return { absent: true };
  if (noneMatch !== null) {
    throw invalid('headers', [{ path: 'If-None-Match', message: 'contradicts If-Match; send one of them' }]);
  }
  return match.trim() === '*' ? { absent: false } : { cursor: cursorIn('If-Match', match) };
}

/** The preference `wait`, case-insensitive and with spaces where RFC 7240 allows them; its value is in seconds. */
const WAIT = /(?:^|,)\s*wait\s*(?:=\s*"?(\d{1,9})"?\s*)?(?=$|[,;])/i;

/**
 * Returns how long the client prefers a read to wait for a change, `Prefer: wait=30`, in milliseconds; undefined if it
 * has no such preference. A preference may be met in part: one above the maximum counts as the maximum, and the response
 * states the applied value. Source: RFC 7240, section 4.3.
 */
export function preferredWaitMs(headers: Headers): number | undefined {
  const match = WAIT.exec(headers.get('prefer') ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? READ_WAIT_DEFAULT_MS : Math.min(Number(match[1]) * 1_000, WAIT_MAX_MS);
}

/** Header in which a subscriber sends its name, or receives a generated one. */
export const SUBSCRIBER_HEADER = 'Rollcall-Subscriber';

const NameHeader = z.object({ [SUBSCRIBER_HEADER]: SubscriberId });

/**
 * Returns the name that a subscriber sends in the header; undefined if it sends none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function subscriberName(headers: Headers): string | undefined {
  const name = headers.get(SUBSCRIBER_HEADER);
  if (name === null) return undefined;
  return parsed(NameHeader, { [SUBSCRIBER_HEADER]: name }, 'headers')[SUBSCRIBER_HEADER];
}

/** Origin of a request, from trusted sources only. */
export interface Origin {
  address?: string | undefined;
  place?: Location | undefined;
}

/**
 * Returns Cloudflare's data about a connection, which always includes the data centre. Plain workerd has a `cf` without
 * a data centre: there Cloudflare does not set its headers, so any client can.
 */
function cloudflareFacts(request: Request): Record<string, unknown> | undefined {
  // `as`: `cf` is the platform's addition to the standard Request; its values are checked on use.
  const { cf } = request as { cf?: Record<string, unknown> | null };
  return typeof cf?.colo === 'string' ? cf : undefined;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Returns a number of degrees between `-most` and `most`; the platform provides it as text. */
function degrees(value: unknown, most: number): number | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const number = value === '' ? Number.NaN : Number(value);
  return Math.abs(number) <= most ? number : undefined;
}

/** Returns the location of the client, which the platform derives from its address; undefined if it is unknown. */
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

/** Settings for finding the addresses of clients. */
export interface OriginSettings {
  /** True if a trusted proxy in front sets `X-Forwarded-For`. */
  trustedProxy: boolean;
  /** Returns the client address of a request's connection; absent on a host that does not know it. */
  addressOf?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Returns the address and the location of the client.
 *
 * `CF-Connecting-IP` is used only on Cloudflare: anywhere else a client could set it itself. Behind a trusted proxy the
 * last entry of `X-Forwarded-For` is used, which this proxy added; the address that the host knows is the proxy's then.
 */
export function originOf(request: Request, { trustedProxy, addressOf }: OriginSettings): Origin {
  const connecting = text(request.headers.get('cf-connecting-ip'));
  // `cf` is read only if it can matter: creating it takes as long as parsing a registration.
  const facts = connecting === undefined ? undefined : cloudflareFacts(request);
  if (facts !== undefined) return { address: connecting, place: placeIn(facts) };
  if (!trustedProxy) return { address: addressOf?.(request) };
  return { address: text(request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim()) };
}

/** Matches an origin that is also safe in a shell command. */
const PLAIN_ORIGIN = /^https?:\/\/(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/;

/**
 * Returns the origin at which clients reach the registry, for examples to paste: that of the request, with the scheme that a
 * trusted proxy received it by.
 *
 * @param otherwise Returned if the host has characters that no host name needs, as the client chose it.
 */
export function publicOrigin(request: Request, { trustedProxy }: OriginSettings, otherwise: string): string {
  const origin = requestOrigin(request);
  if (!PLAIN_ORIGIN.test(origin)) return otherwise;
  const isSecure = trustedProxy && request.headers.get('x-forwarded-proto')?.split(',').at(-1)?.trim() === 'https';
  return isSecure ? origin.replace(/^http:/, 'https:') : origin;
}
