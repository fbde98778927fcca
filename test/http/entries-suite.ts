import { describe, expect, it } from 'vitest';
import { utf8Bytes } from '../../src/model/bytes';
import { ENTRY_BODY_MAX_BYTES, ENTRY_KEY_MAX_BYTES, ENTRY_VALUE_MAX_BYTES } from '../../src/model/limits';
import { everyRow } from '../fixtures/every-row';
import { etagOf, type Home, NS } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

const KV = `${NS}/kv`;

/** Returns the path of a key in base64url. */
const base64Path = (key: Uint8Array): string => `${KV}/${Buffer.from(key).toString('base64url')}?base64=true`;

interface Listed {
  entries: { key?: string; keyBase64?: string; value?: string; valueBase64?: string; revision: number }[];
  count: number;
  more: boolean;
  next?: string;
}

/** Registers the tests of entries over HTTP on the whole registry. */
export function entriesSuite({ ask, send, tokenFor, ns }: Home): void {
  const root = { authorization: `Bearer ${ROOT_TOKEN}` };

  const put = (
    path: string,
    value: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ): Promise<Response> => send('PUT', path, { body: value, headers: { ...root, ...headers } });
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    send('GET', path, { headers: { ...root, ...headers } });
  const bytesIn = async (path: string): Promise<Uint8Array> => new Uint8Array(await (await get(path)).arrayBuffer());
  const keysIn = async (query: string) =>
    (await ask<Listed>('GET', `${KV}${query}`)).body.entries.map(({ key, keyBase64 }) => key ?? keyBase64);

  describe('an entry', () => {
    it('[KV2, H13] is put, read as its bytes or as JSON, and deleted', async () => {
      const path = `${KV}/config/db/url`;
      const first = await put(path, 'postgres://größe', { 'content-type': 'text/plain; charset=utf-8' });
      expect([first.status, first.headers.get('rollcall-cursor')]).toEqual([201, expect.stringMatching(/^c/)]);
      const numbers = { createdRevision: 1, revision: 1, version: 1 };
      const described = { key: 'config/db/url', bytes: 18, contentType: 'text/plain; charset=utf-8' };
      expect(await first.json()).toEqual({ ...described, ...numbers });

      const read = await get(path);
      expect([read.status, await read.text()]).toEqual([200, 'postgres://größe']);
      expect(Object.fromEntries(read.headers)).toMatchObject({
        'content-type': 'text/plain; charset=utf-8',
        'rollcall-revision': '1',
        'rollcall-created-revision': '1',
        'rollcall-version': '1',
        'cache-control': 'no-store',
        etag: `"${read.headers.get('rollcall-cursor')}"`,
      });
      expect((await ask('GET', `${path}?as=entry`)).body).toEqual({
        ...described,
        ...numbers,
        value: 'postgres://größe',
      });

      expect((await put(path, '')).status).toBe(200);
      const empty = await get(path);
      expect([empty.status, await empty.text(), empty.headers.get('rollcall-version')]).toEqual([200, '', '2']);
      expect((await ask('DELETE', path)).status).toBe(204);
      expect((await ask('DELETE', path)).status).toBe(204);
      expect(await ask('GET', path)).toMatchObject({ status: 404, body: { code: 'ENTRY_NOT_FOUND' } });
    });

    it('[KV1, H13] keeps every byte of its value, up to the limit', async () => {
      const value = new Uint8Array(ENTRY_VALUE_MAX_BYTES).map((_, index) => index);
      expect((await put(`${KV}/large`, value)).status).toBe(201);
      expect(Buffer.compare(await bytesIn(`${KV}/large`), value)).toBe(0);
      const { body } = await ask<{ valueBase64: string }>('GET', `${KV}/large?as=entry`);
      expect(Buffer.compare(Buffer.from(body.valueBase64, 'base64'), value)).toBe(0);
      for (const bytes of [ENTRY_VALUE_MAX_BYTES + 1, ENTRY_BODY_MAX_BYTES, ENTRY_BODY_MAX_BYTES + 1, 2_000_000]) {
        const refused = await put(`${KV}/large`, new Uint8Array(bytes));
        expect([refused.status, await refused.json()]).toEqual([
          413,
          expect.objectContaining({
            code: 'PAYLOAD_TOO_LARGE',
            detail: expect.stringMatching(`(?:an entry|a value) has at most ${ENTRY_VALUE_MAX_BYTES}$`),
          }),
        ]);
      }
      expect((await get(`${KV}/large`)).headers.get('rollcall-version')).toBe('1');
    });

    it('[KV1, H14] has the same key with slashes percent-encoded and as they are', () =>
      everyRow(
        [
          'config/db',
          '/a',
          'a/',
          'a//b',
          'größe 🦆',
          '100%',
          '%2F',
          "'; --",
          '?x=1#y',
          'a\\b',
          'a+b',
          '...',
          '\n',
          'a.b/..c',
        ],
        async (key) => {
          const encoded = `${KV}/${encodeURIComponent(key)}`;
          const withSlashes = `${KV}/${key.split('/').map(encodeURIComponent).join('/')}`;
          expect((await put(encoded, key)).status, key).toBe(201);
          expect(await (await get(withSlashes)).text()).toBe(key);
          expect((await ask('GET', `${withSlashes}?as=entry`)).body.key).toBe(key);
          expect(await keysIn(`?from=${encodeURIComponent(key)}`)).toContain(key);
          expect((await ask('DELETE', withSlashes)).status).toBe(204);
          expect((await get(encoded)).status).toBe(404);
        },
      ));

    it('[KV1, H14] may have any bytes as its key, in base64url', () =>
      everyRow([[0], [0xff, 0xfe], [46], [46, 46], [46, 46, 47, 97], [0xc3], [0xed, 0xa0, 0x80]], async (bytes) => {
        const path = base64Path(Uint8Array.from(bytes));
        expect((await put(path, 'value')).status).toBe(201);
        expect(await (await get(path)).text()).toBe('value');
        const from = Buffer.from(bytes).toString('base64url');
        expect((await ask<Listed>('GET', `${KV}?base64=true&from=${from}&limit=1`)).body.count).toBe(1);
        const history = await ask<{ changes: unknown[] }>('GET', path.replace('/kv/', '/history/kv/'));
        expect(history.body.changes).toHaveLength(1);
        expect((await ask('DELETE', path)).status).toBe(204);
        expect((await get(path)).status).toBe(404);
      }));

    it('[KV1] has a key of at most 4 KiB, in every spelling', async () => {
      for (const byte of ['k', '%00', '%2F']) {
        const [longest, longer] = [ENTRY_KEY_MAX_BYTES, ENTRY_KEY_MAX_BYTES + 1].map((count) =>
          Buffer.from(decodeURIComponent(byte).repeat(count)),
        );
        if (longest === undefined || longer === undefined) return expect.unreachable();
        if (byte !== '%00') {
          expect((await put(`${KV}/${byte.repeat(ENTRY_KEY_MAX_BYTES)}`, 'value')).status).toBe(201);
          expect((await put(`${KV}/${byte.repeat(ENTRY_KEY_MAX_BYTES + 1)}`, 'value')).status).toBe(400);
        }
        expect((await put(base64Path(longest), 'value')).ok).toBe(true);
        const refused = await ask('PUT', base64Path(longer), 'value');
        expect(refused).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST', errors: [{ path: 'key' }] } });
      }
      expect((await ask<Listed>('GET', `${KV}?countOnly=true`)).body.count).toBe(3);
    });

    it('[H14, I10] is not reached by a key that may be changed on the way', async () => {
      for (const path of [
        'a%2F..%2Fb',
        'a/%2E%2E%2Fb',
        '..%2Fa',
        'a%2F.',
        '%2F.%2F',
        'a%00b',
        'a%ff',
        '%ED%A0%80',
        'a%zz',
        'YQ==x?base64=true',
        'Y?base64=true',
        'YR?base64=true',
        'a%00?base64=true',
        '%20?base64=true',
      ]) {
        for (const method of ['PUT', 'GET', 'DELETE']) {
          const answer = await ask(method, `${KV}/${path}`, method === 'PUT' ? 'value' : undefined);
          expect(answer, `${method} ${path}`).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
        }
      }
      // Clients resolve these before they send them: they are other paths, without a route.
      for (const path of ['..', '.', 'a/../..', '%2e%2e', 'a/%2E%2E/%2e%2e']) {
        expect((await ask('DELETE', `${KV}/${path}`)).status, path).toBeGreaterThanOrEqual(400);
      }
      expect((await ask<Listed>('GET', `${KV}?countOnly=true`)).body.count).toBe(0);
    });

    it('[H13] is never shown as a page of the registry', async () => {
      const page = '<script>fetch("/api/v1/tokens")</script>';
      for (const type of ['text/html', 'image/svg+xml', 'text/javascript', 'application/xhtml+xml']) {
        await put(`${KV}/page.html`, page, { 'content-type': type });
        const { headers } = await get(`${KV}/page.html`);
        expect(Object.fromEntries(headers)).toMatchObject({
          'content-type': type,
          'content-disposition': 'attachment',
          'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
          'cross-origin-resource-policy': 'same-origin',
          'x-content-type-options': 'nosniff',
        });
      }
      await put(`${KV}/untyped`, utf8Bytes(page));
      expect((await get(`${KV}/untyped`)).headers.get('content-type')).toBe('application/octet-stream');
      const long = await put(`${KV}/page.html`, page, { 'content-type': `text/${'x'.repeat(255)}` });
      expect(long.status).toBe(400);
    });

    it('[KV3, Q4] is changed only if its conditions hold', async () => {
      const path = `${KV}/lock`;
      expect((await put(path, 'a', { 'if-none-match': '*' })).status).toBe(201);
      expect(await ask('PUT', path, 'b', { 'if-none-match': '*' })).toMatchObject({
        status: 412,
        body: { code: 'REVISION_MISMATCH' },
      });
      const seen = etagOf(await ask('GET', path));
      await put(`${KV}/other`, 'x');
      expect((await put(path, 'b', { 'if-match': seen })).status).toBe(200);
      expect((await put(path, 'c', { 'if-match': seen })).status).toBe(412);
      expect((await ask('DELETE', path, undefined, { 'if-match': seen })).status).toBe(412);
      expect((await put(`${path}?ifRevision=1`, 'c')).status).toBe(412);
      expect((await put(`${path}?ifRevision=3`, 'c')).status).toBe(200);
      expect((await ask('DELETE', `${path}?ifRevision=3`)).status).toBe(412);
      expect((await put(`${path}?ifRevision=x`, 'c')).status).toBe(400);
      expect((await put(path, 'c', { 'if-match': 'x' })).status).toBe(400);
      expect((await ask('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(204);
      expect((await ask('DELETE', path, undefined, { 'if-match': '*' })).status).toBe(412);
      expect((await put(path, 'c', { 'if-match': '*' })).status).toBe(412);
      expect((await put(path, 'c', { 'content-encoding': 'gzip' })).status).toBe(415);
    });

    it('[Q2] is read conditionally, as its bytes and as JSON', async () => {
      await put(`${KV}/a`, 'first', { 'content-type': 'text/html' });
      for (const query of ['', '?as=entry']) {
        const etag = etagOf(await ask('GET', `${KV}/a${query}`));
        await put(`${KV}/b`, query);
        const same = await get(`${KV}/a${query}`, { 'if-none-match': etag });
        expect([same.status, await same.text(), same.headers.get('etag')]).toEqual([304, '', expect.any(String)]);
        await put(`${KV}/a`, query);
        expect((await get(`${KV}/a${query}`, { 'if-none-match': etag })).status).toBe(200);
      }
    });

    it('[Q2] is read once it changes, if the request waits for that', async () => {
      const path = `${KV}/gr%C3%B6%C3%9Fe`;
      await put(path, 'first');
      for (const query of [path, `${path}?as=entry`, `${KV}?prefix=gr%C3%B6`]) {
        const etag = etagOf(await ask('GET', query));
        const waiting = get(`${query}${query.includes('?') ? '&' : '?'}wait=5m`, { 'if-none-match': etag });
        await put(path, `changed for ${query}`);
        const answer = await waiting;
        expect([answer.status, answer.headers.get('preference-applied')], query).toEqual([200, 'wait=300']);
        expect(await answer.text()).toContain('changed for');
      }
      const etag = etagOf(await ask('GET', path));
      const waiting = ask('GET', `${path}?wait=5m`, undefined, { 'if-none-match': etag });
      await ask('DELETE', path);
      expect(await waiting).toMatchObject({ status: 404, body: { code: 'ENTRY_NOT_FOUND' } });
      expect((await get(`${path}?consistency=cached&wait=1s`)).status).toBe(400);
    });

    it('[Q5] is read from a copy that is fresh enough, with its age', async () => {
      await put(`${KV}/a`, 'first');
      const cached = () => get(`${KV}/a?consistency=cached&maxAge=60s`);
      expect((await cached()).headers.get('age')).toBe('0');
      await put(`${KV}/a`, 'second');
      expect(await (await cached()).text()).toBe('first');
      expect(await (await get(`${KV}/a`)).text()).toBe('second');
    });

    it('[KV5, KV6] is read as it was, and with its history', async () => {
      const first = await put(`${KV}/a/b`, 'first', { 'content-type': 'text/plain' });
      const at = first.headers.get('rollcall-cursor');
      await put(`${KV}/a/b`, new Uint8Array([255]));
      await ask('DELETE', `${KV}/a/b`);
      const past = await get(`${KV}/a/b?at=${at}`);
      expect([await past.text(), past.headers.get('content-type'), past.headers.get('etag')]).toEqual([
        'first',
        'text/plain',
        `"${at}"`,
      ]);
      expect((await get(`${KV}/a/b?at=${at}`, { 'if-none-match': `"${at}"` })).status).toBe(304);
      expect((await ask<Listed>('GET', `${KV}?at=${at}`)).body.entries).toMatchObject([{ key: 'a/b', value: 'first' }]);
      expect((await ask('GET', `${KV}/a/b?at=cnowhere.1.1`)).status).toBe(410);
      expect((await ask('GET', `${KV}/a/b?at=${at}&wait=1s`)).status).toBe(400);

      const history = `${NS}/history/kv/a%2Fb`;
      const { body } = await ask<{ changes: object[]; next?: string }>('GET', history);
      expect(body).toMatchObject({
        changes: [
          { cause: 'deleted', actor: 'root', before: { valueBase64: '/w==', version: 2 }, after: null },
          { cause: 'put', before: { value: 'first' }, after: { valueBase64: '/w==' } },
          { cause: 'put', before: null, after: { value: 'first', contentType: 'text/plain' } },
        ],
        compacted: false,
      });
      const page = await ask<{ changes: object[]; next?: string }>('GET', `${history}?limit=2`);
      expect(page.body.changes).toEqual(body.changes.slice(0, 2));
      const rest = await ask<{ changes: object[] }>('GET', `${NS}/history/kv/a/b?after=${page.body.next}`);
      expect(rest.body.changes).toEqual(body.changes.slice(2));
    });
  });

  describe('a range of entries', () => {
    const fill = async (...keys: string[]) => {
      for (const key of keys) await put(`${KV}/${encodeURIComponent(key)}`, `value of ${key}`);
    };

    it('[KV4] is listed by prefix and by interval, in any order', async () => {
      await fill('config/z', 'config/a', 'b', 'config', 'config0', 'config/ä');
      await put(`${KV}/b`, 'again');
      expect(await keysIn('')).toEqual(['b', 'config', 'config/a', 'config/z', 'config/ä', 'config0']);
      expect(await keysIn('?prefix=config/')).toEqual(['config/a', 'config/z', 'config/ä']);
      expect(await keysIn('?prefix=config%2F%C3%A4')).toEqual(['config/ä']);
      expect(await keysIn(`?base64=true&prefix=${Buffer.from('config/ä').toString('base64url')}`)).toEqual([
        'config/ä',
      ]);
      expect(await keysIn('?from=config&to=config/z')).toEqual(['config', 'config/a']);
      expect(await keysIn('?from=config/z&to=')).toEqual(['config/z', 'config/ä', 'config0']);
      expect(await keysIn('?to=c')).toEqual(['b']);
      expect(await keysIn('?from=z&to=a')).toEqual([]);
      expect(await keysIn('?order=createdRevision&descending=true&limit=2')).toEqual(['config/ä', 'config0']);
      expect(await keysIn('?order=version&descending&limit=1')).toEqual(['b']);
      const { body } = await ask<Listed>('GET', `${KV}?prefix=config/&keysOnly=true&limit=1`);
      expect(body).toMatchObject({ count: 3, more: true, entries: [{ key: 'config/a', revision: 2, bytes: 17 }] });
      expect(body.entries[0]).not.toHaveProperty('value');
      expect((await ask('GET', `${KV}?count`)).body).toEqual({ entries: [], count: 6, more: false });
    });

    it('[KV4, V6] is read in pages, forwards and backwards, at one moment', async () => {
      await fill('a', 'b', 'config/1', 'config/2', 'config/3', 'config/4', 'z');
      await put(base64Path(Uint8Array.from([...Buffer.from('config/'), 0xff])), 'value');
      const at = (await get(`${KV}/a`)).headers.get('rollcall-cursor');
      const pages = async (query: string) => {
        const found: (string | undefined)[][] = [];
        let next: string | undefined;
        do {
          const after = next === undefined ? '' : `&after=${next}`;
          const { body } = await ask<Listed>('GET', `${KV}?limit=2&${query}${after}`);
          expect(body.more).toBe(body.next !== undefined);
          found.push(body.entries.map(({ key, keyBase64 }) => key ?? keyBase64));
          next = body.next;
        } while (next !== undefined);
        return found;
      };
      const last = Buffer.from([...Buffer.from('config/'), 0xff]).toString('base64');
      const [one, two, three, four] = ['config/1', 'config/2', 'config/3', 'config/4'];
      expect(await pages('prefix=config/')).toEqual([[one, two], [three, four], [last]]);
      expect(await pages('prefix=config/&descending')).toEqual([[last, four], [three, two], [one]]);
      await ask('DELETE', `${KV}/${three}`);
      expect(await pages(`prefix=config/&at=${at}`)).toEqual([[one, two], [three, four], [last]]);
      expect(await pages('from=b&to=config/3')).toEqual([['b', one], [two]]);
      // A page outside the range is empty.
      const outside = async (query: string) => (await ask<Listed>('GET', `${KV}?${query}`)).body.entries.length;
      expect([await outside('to=b&after=eg'), await outside('from=b&descending&after=YQ')]).toEqual([0, 0]);
    });

    it('[Q2] is read conditionally', async () => {
      await fill('a', 'b');
      const first = await ask('GET', `${KV}?prefix=a`);
      const again = () => get(`${KV}?prefix=a`, { 'if-none-match': etagOf(first) });
      expect((await again()).status).toBe(304);
      await ask('DELETE', `${KV}/a`);
      expect((await again()).status).toBe(200);
    });

    it('[I10, H3] is refused if its parameters are invalid', () =>
      everyRow(
        [
          'prefix=a&from=b',
          'prefix=a&to=b',
          'prefix=a&prefix=b',
          'prefix=%ff',
          `prefix=${'k'.repeat(ENTRY_KEY_MAX_BYTES + 1)}`,
          'base64=true&prefix=%25',
          'base64=true&from=Y',
          'after=%25',
          'after=YQ&order=revision',
          'order=value',
          'limit=0',
          'limit=x',
          'keys=1',
          'at=x',
          'at=c&wait=1s',
          'range=a',
        ],
        async (query) => {
          const answer = await ask('GET', `${KV}?${query}`);
          expect(answer, query).toMatchObject({ status: 400, body: { code: 'INVALID_REQUEST' } });
        },
      ));
  });

  it('[KV12] a token with a grant on keys reads and changes these, and nothing else', async () => {
    const token = await tokenFor([
      { scope: 'register', ns: ns(), keys: ['jobs/*'] },
      { scope: 'read', ns: ns(), keys: ['jobs/*', 'config'] },
    ]);
    const as = async (method: string, path: string) => {
      const body = method === 'PUT' ? { body: 'value' } : {};
      const response = await send(method, path, { headers: { authorization: `Bearer ${token}` }, ...body });
      await response.body?.cancel();
      return response.status;
    };
    await put(`${KV}/config`, 'x');
    expect(await as('PUT', `${KV}/jobs/1`)).toBe(201);
    expect(await as('GET', `${KV}/jobs%2F1`)).toBe(200);
    expect(await as('GET', `${KV}?prefix=jobs/`)).toBe(200);
    expect(await as('GET', `${NS}/history/kv/jobs/1`)).toBe(200);
    expect(await as('DELETE', `${KV}/jobs/1`)).toBe(204);
    expect(await as('GET', `${KV}/config`)).toBe(200);
    expect(await as('GET', `${KV}/Y29uZmln?base64=true`)).toBe(200);
    for (const [method, path] of [
      ['PUT', `${KV}/config`],
      ['DELETE', `${KV}/config`],
      ['GET', `${KV}/configs`],
      ['GET', `${KV}/Y29uZmlncw?base64=true`],
      ['GET', `${KV}?prefix=config`],
      ['GET', `${KV}?from=jobs/`],
      ['GET', KV],
      ['GET', `${NS}/history/kv/configs`],
      ['GET', `${NS}/history`],
      ['GET', `${NS}/services`],
    ] as const)
      expect(await as(method, path), `${method} ${path}`).toBe(403);
  });
}
