import { wholeList } from '../watch/whole-list';
import type { Service } from '../wire/answers';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import type { CachedService } from './edge-list';

/** Timeout of a read, short because a user waits for the response. */
const ANSWER_TIMEOUT_MS = 5_000;

/** `Age` is in whole seconds, rounded down. */
const SECOND_MS = 1_000;

/**
 * Reads a service and its instances, from a copy near the caller if there is one.
 *
 * @param service `orders` in the default group, or `group@@orders`.
 * @param maxAgeMs Time for which the result is used, counted from when it was current. Drains take it into account.
 * @param known The previous result; its arrays are reused if nothing has changed.
 * @throws {RollcallError} The error that the registry returned, or `UNREACHABLE`.
 */
export async function readCachedService(
  http: RegistryHttp,
  time: Time,
  service: string,
  maxAgeMs: number,
  known: CachedService | undefined,
): Promise<CachedService> {
  const at = service.indexOf('@@');
  const path = http.servicePath({
    group: at < 0 ? 'DEFAULT_GROUP' : service.slice(0, at),
    service: at < 0 ? service : service.slice(at + 2),
  });
  const query = { consistency: 'cached', maxAge: `${maxAgeMs}ms` };
  const options = { query, timeoutMs: ANSWER_TIMEOUT_MS };
  const askedAt = time.now();
  const [listed, own] = await Promise.all([
    http.request('GET', `${path}/instances`, {
      ...options,
      headers: { ...(known?.etag && { 'If-None-Match': known.etag }) },
    }),
    http.request('GET', path, options).catch(undefinedIfMissing),
  ]);
  try {
    // `as`: the registry's own tests check its responses against the schemas.
    const instances =
      listed.status === 304 ? known?.instances : await wholeList(http, `${path}/instances`, listed, options);
    const protectThreshold = own === undefined ? 0 : ((await own.json()) as Service).protectThreshold;
    const ageMs = Math.max(ageOf(listed), ageOf(own));
    const etag = listed.headers.get('etag') ?? undefined;
    return { instances: instances ?? [], protectThreshold, etag, currentAt: askedAt - ageMs };
  } catch (error) {
    throw await http.failure(error, 'GET', `${path}/instances`, 'sent an incomplete response');
  }
}

/** Returns the maximum age of a copy, in milliseconds; 0 if the response is not a copy. */
function ageOf(answer: Response | undefined): number {
  return (Number(answer?.headers.get('age') ?? -1) + 1) * SECOND_MS;
}

/** Treats a service that does not exist as an empty one. */
function undefinedIfMissing(error: unknown): undefined {
  if (!(error instanceof RollcallError) || error.code !== 'SERVICE_NOT_FOUND') throw error;
}
