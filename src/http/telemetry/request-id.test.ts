import { describe, expect, it } from 'vitest';
import { requestId } from './request-id';

const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('requestId', () => {
  it('[G2] is the one that came, the proxy’s before Cloudflare’s', () => {
    expect(requestId(new Headers({ 'X-Request-Id': 'a.B_9-z' }))).toBe('a.B_9-z');
    expect(requestId(new Headers({ 'CF-Ray': '7d1f-FRA' }))).toBe('7d1f-FRA');
    expect(requestId(new Headers({ 'CF-Ray': '7d1f-FRA', 'X-Request-Id': 'x' }))).toBe('x');
  });

  it.each(['', 'a b', 'a"b', 'é', '{"level":"error"}', 'x'.repeat(129), 'a, b'])('[G2] is made instead of %j', (id) => {
    expect(requestId(new Headers({ 'X-Request-Id': id }))).toMatch(RANDOM);
  });

  it('[G2] is another for each request', () => {
    expect(requestId(new Headers())).not.toBe(requestId(new Headers()));
  });
});
