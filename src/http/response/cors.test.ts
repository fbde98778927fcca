import { describe, expect, it } from 'vitest';
import { NO_STATS, problemOf, ROOT_TOKEN, SERVICE, TestApp } from '../../../test/fixtures/test-app';
import { originsProblem, splitOrigins } from './cors';

const PAGE = 'https://console.example.com';
const OTHER = 'http://localhost:5173';
const corsHeaders = (response: Response): [string, string][] =>
  [...response.headers].filter(([name]) => name.startsWith('access-control-'));
const preflight = (origin: string): RequestInit => ({
  headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' },
});

describe('configured origins', () => {
  it('are comma- or space-separated', () => {
    expect(splitOrigins(` ${PAGE}, ${OTHER}\n`)).toEqual([PAGE, OTHER]);
    for (const nothing of [undefined, null, '', ' , ']) expect(splitOrigins(nothing)).toEqual([]);
  });

  it.each([
    '*',
    'null',
    'console.example.com',
    `${PAGE}/`,
    `${PAGE}:443`,
    `${PAGE}/path`,
    'https://*.example.com',
    'HTTPS://console.example.com',
    'https://user@console.example.com',
    'ftp://console.example.com',
    'file:///x',
  ])('[A14] reject %s, and nothing is answered until it is corrected', async (wrong) => {
    expect(originsProblem([PAGE, wrong])?.message).toContain(`"${wrong}"`);
    const test = new TestApp({ corsOrigins: `${PAGE},${wrong}` });
    const response = await test.ask('GET', SERVICE, undefined, { origin: PAGE });
    expect([response.status, (await problemOf(response)).code]).toEqual([503, 'NOT_CONFIGURED']);
    expect((await test.send('GET', '/health')).status).toBe(200);
  });

  it('[A14] are matched exactly', () => {
    expect(originsProblem([PAGE, OTHER, 'https://[::1]:8443', 'https://a.test'])).toBeUndefined();
  });
});

describe('a page', () => {
  it("[A14] can't read anything if no origin is configured", async () => {
    const test = new TestApp();
    expect(corsHeaders(await test.ask('GET', SERVICE, undefined, { origin: PAGE }))).toEqual([]);
    const asked = await test.send('OPTIONS', SERVICE, preflight(PAGE));
    expect([asked.status, corsHeaders(asked)]).toEqual([401, []]);
  });

  it('[A14] of a configured origin can read responses, including errors', async () => {
    const test = new TestApp({ corsOrigins: `${PAGE} ${OTHER}` });
    for (const origin of [PAGE, OTHER]) {
      const response = await test.ask('GET', SERVICE, undefined, { origin });
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('vary')).toBe('Origin');
      const exposed = response.headers.get('access-control-expose-headers')?.split(', ');
      expect(exposed).toEqual(
        expect.arrayContaining(['ETag', 'Rollcall-Cursor', 'Rollcall-Subscriber', 'Retry-After']),
      );
    }
    const refused = await test.send('GET', SERVICE, { headers: { origin: PAGE } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, PAGE]);
  });

  it.each([
    'https://evil.example.com',
    `${PAGE}.evil.example`,
    `${PAGE}:8443`,
    'http://console.example.com',
    'https://CONSOLE.example.com',
    'null',
    '*',
    '',
  ])("[A14] of %j can't", async (origin) => {
    const test = new TestApp({ corsOrigins: PAGE });
    expect(corsHeaders(await test.ask('GET', SERVICE, undefined, { origin }))).toEqual([]);
    const asked = await test.send('OPTIONS', SERVICE, preflight(origin));
    expect([asked.status, corsHeaders(asked)]).toEqual([401, []]);
  });

  it('[A14] learns nothing from a preflight, whatever its path', async () => {
    const test = new TestApp({ corsOrigins: PAGE });
    const { token } = test.directory.give([{ scope: 'read', ns: 'public' }]);
    const seen = new Set<string>();
    for (const path of [SERVICE, '/nope', '/health', `/t/${token}${SERVICE}`, '/t/wrong/metrics']) {
      const response = await test.send('OPTIONS', path, preflight(PAGE));
      response.headers.delete('x-request-id'); // random
      seen.add(`${response.status} ${await response.text()} ${JSON.stringify([...response.headers])}`);
    }
    expect(seen.size).toBe(1);
    expect([...seen][0]).toMatch(/^204 .*"access-control-allow-origin","https:\/\/console\.example\.com"/);
    expect([test.namespace.calls, test.directory.asked]).toEqual([[], []]);
  });

  it('[A14] is never permitted to send credentials of the browser', async () => {
    const test = new TestApp({ corsOrigins: PAGE });
    const asked = await test.send('OPTIONS', SERVICE, preflight(PAGE));
    const read = await test.ask('GET', SERVICE, undefined, { origin: PAGE });
    for (const response of [asked, read]) {
      expect(response.headers.has('access-control-allow-credentials')).toBe(false);
      expect(JSON.stringify(corsHeaders(response))).not.toContain('*');
    }
    expect(asked.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  it('[A14] gets 405 for an OPTIONS request that is not a preflight', async () => {
    const test = new TestApp({ corsOrigins: PAGE });
    expect((await test.ask('OPTIONS', SERVICE, undefined, { origin: PAGE })).status).toBe(405);
  });
});

describe('cookies', () => {
  it('[A15] are set by no route, and are no credential', async () => {
    const test = new TestApp({ corsOrigins: PAGE });
    test.namespace.answer.body = NO_STATS; // what /metrics reads
    for (const { method, path } of test.app.routes) {
      const target = path.replace(':ns', 'public').replace(/:\w+/g, 'x');
      const response = await test.ask(method.toUpperCase(), target, undefined, { origin: PAGE });
      expect(response.headers.has('set-cookie'), target).toBe(false);
      await response.body?.cancel();
    }
    for (const name of ['token', 'authorization', 'rollcall', 'session']) {
      const cookie = `${name}=${ROOT_TOKEN}`;
      expect((await test.send('GET', SERVICE, { headers: { cookie, origin: PAGE } })).status).toBe(401);
    }
  });

  it.each(['/', '/docs'])("[A15] %s runs no script, loads nothing, and can't be framed", async (path) => {
    const { headers } = await new TestApp().send('GET', path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  });
});
