import { describe, expect, it } from 'vitest';
import { CACHED_MAX_AGE_MAX_MS, DRAIN_GRACE_MAX_MS, PAGE_MAX_COUNT, WAIT_MAX_MS } from './limits';
import {
  DrainQuery,
  InstanceListQuery,
  RecordQuery,
  ResolveQuery,
  ServiceListQuery,
  ServiceRemovalQuery,
} from './queries';

const fresh = { consistency: 'strong', maxAge: 5_000 };

describe('freshness', () => {
  it.each([ResolveQuery, InstanceListQuery, ServiceListQuery, RecordQuery])(
    'is strong unless a cached copy is accepted',
    (schema) => {
      expect(schema.parse({})).toEqual(fresh);
      expect(schema.parse({ consistency: 'cached', maxAge: '1m' })).toEqual({ consistency: 'cached', maxAge: 60_000 });
      expect(schema.safeParse({ maxAge: `${CACHED_MAX_AGE_MAX_MS + 1}ms` }).success).toBe(false);
      expect(schema.safeParse({ consistency: 'eventual' }).success).toBe(false);
      expect(schema.safeParse({ colour: 'blue' }).success).toBe(false);
    },
  );
});

describe('wait', () => {
  const waitOf = (wait?: string) => RecordQuery.parse(wait === undefined ? {} : { wait }).wait;

  it('[P2, R14] is a time up to five minutes, 30 s without a value, and undefined if omitted', () => {
    expect([waitOf('10s'), waitOf('5m'), waitOf('0s'), waitOf(''), waitOf()]).toEqual([
      10_000,
      300_000,
      0,
      30_000,
      undefined,
    ]);
    for (const wait of ['301s', '-1s', 'soon', ' ']) expect(() => waitOf(wait), wait).toThrow();
  });
});

describe('ResolveQuery', () => {
  it('reads a valid near', () => {
    for (const [near, read] of [
      ['auto', { kind: 'auto' }],
      ['52.5,13.4', { kind: 'point', latitude: 52.5, longitude: 13.4 }],
      ['-90,180', { kind: 'point', latitude: -90, longitude: 180 }],
      ['zone:eu-1a', { kind: 'zone', zone: 'eu-1a' }],
    ] as const) {
      expect(ResolveQuery.parse({ near }).near, JSON.stringify(near)).toEqual(read);
    }
  });

  it('refuses any other near', () => {
    for (const near of ['', 'zone:', '91,0', '0,181', '1', '1,2,3', 'NaN,NaN', '1e1,0', 'Berlin', '52.5, 13.4']) {
      expect(ResolveQuery.safeParse({ near }).success, JSON.stringify(near)).toBe(false);
    }
  });
});

describe('limit', () => {
  it('accepts valid numbers', () => {
    for (const limit of ['1', String(PAGE_MAX_COUNT)]) {
      expect(ResolveQuery.parse({ limit }).limit, JSON.stringify(limit)).toBe(Number(limit));
    }
  });
  it('refuses invalid numbers', () => {
    for (const limit of ['0', '-1', '1.5', '', 'ten', '1e3', String(PAGE_MAX_COUNT + 1), '99999999999']) {
      expect(ResolveQuery.safeParse({ limit }).success, JSON.stringify(limit)).toBe(false);
    }
  });
});

describe('InstanceListQuery', () => {
  it('reads flags and filters by metadata', () => {
    expect(InstanceListQuery.parse({ available: 'false', metadata: { a: 'b' } })).toEqual({
      ...fresh,
      available: false,
      metadata: { a: 'b' },
    });
  });

  it('refuses a filter that would be lost, and one that is invalid', () => {
    expect(InstanceListQuery.safeParse({ metadata: JSON.parse('{"__proto__":"x"}') }).success).toBe(false);
    expect(InstanceListQuery.safeParse({ metadata: 'x' }).success).toBe(false);
    expect(InstanceListQuery.safeParse({ available: 'yes' }).success).toBe(false);
  });
});

describe('DrainQuery', () => {
  it('defaults to a wait of 30 s and no grace', () => {
    expect(DrainQuery.parse({})).toEqual({ wait: 30_000, grace: 0 });
    expect(DrainQuery.parse({ wait: '0', grace: '5m' })).toEqual({ wait: 0, grace: 300_000 });
  });

  it('[R14] accepts both at their limits and nothing beyond', () => {
    expect(DrainQuery.parse({ wait: `${WAIT_MAX_MS}ms`, grace: `${DRAIN_GRACE_MAX_MS}ms` })).toEqual({
      wait: WAIT_MAX_MS,
      grace: DRAIN_GRACE_MAX_MS,
    });
    expect(DrainQuery.safeParse({ wait: `${WAIT_MAX_MS + 1}ms` }).success).toBe(false);
    expect(DrainQuery.safeParse({ grace: `${DRAIN_GRACE_MAX_MS + 1}ms` }).success).toBe(false);
  });
});

describe('ServiceRemovalQuery', () => {
  it('reads force', () => {
    for (const [query, force] of [
      [{}, false],
      [{ force: '' }, true],
      [{ force: 'true' }, true],
      [{ force: 'false' }, false],
    ] as const) {
      expect(ServiceRemovalQuery.parse(query), JSON.stringify(query)).toEqual({ force });
    }
  });

  it('refuses any other force', () => {
    expect(ServiceRemovalQuery.safeParse({ force: '1' }).success).toBe(false);
  });
});
