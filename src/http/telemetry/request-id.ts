/** Long enough for every id that is in use, too short to fill a log with. */
const TAKEN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** By which a client or a proxy names a request. Asked for by its answer, too. */
export const ID_HEADER = 'X-Request-Id';

/** By which Cloudflare names a request; it names the answer by it itself. */
const CLOUDFLARE_ID_HEADER = 'CF-Ray';

/** The id in a header. What is no id by its letters is not taken: it would be written to logs. */
function idIn(headers: Headers, name: string): string | undefined {
  const id = headers.get(name);
  return id !== null && TAKEN_ID.test(id) ? id : undefined;
}

/** The id that a client or a proxy gave its request. */
export const givenId = (headers: Headers): string | undefined => idIn(headers, ID_HEADER);

/** An id for a request that was given none: Cloudflare's, so that it can be followed through all that log it, or a random one. */
export const madeId = (headers: Headers): string => idIn(headers, CLOUDFLARE_ID_HEADER) ?? crypto.randomUUID();
