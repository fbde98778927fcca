import { describe, expect, it } from 'vitest';
import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import { answered, read, removed, written } from './answers';

const body = '{"a":1}';
const cursor = 'cE.1.x';
const common = { 'rollcall-api': '1.0', 'cache-control': 'no-store', 'rollcall-cursor': cursor };
const json = { ...common, 'content-type': 'application/json' };

const seen = async (response: Response) => [
  response.status,
  Object.fromEntries(response.headers),
  await response.text(),
];

describe('responses', () => {
  it('[Q1] have the cursor, and an ETag for reads', async () => {
    expect(await seen(answered({ cursor, body }))).toEqual([200, json, body]);
    expect(await seen(read({ cursor, body }))).toEqual([200, { ...json, etag: `"${cursor}"` }, body]);
    expect(await seen(removed({ cursor }))).toEqual([204, common, '']);
  });

  it('[Q2] have no body if nothing has changed', async () => {
    expect(await seen(read({ cursor, body: null }))).toEqual([304, { ...json, etag: `"${cursor}"` }, '']);
  });

  it('[Q5] state the age of a cached copy', async () => {
    expect(read({ cursor, body, ageSeconds: 0 }).headers.get('age')).toBe('0');
    expect(read({ cursor, body, ageSeconds: 59 }).headers.get('age')).toBe('59');
    expect(read({ cursor, body }).headers.has('age')).toBe(false);
  });

  it('have the location of a new record, and only of a new one', async () => {
    expect(await seen(written({ cursor, body, created: true }, '/there'))).toEqual([
      201,
      { ...json, location: '/there' },
      body,
    ]);
    expect(await seen(written({ cursor, body, created: false }, '/there'))).toEqual([200, json, body]);
    expect((await seen(written({ cursor, body, created: true })))[0]).toBe(201);
    expect(answered({ cursor, body }).headers.has('location'), 'the next response with that cursor').toBe(false);
  });
});

describe('headers cached by cursor', () => {
  it('are never those of another cursor or age, however many there are', () => {
    for (let index = 0; index < 3 * KNOWN_HEADERS_MAX_COUNT; index++) {
      expect(read({ cursor: `c${index}`, body }).headers.get('rollcall-cursor')).toBe(`c${index}`);
      expect(read({ cursor, body, ageSeconds: index }).headers.get('age')).toBe(String(index));
      expect(answered({ cursor: `c${index}`, body }).headers.has('etag')).toBe(false);
    }
  });
});
