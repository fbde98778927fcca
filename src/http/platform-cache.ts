import type { Copy, SharedCache } from './cached-reads';

/** The part of the Cache API that is used; `caches.default` on Cloudflare. */
export interface PlatformCacheApi {
  match(key: string): Promise<Response | undefined>;
  put(key: string, response: Response): Promise<void>;
}

/** A host that no request comes to: what is kept can be found by its key and never by its address. */
const KEY_ORIGIN = 'https://cached-reads.rollcall.invalid';

/**
 * Keeps copies in the cache of the platform, in the data centre of the caller.
 *
 * Plain workerd has the API and no cache behind it: the first call throws, and none is tried again. A cache that fails
 * costs a call to the namespace and nothing else, so its errors end here.
 */
export class PlatformCache implements SharedCache {
  #cache: PlatformCacheApi | undefined;

  constructor(cache: PlatformCacheApi | undefined) {
    this.#cache = cache;
  }

  async match(key: string): Promise<Copy | undefined> {
    const found = await this.#attempt((cache) => cache.match(KEY_ORIGIN + key));
    if (found === undefined) return undefined;
    const cursor = found.headers.get('Rollcall-Cursor');
    const readAt = Number(found.headers.get('Rollcall-Read-At'));
    if (cursor === null || !(readAt > 0)) return undefined;
    return { cursor, readAt, body: await found.text() };
  }

  async put(key: string, copy: Copy, keepForMs: number): Promise<void> {
    const headers = {
      'Content-Type': 'application/json',
      'Cache-Control': `max-age=${Math.ceil(keepForMs / 1_000)}`,
      'Rollcall-Cursor': copy.cursor,
      'Rollcall-Read-At': String(copy.readAt),
    };
    await this.#attempt((cache) => cache.put(KEY_ORIGIN + key, new Response(copy.body, { headers })));
  }

  async #attempt<T>(use: (cache: PlatformCacheApi) => Promise<T>): Promise<T | undefined> {
    if (this.#cache === undefined) return undefined;
    try {
      return await use(this.#cache);
    } catch (error) {
      this.#cache = undefined;
      console.info('no cache of the platform to use; copies for cached reads stay in memory:', String(error));
      return undefined;
    }
  }
}
