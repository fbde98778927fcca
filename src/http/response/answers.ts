import type { Answer, ReadAnswer, WriteAnswer } from '../../model/namespace-api';
import { COMMON_HEADERS } from './common-headers';
import { KnownHeaders } from './known-headers';

/** What all changes are answered with. A Response copies headers in a third of the time that it makes them in. */
const BODILESS = new Headers(COMMON_HEADERS);
const JSON_BODY = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json' });

const plainHeaders = new KnownHeaders(false);
const readHeaders = new KnownHeaders(true);

/** What a read is answered with, beside its body. */
export interface FreshnessKnown {
  /** How old it is, where it came from a copy. */
  ageSeconds?: number | undefined;
  /** How long it was ready to wait for a change, where it was asked to. */
  waitSeconds?: number | undefined;
}

/** A body with its cursor: 200. */
export function answered({ cursor, body }: Answer<unknown>): Response {
  return new Response(body, { headers: plainHeaders.of(cursor) });
}

/** A read: 200 with an ETag to come back with, or 304 where nothing changed. */
export function read({ cursor, body, ageSeconds, waitSeconds }: ReadAnswer<unknown> & FreshnessKnown): Response {
  const headers = readHeaders.of(cursor, ageSeconds);
  const response = new Response(body, { status: body === null ? 304 : 200, headers });
  if (waitSeconds !== undefined) response.headers.set('Preference-Applied', `wait=${waitSeconds}`);
  return response;
}

/** A change that may have made something: 201, or 200. */
export function written({ cursor, body, created }: WriteAnswer<unknown>, location?: string): Response {
  const response = changed(cursor, new Response(body, { status: created ? 201 : 200, headers: JSON_BODY }));
  if (created && location !== undefined) response.headers.set('Location', location);
  return response;
}

/** A removal: 204. */
export function removed({ cursor }: { cursor: string }): Response {
  return changed(cursor, new Response(null, { status: 204, headers: BODILESS }));
}

/** A change has a cursor of its own, so its headers are never known already. */
function changed(cursor: string, response: Response): Response {
  response.headers.set('Rollcall-Cursor', cursor);
  return response;
}
