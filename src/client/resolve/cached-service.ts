import { wholeList } from '../watch/whole-list';
import type { Service } from '../wire/answers';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import type { CachedService } from './edge-list';

/** A registry that has not answered by then counts as away: somebody waits for a page. */
const ANSWER_TIMEOUT_MS = 5_000;

/** `Age` tells whole seconds, and leaves off what is more. */
const SECOND_MS = 1_000;

/**
 * Reads a service and its instances, from a copy near the caller where there is one.
 *
 * @param service `orders` in the default group, or `group@@orders`.
 * @param maxAgeMs How long the answer will be used, counted from when it was right. A drain is told of it.
 * @param known The answer of the time before; its arrays are kept where nothing has changed.
 * @throws {RollcallError} What the registry refused with; `UNREACHABLE`.
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
    http.request('GET', path, options).catch(nothingThere),
  ]);
  try {
    // `as`: the registry's own tests hold what it answers against its schemas.
    const instances =
      listed.status === 304 ? known?.instances : await wholeList(http, `${path}/instances`, listed, options);
    const protectThreshold = own === undefined ? 0 : ((await own.json()) as Service).protectThreshold;
    const ageMs = Math.max(ageOf(listed), ageOf(own));
    const etag = listed.headers.get('etag') ?? undefined;
    return { instances: instances ?? [], protectThreshold, etag, rightAt: askedAt - ageMs };
  } catch (error) {
    throw RollcallError.from(error, `the answer about ${service} broke off`);
  }
}

/** Maximum age of a copy, in milliseconds; 0 for an answer that is not a copy. */
function ageOf(answer: Response | undefined): number {
  return (Number(answer?.headers.get('age') ?? -1) + 1) * SECOND_MS;
}

/** A service that nobody has made and nobody is registered for is an empty one. */
function nothingThere(error: unknown): undefined {
  if (!(error instanceof RollcallError) || error.code !== 'SERVICE_NOT_FOUND') throw error;
}
