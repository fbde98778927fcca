import { describe, expect, it } from 'vitest';
import { problemOf, ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { ENTRY_BODY_MAX_BYTES } from '../../model/limits';

const KV = '/api/v1/ns/public/kv';
const VIEW = { key: 'a', value: 'text', bytes: 4, createdRevision: 1, revision: 2, version: 3 };

function begin() {
  const test = new TestApp();
  test.namespace.answer.body = JSON.stringify(VIEW);
  /** Returns the call that a request makes. */
  const called = async (method: string, path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${ROOT_TOKEN}`, ...init.headers };
    const response = await test.send(method, path, { ...init, headers });
    expect(response.status, await response.clone().text()).toBeLessThan(300);
    return test.namespace.calls.splice(0).map(({ method, asked }) => [method, asked.at(-1)]);
  };
  return { test, called };
}

describe('a request for an entry', () => {
  it('[H14] has its key in the path, percent-encoded or as base64 of its bytes', async () => {
    const { called } = begin();
    for (const [path, key] of [
      ['config/db', 'config/db'],
      ['config%2Fdb', 'config/db'],
      ['%C3%BC', '\u00c3\u00bc'],
      ['/a/', '/a/'],
      ['AP8?base64=true', '\u0000\u00ff'],
      ['AP8%3D?base64=true', '\u0000\u00ff'],
      ['_-8?base64', '\u00ff\u00ef'],
      ['%2F%2B8=?base64=true', '\u00ff\u00ef'],
      ['Li4?base64=true', '..'],
      ['YQ?base64=false', 'YQ'],
    ]) {
      const history = path?.replace(/^/, '/api/v1/ns/public/history/kv/') ?? '';
      expect(await called('DELETE', `${KV}/${path}`)).toEqual([['deleteEntry', { key, precondition: {} }]]);
      expect(await called('GET', `${KV}/${path}`)).toMatchObject([['readEntry', { key }]]);
      expect(await called('GET', history)).toMatchObject([['entryHistory', { key }]]);
    }
  });

  it('[H13] puts the bytes of its body with their type, under its conditions', async () => {
    const { called } = begin();
    const body = Uint8Array.from([0, 255]);
    const put = (query: string, headers: Record<string, string>) => called('PUT', `${KV}/a${query}`, { body, headers });
    const command = { key: 'a', value: '\u0000\u00ff' };
    expect(await put('', {})).toEqual([['putEntry', { ...command, precondition: {} }]]);
    expect(await put('?ifRevision=7', { 'content-type': 'image/png', 'if-match': '"cE.1.x"' })).toEqual([
      ['putEntry', { ...command, contentType: 'image/png', precondition: { cursor: 'cE.1.x', revision: 7 } }],
    ]);
    expect(await put('', { 'if-none-match': '*' })).toMatchObject([['putEntry', { precondition: { absent: true } }]]);
  });

  it('[EL1, EL3] acquires or releases its lock for a lease, and shows who holds it', async () => {
    const { test, called } = begin();
    expect(await called('PUT', `${KV}/a?acquire=7&lease=8`, { body: '' })).toMatchObject([
      ['putEntry', { acquire: '7', release: undefined, lease: '8' }],
    ]);
    expect(await called('PUT', `${KV}/a?release=7`, { body: '' })).toMatchObject([['putEntry', { release: '7' }]]);
    const headers = { authorization: `Bearer ${ROOT_TOKEN}` };
    for (const query of ['acquire=7&release=7', 'acquire=x', 'release=']) {
      const response = await test.send('PUT', `${KV}/a?${query}`, { headers, body: '' });
      expect([response.status, (await problemOf(response)).code], query).toEqual([400, 'INVALID_REQUEST']);
    }
    expect(test.namespace.calls).toEqual([]);
    const shown = async (lock: object) => {
      test.namespace.answer.body = JSON.stringify({ ...VIEW, lock });
      const response = await test.send('GET', `${KV}/a`, { headers });
      return ['rollcall-lock', 'rollcall-acquired-revision'].map((name) => response.headers.get(name));
    };
    expect(await shown({ lease: '7', index: 2, acquiredRevision: 5 })).toEqual(['7', '5']);
    expect(await shown({ index: 2, acquiredRevision: 5 })).toEqual([null, null]);
  });

  it('[H5] is refused for a body that is too large as soon as that is known', async () => {
    const { test } = begin();
    const headers = { authorization: `Bearer ${ROOT_TOKEN}` };
    let chunks = 0;
    const endless = new ReadableStream({
      pull: (controller) => {
        chunks += 1;
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    const streamed = { headers, body: endless, duplex: 'half' } as RequestInit; // `as`: Node asks for duplex
    const announced = { headers: { ...headers, 'content-length': String(ENTRY_BODY_MAX_BYTES + 1) }, body: 'x' };
    for (const init of [streamed, announced]) {
      const response = await test.send('PUT', `${KV}/a`, init);
      expect([response.status, (await problemOf(response)).code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    }
    expect(chunks).toBeLessThan(ENTRY_BODY_MAX_BYTES / 65_536 + 5);
    expect(test.namespace.calls).toEqual([]);
  });

  it('[A2] is refused before its body is read if the token does not cover the key', async () => {
    const { test } = begin();
    const { token } = test.directory.give([{ scope: 'register', ns: 'public', services: [], keys: ['b'] }]);
    const taken: string[] = [];
    const body = new ReadableStream({ pull: () => void taken.push('a chunk') }, { highWaterMark: 0 });
    const init = { body, duplex: 'half', headers: { authorization: `Bearer ${token}` } } as RequestInit; // `as`: Node asks for duplex
    expect((await test.send('PUT', `${KV}/a`, init)).status).toBe(403);
    expect(taken).toEqual([]);
  });
});

describe('a grant on keys', () => {
  it.each([
    ['GET', '/kv/jobs/1', '+'],
    ['GET', '/kv/jobs%2F1', '+'],
    ['GET', '/kv/am9icy8x?base64=true', '+'],
    ['GET', '/kv/lock', '+'],
    ['GET', '/kv/locks', '-'],
    ['GET', '/kv/jobs', '-'],
    ['GET', '/kv/am9icw?base64=true', '-'],
    ['GET', '/kv?prefix=jobs/', '+'],
    ['GET', '/kv?prefix=jobs/1', '+'],
    ['GET', '/kv?from=jobs/1&to=jobs/2', '+'],
    ['GET', '/kv?prefix=jobs/&after=eg', '+'],
    ['GET', '/kv?prefix=jobs', '-'],
    ['GET', '/kv?from=jobs/', '-'],
    ['GET', '/kv?from=jobs/&to=', '-'],
    ['GET', '/kv?to=jobs/2&after=am9icy8x', '-'],
    ['GET', '/kv?prefix=', '-'],
    ['GET', '/kv', '-'],
    ['GET', '/history/kv/jobs/1', '+'],
    ['GET', '/history/kv/locks', '-'],
    ['PUT', '/kv/jobs/1', '+'],
    ['PUT', '/kv/lock', '-'],
    ['DELETE', '/kv/jobs/1', '+'],
    ['DELETE', '/kv/lock', '-'],
    ['GET', '/services', '-'],
    ['GET', '/groups/g/services/jobs', '-'],
  ])('[A5, KV12] %s %s: %s', async (method, path, expected) => {
    const { test } = begin();
    const { token } = test.directory.give([
      { scope: 'register', ns: 'public', services: [], keys: ['jobs/*'] },
      { scope: 'read', ns: 'public', services: [], keys: ['jobs/*', 'lock'] },
    ]);
    const response = await test.send(method, `/api/v1/ns/public${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const hasReached = test.namespace.calls.length > 0;
    expect([response.status, hasReached]).toEqual(expected === '+' ? [expect.any(Number), true] : [403, false]);
    expect(response.status).toBeLessThan(404);
  });
});

