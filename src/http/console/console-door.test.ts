import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONSOLE_PAGE, CONSOLE_SCRIPT, HAND_CONSOLE } from '../../../test/fixtures/hand-console';
import { problemOf, TestApp } from '../../../test/fixtures/test-app';

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  new TestApp().send('GET', path, { headers });

const SCRIPT = `/console/files/${CONSOLE_SCRIPT}`;

describe('the page of the console', () => {
  it.each([
    '/console',
    '/console/',
    '/console?q=a',
    '/console/public/services?q=a.b&show=all',
    '/console/public/services/g.h/orders.v1',
    '/console/public/services/g/a%2Fb%20c/10.0.0.7%3A8080',
    '/console/public/services/g/%ff%/x',
    '/console/files',
    '/console/files/',
    '/console/files/services/g.h/orders.js',
    '/console/files/services',
    '/console/access/tokens',
    '/console/index.html',
  ])('is at %s', async (path) => {
    const response = await get(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await response.text()).toBe(CONSOLE_PAGE);
  });

  it('[H2, A15] allows its own files and calls only, and is revalidated', async () => {
    const { headers } = await get('/console/public/services');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    );
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
    });
  });

  it('[A3] needs no token, and leaves no trace of a refused one', async () => {
    const test = new TestApp({ logLevel: 'warn' });
    const headers = { authorization: 'Bearer wrong', 'x-rollcall-token': 'wrong' };
    for (let count = 0; count < 50; count += 1) {
      expect((await test.send('GET', '/console', { headers })).status).toBe(200);
    }
    expect([test.logged, test.directory.asked]).toEqual([[], []]);
  });

  it('is logged under one route, whatever its path', async () => {
    const test = new TestApp({ logLevel: 'info' });
    for (const path of ['/console', '/console/public/services', SCRIPT]) await test.send('GET', path);
    expect(test.logged.map(({ line }) => JSON.parse(line).route)).toEqual([
      ...['/console', '/console', '/console/files/:name'],
    ]);
  });

  it('is linked from the start page only if there is one', async () => {
    expect(await (await get('/')).text()).toContain('href="/console"');
    const without = new TestApp({ consoleFiles: null });
    expect(await (await without.send('GET', '/')).text()).not.toContain('console');
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('does not support %s', async (method) => {
    const test = new TestApp();
    expect((await test.send(method, '/console')).status).toBe(401);
    const response = await test.ask(method, '/console/public/services');
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('is not below the path of a namespace for dialects, and verifies a token in the path', async () => {
    expect((await get('/n/public/console')).status).toBe(401);
    expect((await new TestApp().ask('GET', '/n/public/console')).status).toBe(404);
    expect((await get('/t/wrong/console')).status).toBe(401);
    const test = new TestApp();
    const { token } = test.directory.give([{ scope: 'read', ns: '*' }]);
    expect((await test.send('GET', `/t/${token}/console/public`)).status).toBe(200);
  });
});

describe('a file of the console', () => {
  it('may be kept for ever', async () => {
    const response = await get(SCRIPT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      etag: `W/"${HAND_CONSOLE[CONSOLE_SCRIPT]?.etag}"`,
    });
    expect(await response.text()).toBe('document.title = "Rollcall";');
  });

  it.each([
    'main-OLD.js',
    'index.html',
    'index.htm',
    '..%2findex.html',
    '%ff.js',
    '__proto__.x',
    `${'x'.repeat(3_000)}.js`,
  ])('of the unknown name %s is refused without a token', async (name) => {
    const response = await get(`/console/files/${name}`);
    expect([response.status, response.headers.get('cache-control')]).toEqual([404, 'no-store']);
    expect(await problemOf(response)).toMatchObject({ code: 'ROUTE_NOT_FOUND' });
  });

  it('is absent in a build without a console', async () => {
    const test = new TestApp({ consoleFiles: null });
    for (const path of ['/console', '/console/public', SCRIPT]) {
      const problem = await problemOf(await test.send('GET', path));
      expect([problem.status, problem.detail]).toEqual([404, expect.stringContaining('has no console')]);
    }
  });

  it.each(['gzip', 'GZIP', 'br, gzip;q=0.5', 'x-gzip', '*', 'gzip, deflate, br, zstd', 'br;q=1.0, gzip ; q=0.8'])(
    'is sent compressed to a client that accepts %s',
    async (accepted) => {
      const response = await get(SCRIPT, { 'accept-encoding': accepted });
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe('document.title = "Rollcall";');
    },
  );

  it.each(['', 'br', 'identity', 'gzip;q=0', 'gzip; q=0.0, *', '*;q=0', 'gzip;q=x'])(
    'is sent plain to a client that accepts %j',
    async (accepted) => {
      const response = await get(SCRIPT, { 'accept-encoding': accepted });
      expect(response.headers.has('content-encoding')).toBe(false);
      expect(await response.text()).toBe('document.title = "Rollcall";');
    },
  );

  it.each(['"TAG"', 'W/"TAG"', '"a", W/"TAG" ,"b"', '*'])('is not sent again for If-None-Match: %s', async (header) => {
    const etag = HAND_CONSOLE[CONSOLE_SCRIPT]?.etag ?? '';
    const response = await get(SCRIPT, { 'if-none-match': header.replace('TAG', etag) });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', `W/"${etag}"`]);
    expect((await get(SCRIPT, { 'if-none-match': '"x"' })).status).toBe(200);
  });

  it('has the same headers for HEAD, without a body', async () => {
    const test = new TestApp();
    const headers = { 'accept-encoding': 'gzip' };
    const [got, asked] = [await test.send('GET', SCRIPT, { headers }), await test.send('HEAD', SCRIPT, { headers })];
    expect([asked.status, await asked.text()]).toEqual([200, '']);
    expect(Object.fromEntries(asked.headers)).toEqual(Object.fromEntries(got.headers));
  });

  it('gives no other origin access', async () => {
    const origin = 'https://page.example';
    expect((await get('/console', { origin })).headers.has('access-control-allow-origin')).toBe(false);
    const allowing = new TestApp({ corsOrigins: origin });
    const response = await allowing.send('GET', '/console', { headers: { origin: 'https://other.example' } });
    expect([response.status, response.headers.has('access-control-allow-origin')]).toEqual([200, false]);
  });
});
