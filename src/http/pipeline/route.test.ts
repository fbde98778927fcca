import fc from 'fast-check';
import { Hono } from 'hono';
import { RegExpRouter } from 'hono/router/reg-exp-router';
import { TrieRouter } from 'hono/router/trie-router';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { TestApp } from '../../../test/fixtures/test-app';
import { RegistryError } from '../../model/errors';
import { KNOWN_QUERIES_MAX_COUNT, KNOWN_QUERY_MAX_CHARACTERS } from '../../model/limits';
import { parsed } from '../request/field-errors';
import { KnownQueries, namesReader, pathName, pathNames } from './route';

/** The context of a request as a router makes it, on a path that the route `pattern` has. */
type Req = Parameters<typeof pathNames>[0];

describe.each([
  ['a regular expression', () => new RegExpRouter<never>()],
  ['a tree', () => new TrieRouter<never>()],
])('names in a path found by %s', (_name, newRouter) => {
  /** Reads from the parameters of a path, as its route does. */
  async function read<T>(path: string, reading: (req: Req) => T): Promise<T> {
    const hono = new Hono({ router: newRouter(), getPath: ({ url }) => url.slice('http://x'.length) });
    const found = Promise.withResolvers<T>();
    for (const known of ['/ns/:ns/services/:service', '/health']) {
      hono.get(known, ({ req, body }) => {
        found.resolve(reading(req));
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
    expect(await read(path, (req) => ['ns', 'service', 'id'].map((name) => pathName(req, name)))).toEqual([
      'public',
      'a/b%41',
      undefined,
    ]);
    expect(await read(path, pathNames)).toEqual({ ns: 'public', service: 'a/b%41' });
  });

  it('are empty if the route has none', async () => {
    expect(await read('/health', (req) => [pathNames(req), pathName(req, 'ns')])).toEqual([{}, undefined]);
  });

  it("[H7] are refused if the path can't be decoded, but only when they are read", async () => {
    const path = '/ns/public/services/%ff';
    expect(await read(path, () => 'nothing')).toBe('nothing');
    await expect(read(path, (req) => pathName(req, 'service'))).rejects.toThrowError(/write a literal % as %25/);
    await expect(read(path, pathNames)).rejects.toThrowError(/write a literal % as %25/);
  });
});

describe('namesReader', () => {
  /** Returns the result of a read, or its refusal. */
  const outcome = (read: () => unknown): unknown => {
    try {
      return read();
    } catch (error) {
      return error instanceof RegistryError ? error.toData() : error;
    }
  };
  const name = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_.:@ -]{0,70}$/),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a.b', 'a:b', '.', '..', 'a@', '@@', 'a@@b'),
  );

  it('[H7] accepts and refuses in each path of each route the same as its schema', () => {
    const schemas = new Set(new TestApp().app.routes.flatMap(({ input }) => input.path ?? []));
    expect(schemas.size).toBeGreaterThan(4);
    for (const schema of schemas) {
      const read = namesReader(schema);
      const names = Object.keys(schema.shape);
      fc.assert(
        fc.property(fc.array(name, { minLength: names.length, maxLength: names.length }), (texts) => {
          const asked = Object.fromEntries(names.map((each, index) => [each, texts[index]]));
          // `as`: of a request, names are read and nothing else.
          const req = { path: '/', param: (each: string) => asked[each] } as Req;
          expect(outcome(() => read(req))).toEqual(outcome(() => parsed(schema, asked, 'path')));
        }),
        { numRuns: 300 },
      );
    }
  });
});

const Query = z.strictObject({
  limit: z.string().transform(Number).optional(),
  services: z.array(z.string()).default([]),
  text: z.string().optional(),
});

const at = (query: string): string => `http://a/x${query}`;

describe('KnownQueries', () => {
  it('parses a query once, and distinguishes different ones', () => {
    const queries = new KnownQueries(Query);
    const first = queries.of(at('?limit=3'));
    expect(first).toEqual({ limit: 3, services: [] });
    expect(queries.of('http://b/y?limit=3#z'), 'the same query of another resource').toBe(first);
    for (let limit = 0; limit < 3 * KNOWN_QUERIES_MAX_COUNT; limit++) {
      expect(queries.of(at(`?limit=${limit}`))).toEqual({ limit, services: [] });
    }
    expect(queries.of(at('?limit=3')), 'evicted').not.toBe(first);
  });

  it('ignores a fragment that looks like a query', () => {
    const queries = new KnownQueries(Query);
    expect(queries.of(at('#?limit=3'))).toEqual({ services: [] });
    expect(queries.of(at('?limit=3'))).toEqual({ limit: 3, services: [] });
    expect(queries.of(at('?'))).toEqual({ services: [] });
  });

  it('returns frozen objects', () => {
    expect(Object.isFrozen(new KnownQueries(Query).of(at('?limit=3')))).toBe(true);
  });

  it('collects the values of a repeated parameter', () => {
    expect(new KnownQueries(Query).of(at('?services=a&services=b'))).toEqual({ services: ['a', 'b'] });
  });

  it('refuses an invalid query each time', () => {
    const queries = new KnownQueries(Query);
    for (let times = 0; times < 2; times++) expect(() => queries.of(at('?limits=3'))).toThrowError(/in the query/);
  });

  it('does not cache a long query', () => {
    const queries = new KnownQueries(Query);
    const long = at(`?text=${'x'.repeat(KNOWN_QUERY_MAX_CHARACTERS)}`);
    expect(queries.of(long)).toEqual(queries.of(long));
    expect(queries.of(long)).not.toBe(queries.of(long));
  });
});
