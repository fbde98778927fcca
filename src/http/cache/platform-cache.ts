import { PLATFORM_CACHE_PAUSE_MAX_MS, PLATFORM_CACHE_PAUSE_MIN_MS } from '../../model/limits';
import type { Copy, SharedCache } from './cached-reads';

/** The part of the Cache API that is used; `caches.default` on Cloudflare. */
export interface PlatformCacheApi {
  match(key: string): Promise<Response | undefined>;
  put(key: string, response: Response): Promise<void>;
}

/** Begins the path of every copy. The router has no route there and never will: see {@link PlatformCache}. */
export const COPIES_PATH = '/.cached-reads';

/** Encoded as a whole: a key may hold a `#`, and what follows one in an address is not part of the cache's key. */
const addressOf = (origin: string, key: string): string => `${origin}${COPIES_PATH}/${encodeURIComponent(key)}`;

/**
 * Keeps copies in the cache of the platform, in the data centre of the caller, under the origin that the request came
 * to: the zone's owner can purge them by host, by prefix or altogether, and one host's copies are never another's.
 *
 * No request from outside meets a copy. A Worker runs before the cache, so that a request for the path of a copy comes
 * to the router, which answers 404 there; and nothing but this class writes to that path, as the Worker fetches nothing
 * from its own zone. A copy without our headers is not taken.
 * Source: https://developers.cloudflare.com/workers/reference/how-the-cache-works/
 *
 * A cache that fails costs a call to the namespace and nothing else, so its errors end here: it is left alone for a
 * while, longer after each error, and then tried again. Plain workerd has the API and no cache behind it, and fails
 * always; only the first failure in a row is logged.
 */
export class PlatformCache implements SharedCache {
  readonly #cache: PlatformCacheApi;
  readonly #now: () => number;
  #pausedUntil = 0;
  /** How long the last pause was; 0 while the cache works. */
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
    // A call that began before the pause, and failed in it, says nothing new.
    if (now < this.#pausedUntil) return;
    if (this.#pauseMs === 0) {
      console.info(
        'the cache of the platform fails; until it works, copies for cached reads stay in memory:',
        String(error),
      );
    }
    this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, PLATFORM_CACHE_PAUSE_MIN_MS), PLATFORM_CACHE_PAUSE_MAX_MS);
    this.#pausedUntil = now + this.#pauseMs;
  }
}
