import { Hono } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { TrieRouter } from 'hono/router/trie-router';
import { describe, expect, it } from 'vitest';
import { PathNames } from './path-names';

describe.each([
  ['a regular expression', () => new RegExpRouter<never>()],
  ['a tree', () => new TrieRouter<never>()],
])('PathNames found by %s', (_name, newRouter) => {
  /** What is read from the names of a path, as its route sees them. */
  async function read<T>(path: string, reading: (names: PathNames) => T): Promise<T> {
    const hono = new Hono({ router: newRouter(), getPath: ({ url }) => url.slice('http://x'.length) });
    const found = Promise.withResolvers<T>();
    for (const known of ['/ns/:ns/services/:service', '/health']) {
      hono.get(known, ({ req, body }) => {
        found.resolve(reading(new PathNames(req)));
        return body(null);
      });
    }
    hono.onError((error, { body }) => {
      found.reject(error);
      return body(null);
    });
    await hono.fetch(new Request(`http://x${path}`));
    return found.promise;
  }

  it('are those of the route, each percent-decoded once', async () => {
    const path = '/ns/public/services/a%2Fb%2541';
    expect(await read(path, (names) => ['ns', 'service', 'id'].map((name) => names.of(name)))).toEqual([
      'public',
      'a/b%41',
      undefined,
    ]);
    expect(await read(path, (names) => names.all())).toEqual({ ns: 'public', service: 'a/b%41' });
  });

  it('are none where the route has none', async () => {
    expect(await read('/health', (names) => [names.all(), names.of('ns')])).toEqual([{}, undefined]);
  });

  it('[H7] are refused where the path cannot be decoded, and no sooner than they are asked for', async () => {
    const path = '/ns/public/services/%ff';
    expect(await read(path, () => 'nothing')).toBe('nothing');
    await expect(read(path, (names) => names.of('service'))).rejects.toThrowError(/write it as %25/);
    await expect(read(path, (names) => names.all())).rejects.toThrowError(/write it as %25/);
  });
});