describe('the value of an entry', () => {
  const read = async (view: object, path = `${KV}/a`) => {
    const { test } = begin();
    test.namespace.answer.body = JSON.stringify({ ...VIEW, ...view });
    return test.send('GET', path, { headers: { authorization: `Bearer ${ROOT_TOKEN}` } });
  };

  it('[H13] is returned with its type and its numbers, for download only', async () => {
    const response = await read({ contentType: 'text/html' });
    expect([response.status, await response.text()]).toEqual([200, 'text']);
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      'content-disposition': 'attachment',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'content-type': 'text/html',
      'cross-origin-resource-policy': 'same-origin',
      etag: '"cE.1.x"',
      'rollcall-api': '1.0',
      'rollcall-created-revision': '1',
      'rollcall-cursor': 'cE.1.x',
      'rollcall-revision': '2',
      'rollcall-version': '3',
      'x-content-type-options': 'nosniff',
    });
  });

  it('[H13] of any bytes is returned as they are', async () => {
    const response = await read({ value: undefined, valueBase64: 'AP8=' });
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(Uint8Array.from([0, 255]));
  });

  it('[Q2] is not sent again if it has not changed', async () => {
    const { test } = begin();
    test.namespace.answer.body = null;
    const response = await test.send('GET', `${KV}/a`, {
      headers: { authorization: `Bearer ${ROOT_TOKEN}`, 'if-none-match': '"cE.1.w"' },
    });
    expect([response.status, response.headers.get('etag'), response.headers.get('content-type')]).toEqual([
      304,
      '"cE.1.x"',
      null,
    ]);
  });
});
