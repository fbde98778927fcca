import { expect, it } from 'vitest';
import { RequestRecord } from './request-record';

const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const recordOf = (headers: Record<string, string>) =>
  new RequestRecord({ method: 'GET', headers: new Headers(headers) }, 0);

it('[G2] takes the id that a request comes with, unless its letters are none of an id', () => {
  expect(recordOf({ 'X-Request-Id': 'a.B_9-z', 'CF-Ray': '7d1f-FRA' }).givenId).toBe('a.B_9-z');
  for (const id of ['', 'a b', 'a"b', 'é', '{"level":"error"}', 'x'.repeat(129), 'a, b']) {
    expect(recordOf({ 'X-Request-Id': id }).givenId, id).toBeUndefined();
  }
});

it('[G2] names any other by the id that Cloudflare has for it, or by a random one that stays', () => {
  expect(recordOf({ 'CF-Ray': '7d1f-FRA' }).id).toBe('7d1f-FRA');
  const record = recordOf({ 'CF-Ray': 'no id' });
  expect(record.isNamed).toBe(false);
  expect(record.id).toMatch(RANDOM);
  expect(record.id).toBe(record.id);
  expect(record.isNamed).toBe(true);
  expect(recordOf({}).id).not.toBe(recordOf({}).id);
});
