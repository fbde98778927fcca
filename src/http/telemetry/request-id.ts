/** Long enough for every id that is in use, too short to fill a log with. */
const TAKEN_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** Headers that a proxy, a client or Cloudflare names a request by, the first that is there counts. */
const ID_HEADERS = ['x-request-id', 'cf-ray'];

/**
 * The id of a request: the one it came with, so that it can be followed through all that log it, or a random one. What is
 * no id by its letters is not taken: it would be written to logs.
 */
export function requestId(headers: Headers): string {
  for (const name of ID_HEADERS) {
    const given = headers.get(name);
    if (given !== null && TAKEN_ID.test(given)) return given;
  }
  return crypto.randomUUID();
}
