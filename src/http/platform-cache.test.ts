import { afterEach, describe, expect, it, vi } from 'vitest';
import { PlatformCache, type PlatformCacheApi } from './platform-cache';

/** A cache in memory. */
function memoryCache() {
  const kept = new Map<string, Response>();
  const api: PlatformCacheApi = {
    match: async (key) => kept.get(key)?.clone(),
    put: async (key, response) => void kept.set(key, response),
  };
  return { api, kept };
}

const copy = { cursor: 'cE.1.x', body: '{"a":"ü"}', readAt: 1_234 };

describe('PlatformCache', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('gives back what it was given, by its key alone', async () => {
    const { api, kept } = memoryCache();
    const cache = new PlatformCache(api);
    await cache.put('/a?b', copy, 4_500);
    expect(await cache.match('/a?b')).toEqual(copy);
    expect(await cache.match('/a?c')).toBeUndefined();
    const [[key, response] = []] = [...kept];
    expect(new URL(key ?? '').hostname).toMatch(/\.invalid$/);
    expect(response?.headers.get('cache-control')).toBe('max-age=5');
  });

  it('takes nothing that it did not write', async () => {
    const { api, kept } = memoryCache();
    const cache = new PlatformCache(api);
    await cache.put('/a', copy, 1_000);
    for (const key of kept.keys()) kept.set(key, new Response('other'));
    expect(await cache.match('/a')).toBeUndefined();
  });

  it('does without a cache where there is none, and says so once', async () => {
    const log = vi.spyOn(console, 'info').mockReturnValue(undefined);
    const match = vi.fn(async () => {
      throw new Error('No Cache was configured');
    });
    const cache = new PlatformCache({ match, put: match });
    expect(await cache.match('/a')).toBeUndefined();
    await cache.put('/a', copy, 1_000);
    expect(await cache.match('/a')).toBeUndefined();
    expect(match).toHaveBeenCalledOnce();
    expect(log).toHaveBeenCalledOnce();
    expect(await new PlatformCache(undefined).match('/a')).toBeUndefined();
  });
});
