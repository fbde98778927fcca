import { fromBase64 } from '../../model/bytes';
import type { EntryView } from '../../model/entry';
import { type JsonText, readJsonText } from '../../model/json';
import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import type { ReadAnswer } from '../../model/namespace-api';
import { COMMON_HEADERS, type FreshnessKnown } from './answers';

/** Media type of a value that was put without one. */
const ANY_BYTES = 'application/octet-stream';

/**
 * Headers that keep a browser from showing a value as a page of the registry: a client that may put an entry chooses its
 * bytes and its type, and a page of this origin could act with the credentials of its reader. The value is downloaded; if a
 * browser shows it nevertheless, it has an origin of its own, and neither scripts nor subresources.
 */
const UNTRUSTED = {
  'Content-Disposition': 'attachment',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Cache of the headers that many responses share: building them takes longer than the rest of a read. */
const known = new Map<string, Headers>();

/** Returns the value of an entry as its bytes: 200 with its type, its numbers and an ETag, or 304 if nothing has changed. */
export function valueAnswer(answer: ReadAnswer<EntryView> & FreshnessKnown): Response {
  const { cursor, body, ageSeconds, waitSeconds } = answer;
  const response = body === null ? unchanged(cursor, ageSeconds) : valueIn(body, cursor, ageSeconds);
  if (waitSeconds !== undefined) response.headers.set('Preference-Applied', `wait=${waitSeconds}`);
  return response;
}

/** Returns 304, without a type: a cache would take it for that of the value that it has. */
function unchanged(cursor: string, ageSeconds: number | undefined): Response {
  return new Response(null, { status: 304, headers: new Headers(positionHeaders(cursor, ageSeconds)) });
}

function valueIn(body: JsonText<EntryView>, cursor: string, ageSeconds: number | undefined): Response {
  const { value = '', valueBase64, contentType, revision, createdRevision, version, lease, lock } = readJsonText(body);
  const content = valueBase64 === undefined ? value : fromBase64(valueBase64);
  const response = new Response(content, { headers: sharedHeaders(contentType, cursor, ageSeconds) });
  const { headers } = response;
  headers.set('Rollcall-Revision', String(revision));
  headers.set('Rollcall-Created-Revision', String(createdRevision));
  headers.set('Rollcall-Version', String(version));
  if (lease !== undefined) headers.set('Rollcall-Lease', lease);
  if (lock?.lease !== undefined) {
    headers.set('Rollcall-Lock', lock.lease);
    headers.set('Rollcall-Acquired-Revision', String(lock.acquiredRevision));
  }
  return response;
}

/** Returns the headers that do not depend on the entry, except for its type. */
function sharedHeaders(contentType = ANY_BYTES, cursor: string, ageSeconds: number | undefined): Headers {
  const key = `${cursor} ${ageSeconds} ${contentType}`;
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  const headers = new Headers({ ...positionHeaders(cursor, ageSeconds), ...UNTRUSTED, 'Content-Type': contentType });
  if (known.size >= KNOWN_HEADERS_MAX_COUNT) known.clear();
  known.set(key, headers);
  return headers;
}

function positionHeaders(cursor: string, ageSeconds: number | undefined): Record<string, string> {
  const age = ageSeconds === undefined ? undefined : { Age: String(ageSeconds) };
  return { ...COMMON_HEADERS, 'Rollcall-Cursor': cursor, ETag: `"${cursor}"`, ...age };
}
