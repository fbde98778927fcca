import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import type { Answer, ReadAnswer, WriteAnswer } from '../../model/namespace-api';

/** On every answer, refusals too. Nothing of the registry may be kept by a cache that it does not know of. */
export const COMMON_HEADERS = { 'Rollcall-Api': '1.0', 'Cache-Control': 'no-store' } as const;

/** What all changes are answered with. A Response copies headers in a third of the time that it makes them in. */
const BODILESS = new Headers(COMMON_HEADERS);
const JSON_BODY = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json' });

/** The headers of recent answers of one kind, by what they tell. */
class KnownHeaders {
  readonly #etag: boolean;
  readonly #known = new Map<string, Headers>();

  constructor(etag: boolean) {
    this.#etag = etag;
  }

  /**
   * Headers for a position. Cursors repeat for as long as nothing changes, and turning five names and values into
   * headers takes as long as everything else that an answer takes; a Response copies what it is given.
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

/** An answer of the directory, as JSON: 200, or 201 with where to find what is new. */
export function told(body: unknown, { location }: { location?: string | undefined } = {}): Response {
  const headers: Record<string, string> = { ...COMMON_HEADERS, 'Content-Type': 'application/json' };
  if (location !== undefined) headers.Location = location;
  return new Response(JSON.stringify(body), { status: location === undefined ? 200 : 201, headers });
}

/** The directory has done it, and has nothing to tell: 204. */
export function done(): Response {
  return new Response(null, { status: 204, headers: COMMON_HEADERS });
}
