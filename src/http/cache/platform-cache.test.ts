import { afterEach, describe, expect, it, vi } from 'vitest';
import { PLATFORM_CACHE_PAUSE_MAX_MS, PLATFORM_CACHE_PAUSE_MIN_MS } from '../../model/limits';
import { COPIES_PATH, PlatformCache, type PlatformCacheApi } from './platform-cache';

const ORIGIN = 'https://registry.example';

/** A cache in memory. */
function memoryCache() {
  const kept = new Map<string, Response>();
  const api: PlatformCacheApi = {
    match: async (key) => kept.get(key)?.clone(),
    put: async (key, response) => void kept.set(key, response),
  };
  return { api, kept };
}

/** A cache that fails on demand, on a clock that the test advances. */
function failingCache() {
  const cache = { isFailing: true, calls: 0, now: 1_000 };
  const call = async () => {
    cache.calls += 1;
    if (cache.isFailing) throw new Error('No Cache was configured');
    return undefined;
  };
  const platformCache = new PlatformCache({ match: call, put: call }, () => cache.now);
  return { cache, read: () => platformCache.match(ORIGIN, '/a') };
}

const copy = { cursor: 'cE.1.x', body: '{"a":"ü"}', readAt: 1_234 };

describe('PlatformCache', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('[Q7] returns a copy by its key and the origin of the request', async () => {
    const { api, kept } = memoryCache();
    const cache = new PlatformCache(api, () => 0);
    await cache.put(ORIGIN, '/a?b', copy, 4_500);
    expect(await cache.match(ORIGIN, '/a?b')).toEqual(copy);
    expect(await cache.match(ORIGIN, '/a?c')).toBeUndefined();
    expect(await cache.match('https://other.example', '/a?b')).toBeUndefined();
    const [[key, response] = []] = [...kept];
    expect(new URL(key ?? '').origin).toBe(ORIGIN);
    expect(response?.headers.get('cache-control')).toBe('max-age=5');
  });

  it('[Q7] distinguishes keys that differ after a "#" or contain path segments', async () => {
    const { api, kept } = memoryCache();
    const cache = new PlatformCache(api, () => 0);
    for (const key of ['/a?near=auto#1', '/a?near=auto#2', '/a?near=auto%231', '/b/../a?near=auto']) {
      await cache.put(ORIGIN, key, copy, 1_000);
    }
    const asked = [...kept.keys()].map((address) => new URL(address));
    expect(new Set(asked.map(({ pathname, search }) => pathname + search)).size).toBe(4);
    expect(asked.every(({ pathname }) => pathname.startsWith(`${COPIES_PATH}/`))).toBe(true);
  });

  it('[Q7] ignores entries that it did not write', async () => {
    const { api, kept } = memoryCache();
    const cache = new PlatformCache(api, () => 0);
    await cache.put(ORIGIN, '/a', copy, 1_000);
    for (const key of kept.keys()) kept.set(key, new Response('other'));
    expect(await cache.match(ORIGIN, '/a')).toBeUndefined();
  });

  it('[Q8] pauses the use of a failing cache, longer after each error, and then retries', async () => {
    vi.spyOn(console, 'info').mockReturnValue(undefined);
    const { cache, read } = failingCache();
    const triedAt: number[] = [];
    for (let step = 0; step < 100; step += 1) {
      const { calls } = cache;
      await read();
      if (cache.calls > calls) triedAt.push(step);
      cache.now += PLATFORM_CACHE_PAUSE_MIN_MS;
    }
    const mostSteps = PLATFORM_CACHE_PAUSE_MAX_MS / PLATFORM_CACHE_PAUSE_MIN_MS;
    const pauses = triedAt.slice(1).map((step, index) => step - (triedAt[index] ?? 0));
    expect(pauses).toEqual([1, 2, 4, 8, 16, mostSteps, mostSteps, mostSteps]);
  });

  it('[Q8] uses a recovered cache, and starts with the shortest pause at its next error', async () => {
    const log = vi.spyOn(console, 'info').mockReturnValue(undefined);
    const { cache, read } = failingCache();
    await read();
    cache.now += PLATFORM_CACHE_PAUSE_MIN_MS;
    await read();
    cache.isFailing = false;
    cache.now += 2 * PLATFORM_CACHE_PAUSE_MIN_MS;
    await read();
    await read();
    expect(cache.calls).toBe(4);
    cache.isFailing = true;
    await read();
    cache.now += PLATFORM_CACHE_PAUSE_MIN_MS;
    await read();
    expect([cache.calls, log.mock.calls.length]).toEqual([6, 2]);
  });

  it('[Q8] logs a missing cache once, however often it is tried, and counts concurrent failures as one', async () => {
    const log = vi.spyOn(console, 'info').mockReturnValue(undefined);
    const { cache, read } = failingCache();
    await Promise.all([read(), read(), read()]);
    cache.now += PLATFORM_CACHE_PAUSE_MIN_MS;
    await read();
    cache.now += PLATFORM_CACHE_PAUSE_MAX_MS;
    await read();
    expect(cache.calls).toBe(5);
    expect(log).toHaveBeenCalledOnce();
  });
});
