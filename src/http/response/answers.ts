import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import type { Answer, ReadAnswer, WriteAnswer } from '../../model/namespace-api';

/** Headers of every response, including errors. Caches that the registry does not know of must not store anything. */
export const COMMON_HEADERS = { 'Rollcall-Api': '1.0', 'Cache-Control': 'no-store' } as const;

/** Headers of the responses to all changes. Copying a Headers object takes a Response a third of creating one. */
const BODILESS = new Headers(COMMON_HEADERS);
const JSON_BODY = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json' });

/** Cache of the headers of recent responses of one kind, by cursor and age. */
class KnownHeaders {
  readonly #etag: boolean;
  readonly #known = new Map<string, Headers>();

  constructor(etag: boolean) {
    this.#etag = etag;
  }

  /**
   * Returns the headers for a position. Cursors repeat while nothing changes, and creating five headers takes as long as
   * the rest of a response; a Response copies the headers that it gets.
   */
  of(cursor: string, ageSeconds?: number): Headers {
    const key = ageSeconds === undefined ? cursor : `${cursor} ${ageSeconds}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const headers = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json', 'Rollcall-Cursor': cursor });
    if (this.#etag) headers.set('ETag', `"${cursor}"`);
    if (ageSeconds !== undefined) headers.set('Age', String(ageSeconds));
    if (this.#known.size >= KNOWN_HEADERS_MAX_COUNT) this.#known.clear();
    this.#known.set(key, headers);
    return headers;
  }
}

const plainHeaders = new KnownHeaders(false);
const readHeaders = new KnownHeaders(true);

/** Freshness of a read, for the headers of its response. */
export interface FreshnessKnown {
  /** Age of the copy, if the response is one. */
  ageSeconds?: number | undefined;
  /** Applied time to wait for a change, if the request asked for one. */
  waitSeconds?: number | undefined;
}

/** Returns a body with its cursor: 200. */
export function answered({ cursor, body }: Answer<unknown>): Response {
  return new Response(body, { headers: plainHeaders.of(cursor) });
}

/** Returns the result of a read: 200 with an ETag, or 304 if nothing has changed. */
export function read({ cursor, body, ageSeconds, waitSeconds }: ReadAnswer<unknown> & FreshnessKnown): Response {
  const headers = readHeaders.of(cursor, ageSeconds);
  const response = new Response(body, { status: body === null ? 304 : 200, headers });
  if (waitSeconds !== undefined) response.headers.set('Preference-Applied', `wait=${waitSeconds}`);
  return response;
}

/** Returns the result of a change that may have created a record: 201 if it did, or 200. */
export function written({ cursor, body, created }: WriteAnswer<unknown>, location?: string): Response {
  const response = changed(cursor, new Response(body, { status: created ? 201 : 200, headers: JSON_BODY }));
  if (created && location !== undefined) response.headers.set('Location', location);
  return response;
}

/** Returns the result of a removal: 204. */
export function removed({ cursor }: { cursor: string }): Response {
  return changed(cursor, new Response(null, { status: 204, headers: BODILESS }));
}

/** Sets the cursor of a change. Each change has its own cursor, so caching its headers would not help. */
function changed(cursor: string, response: Response): Response {
  response.headers.set('Rollcall-Cursor', cursor);
  return response;
}

/** Returns a result of the directory as JSON: 200, or 201 with the location of the new record. */
export function asJson(body: unknown, { location }: { location?: string | undefined } = {}): Response {
  const headers: Record<string, string> = { ...COMMON_HEADERS, 'Content-Type': 'application/json' };
  if (location !== undefined) headers.Location = location;
  return new Response(JSON.stringify(body), { status: location === undefined ? 200 : 201, headers });
}

/** Returns the result of a directory call without a body: 204. */
export function done(): Response {
  return new Response(null, { status: 204, headers: COMMON_HEADERS });
}
