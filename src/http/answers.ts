import type { Answer, ReadAnswer, WriteAnswer } from '../model/namespace-api';

/** On every answer, refusals too. Nothing of the registry may be kept by a cache that it does not know of. */
export const COMMON_HEADERS = { 'Rollcall-Api': '1.0', 'Cache-Control': 'no-store' } as const;

const JSON_TYPE = 'application/json';

/** What a read is answered with; `ageSeconds` where it came from a copy. */
export interface FreshnessKnown {
  ageSeconds?: number | undefined;
}

/** A body with its cursor: 200. */
export function answered({ cursor, body }: Answer<unknown>): Response {
  return new Response(body, { headers: { ...COMMON_HEADERS, 'Content-Type': JSON_TYPE, 'Rollcall-Cursor': cursor } });
}

/** A read: 200 with an ETag to come back with, or 304 where nothing changed. */
export function read({ cursor, body, ageSeconds }: ReadAnswer<unknown> & FreshnessKnown): Response {
  const headers: Record<string, string> = { ...COMMON_HEADERS, 'Rollcall-Cursor': cursor, ETag: `"${cursor}"` };
  if (ageSeconds !== undefined) headers.Age = String(ageSeconds);
  if (body === null) return new Response(null, { status: 304, headers });
  headers['Content-Type'] = JSON_TYPE;
  return new Response(body, { headers });
}

/** A change that may have made something: 201, or 200. */
export function written({ cursor, body, created }: WriteAnswer<unknown>, location?: string): Response {
  const headers: Record<string, string> = {
    ...COMMON_HEADERS,
    'Content-Type': JSON_TYPE,
    'Rollcall-Cursor': cursor,
  };
  if (created && location !== undefined) headers.Location = location;
  return new Response(body, { status: created ? 201 : 200, headers });
}

/** A removal: 204. */
export function removed({ cursor }: { cursor: string }): Response {
  return new Response(null, { status: 204, headers: { ...COMMON_HEADERS, 'Rollcall-Cursor': cursor } });
}
