import { describe, expect, it } from 'vitest';
import openApi from '../../../docs/openapi.json';
import { TestApp } from '../../../test/fixtures/test-app';
import { PROBLEM_TABLE } from '../response/error-response';

const get = async (path: string): Promise<Response> => new TestApp().send('GET', path);

describe('/docs', () => {
  it('[H2] is one page that loads nothing else', async () => {
    const html = await (await get('/docs')).text();
    expect(html).not.toMatch(/<(script|link|img|iframe|object|embed|form|base)\b/i);
    expect(html).not.toMatch(/\b(src|srcset|action|style|on\w+)\s*=\s*["']/i);
    expect(html).not.toMatch(/url\(|@import/);
    const addresses = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1] ?? '');
    expect(addresses.length).toBeGreaterThan(5);
    expect(addresses.filter((address) => !/^(#|\/)/.test(address))).toEqual([]);
  });

  it('lists every route and every error code, and has no broken link', async () => {
    const html = await (await get('/docs')).text();
    for (const [path, operations] of Object.entries(openApi.paths)) {
      expect(html).toContain(`>${path}</code>`);
      for (const { operationId } of Object.values(operations)) expect(html).toContain(`id="${operationId}"`);
    }
    for (const { code } of PROBLEM_TABLE) expect(html).toContain(`<tr id="${code}">`);
    for (const [, anchor] of html.matchAll(/href="#([^"]*)"/g)) expect(html).toContain(`id="${anchor}"`);
  });

  it.each([
    ['http://registry.test', '/docs', {}, 'http://registry.test'],
    ['https://Registry.Test:8443', '/docs', {}, 'https://registry.test:8443'],
    ['http://[::1]:8787', '/docs', {}, 'http://[::1]:8787'],
    ['http://registry.test', '/docs', { 'x-forwarded-proto': 'https' }, 'http://registry.test'],
    ['http://$(id).test', '/docs', {}, 'http://127.0.0.1:8787'],
  ])('[H2] at %s%s %j has examples for %s', async (origin, path, headers, shown) => {
    const { app } = new TestApp();
    const html = await (await app.fetch(new Request(origin + path, { headers }))).text();
    expect(html).toContain(`\nROLLCALL=${shown}\n`);
    const response = await app.fetch(new Request(`${origin}/api/v1/openapi.json`, { headers }));
    const { servers } = (await response.json()) as typeof openApi; // `as`: the test checks it
    expect(servers.map(({ url }) => url)).toEqual([shown, `${shown}/t/{token}`]);
  });

  it('[H2] shows the scheme of a trusted proxy, and never the token in the path', async () => {
    const test = new TestApp({ trustedProxy: true });
    const { token } = test.directory.give([{ scope: 'read', ns: '*' }]);
    const headers = { 'x-forwarded-proto': 'http, https' };
    for (const path of ['/docs', '/api/v1/openapi.json']) {
      const response = await test.send('GET', `/t/${token}${path}`, { headers });
      const text = await response.text();
      expect([path, response.status, text.includes('https://rollcall.test'), text.includes(token)]).toEqual([
        ...[path, 200, true, false],
      ]);
    }
  });

  it('closes every element', async () => {
    const html = await (await get('/docs')).text();
    const open: string[] = [];
    for (const [, slash, name = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (['meta', 'br'].includes(name)) continue;
      if (slash === '') open.push(name);
      else expect(open.pop()).toBe(name);
    }
    expect(open).toEqual([]);
  });
});

describe('/', () => {
  it('describes the registry and links to the docs', async () => {
    const html = await (await get('/')).text();
    expect(html).toContain('A service registry');
    expect(html).toContain('href="/docs"');
    expect(html).toContain('9.9.9');
  });
});

describe('/api/v1/openapi.json', () => {
  it('is the committed document, with the URLs of the server', async () => {
    const response = await get('/api/v1/openapi.json');
    const { servers, ...rest } = (await response.json()) as typeof openApi; // `as`: the test checks it
    expect({ ...rest, servers: openApi.servers }).toEqual(openApi);
    expect(servers).toHaveLength(openApi.servers.length);
  });
});
