import type { Router } from 'hono/router';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { TrieRouter } from 'hono/router/trie-router';
import { describe, expect, it } from 'vitest';
import { PathNames } from './path-names';

describe.each([
  ['a regular expression', () => new RegExpRouter<string>()],
  ['a tree', () => new TrieRouter<string>()],
] as [string, () => Router<string>][])('PathNames found by %s', (_name, newRouter) => {
  const namesIn = (path: string): PathNames => {
    const router = newRouter();
    router.add('GET', '/ns/:ns/services/:service', 'a service');
    router.add('GET', '/health', 'health');
    return new PathNames(router.match('GET', path));
  };

  it('are those of the route, each percent-decoded once', () => {
    const names = namesIn('/ns/public/services/a%2Fb%2541');
    expect(names.of('ns')).toBe('public');
    expect(names.of('service')).toBe('a/b%41');
    expect(names.of('id')).toBeUndefined();
    expect(names.all()).toEqual({ ns: 'public', service: 'a/b%41' });
  });

  it('are none where the route has none, or there is no route', () => {
    expect(namesIn('/health').all()).toEqual({});
    expect(namesIn('/nothing').all()).toEqual({});
    expect(namesIn('/nothing').of('ns')).toBeUndefined();
  });

  it('[H7] are refused where they cannot be decoded, and no sooner than they are asked for', () => {
    const names = namesIn('/ns/public/services/%ff');
    expect(names.of('ns')).toBe('public');
    expect(() => names.of('service')).toThrowError(/write it as %25/);
    expect(() => names.all()).toThrowError(/write it as %25/);
  });
});
