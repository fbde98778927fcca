import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { KNOWN_QUERIES_MAX_COUNT, KNOWN_QUERY_MAX_CHARACTERS } from '../../model/limits';
import { KnownQueries } from './known-queries';

const Query = z.strictObject({
  limit: z.string().transform(Number).optional(),
  services: z.array(z.string()).default([]),
  text: z.string().optional(),
});

const at = (query: string): string => `http://a/x${query}`;

describe('KnownQueries', () => {
  it('parses a query once, and never takes one for another', () => {
    const queries = new KnownQueries(Query);
    const first = queries.of(at('?limit=3'));
    expect(first).toEqual({ limit: 3, services: [] });
    expect(queries.of('http://b/y?limit=3#z'), 'the same of another resource').toBe(first);
    for (let limit = 0; limit < 3 * KNOWN_QUERIES_MAX_COUNT; limit++) {
      expect(queries.of(at(`?limit=${limit}`))).toEqual({ limit, services: [] });
    }
    expect(queries.of(at('?limit=3')), 'kept for good').not.toBe(first);
  });

  it('knows no query from a fragment that looks like one', () => {
    const queries = new KnownQueries(Query);
    expect(queries.of(at('#?limit=3'))).toEqual({ services: [] });
    expect(queries.of(at('?limit=3'))).toEqual({ limit: 3, services: [] });
    expect(queries.of(at('?'))).toEqual({ services: [] });
  });

  it('gives nobody what another could have changed', () => {
    expect(Object.isFrozen(new KnownQueries(Query).of(at('?limit=3')))).toBe(true);
  });

  it('gathers what may come many times', () => {
    expect(new KnownQueries(Query).of(at('?services=a&services=b'))).toEqual({ services: ['a', 'b'] });
  });

  it('refuses a wrong one each time', () => {
    const queries = new KnownQueries(Query);
    for (let times = 0; times < 2; times++) expect(() => queries.of(at('?limits=3'))).toThrowError(/in the query/);
  });

  it('does not keep a long one', () => {
    const queries = new KnownQueries(Query);
    const long = at(`?text=${'x'.repeat(KNOWN_QUERY_MAX_CHARACTERS)}`);
    expect(queries.of(long)).toEqual(queries.of(long));
    expect(queries.of(long)).not.toBe(queries.of(long));
  });
});
