import { describe, expect, it } from 'vitest';
import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import { answered, read, removed, written } from './answers';
import { KnownHeaders } from './known-headers';

const body = '{"a":1}';
const cursor = 'cE.1.x';
const common = { 'rollcall-api': '1.0', 'cache-control': 'no-store', 'rollcall-cursor': cursor };
const json = { ...common, 'content-type': 'application/json' };

const seen = async (response: Response) => [
  response.status,
  Object.fromEntries(response.headers),
  await response.text(),
];

describe('answers', () => {
  it('[Q1] carry the cursor, and reads an ETag', async () => {
    expect(await seen(answered({ cursor, body }))).toEqual([200, json, body]);
    expect(await seen(read({ cursor, body }))).toEqual([200, { ...json, etag: `"${cursor}"` }, body]);
    expect(await seen(removed({ cursor }))).toEqual([204, common, '']);
  });

  it('[Q2] have no body where nothing changed', async () => {
    expect(await seen(read({ cursor, body: null }))).toEqual([304, { ...json, etag: `"${cursor}"` }, '']);
  });

  it('[Q5] say how old they are, where they are old', async () => {
    expect(read({ cursor, body, ageSeconds: 0 }).headers.get('age')).toBe('0');
    expect(read({ cursor, body, ageSeconds: 59 }).headers.get('age')).toBe('59');
    expect(read({ cursor, body }).headers.has('age')).toBe(false);
  });

  it('say where a new record is, and only of a new one', async () => {
    expect(await seen(written({ cursor, body, created: true }, '/there'))).toEqual([
      201,
      { ...json, location: '/there' },
      body,
    ]);
    expect(await seen(written({ cursor, body, created: false }, '/there'))).toEqual([200, json, body]);
    expect((await seen(written({ cursor, body, created: true })))[0]).toBe(201);
    expect(answered({ cursor, body }).headers.has('location'), 'the next answer of that cursor').toBe(false);
  });
});

describe('KnownHeaders', () => {
  it('are the same for the same cursor and age, and never those of another', () => {
    const known = new KnownHeaders(true);
    expect(known.of('c1')).toBe(known.of('c1'));
    expect(known.of('c1', 1)).not.toBe(known.of('c1'));
    const first = known.of('first');
    for (let index = 0; index < 3 * KNOWN_HEADERS_MAX_COUNT; index++) {
      expect(known.of(`c${index}`).get('rollcall-cursor')).toBe(`c${index}`);
      expect(known.of('c', index).get('age')).toBe(String(index));
    }
    expect(known.of('first'), 'kept for good').not.toBe(first);
  });
});
