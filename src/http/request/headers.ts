import { z } from 'zod';
import type { Precondition } from '../../model/batch';
import { quote } from '../../model/errors';
import type { Location } from '../../model/instance';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { SubscriberId } from '../../model/subscriber';
import { invalid, parsed } from './field-errors';

/**
 * One entity tag: a cursor in quotes. The mark of a weak tag is taken and means nothing: a proxy that compresses an
 * answer weakens its tag on the way, while a cursor names a position of the registry and not the bytes of an answer.
 */
const ENTITY_TAG = /^(?:W\/)?"([\x21\x23-\x7e]+)"$/;

function cursorIn(header: string, value: string): string {
  const cursor = ENTITY_TAG.exec(value.trim())?.[1];
  if (cursor !== undefined) return cursor;
  throw invalid('headers', [
    {
      path: header,
      message: `must be one entity tag, a cursor in double quotes as an ETag gave it, got ${quote(value)}`,
    },
  ]);
}

/** The cursor that a read is conditional on: `If-None-Match: "<cursor>"`. */
export function readCondition(headers: Headers): string | undefined {
  const value = headers.get('if-none-match');
  return value === null ? undefined : cursorIn('If-None-Match', value);
}

/**
 * Reads the condition of a change.
 *
 * `If-Match: "<cursor>"`: the record is unchanged since that cursor. `If-Match: *`: there is such a record.
 * `If-None-Match: *`: there is none. Anything else is refused: a condition that can't be checked must not pass.
 */
export function readPrecondition(headers: Headers): Precondition {
  const match = headers.get('if-match');
  const noneMatch = headers.get('if-none-match');
  if (match === null && noneMatch === null) return {};
  if (noneMatch !== null && noneMatch.trim() !== '*') {
    throw invalid('headers', [{ path: 'If-None-Match', message: `of a change must be *, got ${quote(noneMatch)}` }]);
  }
  if (match === null) return { absent: true };
  if (noneMatch !== null) {
    throw invalid('headers', [{ path: 'If-None-Match', message: 'contradicts If-Match; send one of them' }]);
  }
  return match.trim() === '*' ? { absent: false } : { cursor: cursorIn('If-Match', match) };
}

/** One `wait` among the preferences, in any case and with spaces where RFC 7240 takes them; its value is in seconds. */
const WAIT = /(?:^|,)\s*wait\s*(?:=\s*"?(\d{1,9})"?\s*)?(?=$|[,;])/i;

/**
 * How long a client would like a read to wait for a change: `Prefer: wait=30`, in milliseconds; undefined where it
 * says nothing of it. A preference may be met in part, so one that is too long counts as the longest that is possible,
 * and the answer says what was applied. Source: RFC 7240, section 4.3.
 */
export function preferredWaitMs(headers: Headers): number | undefined {
  const match = WAIT.exec(headers.get('prefer') ?? '');
  if (match === null) return undefined;
  return match[1] === undefined ? READ_WAIT_DEFAULT_MS : Math.min(Number(match[1]) * 1_000, WAIT_MAX_MS);
}

/** Header in which a subscriber names itself, and is told the name that it was given. */
export const SUBSCRIBER_HEADER = 'Rollcall-Subscriber';

const NameHeader = z.object({ [SUBSCRIBER_HEADER]: SubscriberId });

/**
 * The name that a subscriber gives itself in a header; undefined where it gives none.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function subscriberName(headers: Headers): string | undefined {
  const name = headers.get(SUBSCRIBER_HEADER);
  if (name === null) return undefined;
  return parsed(NameHeader, { [SUBSCRIBER_HEADER]: name }, 'headers')[SUBSCRIBER_HEADER];
}

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

/** Sources of client addresses. */
export interface OriginSettings {
  /** True if a proxy in front sets `X-Forwarded-For`. */
  trustedProxy: boolean;
  /** Returns the address of the connection; absent on a host that does not know it. */
  addressOf?: ((request: Request) => string | undefined) | undefined;
}

/**
 * Reads address and place of the other end.
 *
 * `CF-Connecting-IP` counts on Cloudflare alone: anywhere else a client could write it itself. Behind a
 * trusted proxy the last entry of `X-Forwarded-For` counts, which this proxy added; the address of the connection is then
 * the proxy's.
 */
export function originOf(request: Request, { trustedProxy, addressOf }: OriginSettings): Origin {
  const connecting = text(request.headers.get('cf-connecting-ip'));
  // Looked for only where it can be: making `cf` for a request takes as long as parsing a registration.
  const facts = connecting === undefined ? undefined : cloudflareFacts(request);
  if (facts !== undefined) return { address: connecting, place: placeIn(facts) };
  if (!trustedProxy) return { address: addressOf?.(request) };
  return { address: text(request.headers.get('x-forwarded-for')?.split(',').at(-1)?.trim()) };
}
