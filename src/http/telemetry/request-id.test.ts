import { describe, expect, it } from 'vitest';
import { givenId, madeId } from './request-id';

const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('givenId', () => {
  it('[G2] is the one that came', () => {
    expect(givenId(new Headers({ 'X-Request-Id': 'a.B_9-z', 'CF-Ray': '7d1f-FRA' }))).toBe('a.B_9-z');
    expect(givenId(new Headers({ 'CF-Ray': '7d1f-FRA' }))).toBeUndefined();
  });

  it.each(['', 'a b', 'a"b', 'é', '{"level":"error"}', 'x'.repeat(129), 'a, b'])('[G2] is not %j', (id) => {
    expect(givenId(new Headers({ 'X-Request-Id': id }))).toBeUndefined();
  });
});

describe('madeId', () => {
  it('[G2] is the one that Cloudflare knows the request by', () => {
    expect(madeId(new Headers({ 'CF-Ray': '7d1f-FRA' }))).toBe('7d1f-FRA');
  });

  it('[G2] is a random one elsewhere, another for each request', () => {
    expect(madeId(new Headers())).toMatch(RANDOM);
    expect(madeId(new Headers({ 'CF-Ray': 'no id' }))).toMatch(RANDOM);
    expect(madeId(new Headers())).not.toBe(madeId(new Headers()));
  });
});
