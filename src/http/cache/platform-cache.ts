import { PLATFORM_CACHE_PAUSE_MAX_MS, PLATFORM_CACHE_PAUSE_MIN_MS } from '../../model/limits';
import type { Copy, SharedCache } from './cached-reads';

/** The part of the Cache API that we use; `caches.default` on Cloudflare. */
export interface PlatformCacheApi {
  match(key: string): Promise<Response | undefined>;
  put(key: string, response: Response): Promise<void>;
}

/** Prefix of the paths of copies. The router must not have a route there: see {@link PlatformCache}. */
export const COPIES_PATH = '/.cached-reads';

/** Returns the URL of a copy. The key is encoded: it may contain `#`, and the cache ignores what follows a `#`. */
const addressOf = (origin: string, key: string): string => `${origin}${COPIES_PATH}/${encodeURIComponent(key)}`;

/**
 * Stores copies in the platform's cache, in the data centre of the caller, under the origin of the request: the owner of
 * the zone can purge them by host, by prefix or altogether, and hosts never share copies.
 *
 * A request from outside cannot reach a copy. A Worker runs before the cache, so a request for the path of a copy
 * reaches the router, which returns 404. Only this class writes to that path, as the Worker fetches nothing from its own
 * zone. Copies without our headers are ignored.
 * Source: https://developers.cloudflare.com/workers/reference/how-the-cache-works/
 *
 * A failure of the cache only costs a call to the namespace, so errors are not thrown: the cache is paused, longer after
 * each error, and then tried again. Plain workerd has the API without a cache behind it and always fails; only the
 * first failure in a row is logged.
 */
export class PlatformCache implements SharedCache {
  readonly #cache: PlatformCacheApi;
  readonly #now: () => number;
  #pausedUntil = 0;
  /** Length of the last pause in milliseconds; 0 while the cache works. */
  #pauseMs = 0;

  /** @param now Milliseconds since the epoch. */
  constructor(cache: PlatformCacheApi, now: () => number) {
    this.#cache = cache;
    this.#now = now;
  }

  async match(origin: string, key: string): Promise<Copy | undefined> {
    return this.#attempt(async (cache) => {
      const found = await cache.match(addressOf(origin, key));
      const cursor = found?.headers.get('Rollcall-Cursor') ?? null;
      const readAt = Number(found?.headers.get('Rollcall-Read-At'));
      if (found === undefined || cursor === null || !(readAt > 0)) return undefined;
      return { cursor, readAt, body: await found.text() };
    });
  }

  async put(origin: string, key: string, copy: Copy, keepForMs: number): Promise<void> {
    const headers = {
      'Content-Type': 'application/json',
      'Cache-Control': `max-age=${Math.ceil(keepForMs / 1_000)}`,
      'Rollcall-Cursor': copy.cursor,
      'Rollcall-Read-At': String(copy.readAt),
    };
    await this.#attempt((cache) => cache.put(addressOf(origin, key), new Response(copy.body, { headers })));
  }

  async #attempt<T>(use: (cache: PlatformCacheApi) => Promise<T>): Promise<T | undefined> {
    if (this.#now() < this.#pausedUntil) return undefined;
    try {
      const result = await use(this.#cache);
      this.#pauseMs = 0;
      return result;
    } catch (error) {
      this.#pause(error);
      return undefined;
    }
  }

  #pause(error: unknown): void {
    const now = this.#now();
    // A call that started before the pause and failed during it adds no information.
    if (now < this.#pausedUntil) return;
    if (this.#pauseMs === 0) {
      console.info(
        "the platform's cache fails; until it works, cached reads use copies in memory only:",
        String(error),
      );
    }
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, PLATFORM_CACHE_PAUSE_MIN_MS), PLATFORM_CACHE_PAUSE_MAX_MS);
    this.#pausedUntil = now + this.#pauseMs;
  }
}
