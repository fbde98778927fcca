import { describe, expect, it } from 'vitest';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { Authenticator } from '../../auth/authenticator';
import { FailedLogins } from '../../auth/failed-logins';
import { rawPath } from '../request/request-target';
import { Authentication } from './authentication';
import type { Dialect } from './dialect';
import { dialectOf, domainProblem, namespaceOfHost, Router, withoutNamespace, withoutPathToken } from './router';

const OVERLAPPING = ['/toy/:name', '/toy/all'] as const;

/** A dialect whose paths overlap, as Eureka's do. */
const toy: Dialect = {
  name: 'toy',
  paths: ['/toy'],
  carriers: ['bearer'],
  refuse: ({ code }) => new Response(code, { status: 418 }),
  addRoutes: (door) =>
    door.directoryRoute({
      operation: 'read',
      method: 'get',
      paths: OVERLAPPING,
      summary: 'Returns its name',
      read: (_request, { name }) => name ?? 'no name',
      call: async (_directory, _caller, name) => name,
      answer: (name) => new Response(name),
    }),
};

const ask = (test: TestApp, path: string) =>
  test.send('GET', path, { headers: { authorization: `Bearer ${ROOT_TOKEN}` } });

it('the native API refuses overlapping paths, which would slow down all requests', () => {
  const { directory } = new TestApp();
  const now = () => 0;
  const authenticator = new Authenticator({
    rootToken: ROOT_TOKEN,
    directory,
    askDirectory: (question) => question(),
    now,
  });
  const router = new Router(
    new Authentication({ authenticator, failedLogins: new FailedLogins(now), origins: { trustedProxy: false }, now }),
  );
  router.on('get', '/toy/:name', () => new Response(''));
  expect(() => router.on('get', '/toy/all', () => new Response(''))).toThrow();
});

it('[X1] a dialect may have overlapping paths, and the first one added wins', async () => {
  const test = new TestApp({ dialects: [toy] });
  expect(await (await ask(test, '/toy/a')).text()).toBe('a');
  expect(await (await ask(test, '/toy/all')).text()).toBe('all');
  expect((await ask(test, '/toy/a/b')).status).toBe(418);
  expect((await ask(test, '/api/v1/toy')).status).toBe(404);
});

const ORIGIN = 'http://a.test';
const targetOf = ({ url }: Request): string => url.slice(ORIGIN.length);

describe('withoutPathToken', () => {
  const split = (path: string) => {
    const request = new Request(`${ORIGIN}${path}`);
    const found = withoutPathToken(request, rawPath(request));
    return found === undefined ? undefined : [found.token, targetOf(found.request)];
  };

  it('[A10] removes a token from the path, once, and returns it as it was sent', () => {
    for (const [path = '', token, rest] of [
      ['/t/tok/health', 'tok', '/health'],
      ['/t/tok/api/v1/ns/public/services?group=g&x=%2F', 'tok', '/api/v1/ns/public/services?group=g&x=%2F'],
      ['/t/tok/a%2Fb', 'tok', '/a%2Fb'],
      ['/t/tok', 'tok', '/'],
      ['/t/tok/', 'tok', '/'],
      ['/t/tok?x=1', 'tok', '/?x=1'],
      ['/t/', '', '/'],
      ['/t//health', '', '/health'],
      ['/t/?/health', '', '/?/health'],
      ['/t/tok/t/other/health', 'tok', '/t/other/health'],
      ['/t/tok//evil.test/health', 'tok', '//evil.test/health'],
      ['/t/t%6Fk/health', 't%6Fk', '/health'],
      ['/t/tok%2Fhealth', 'tok%2Fhealth', '/'],
      ['/t/tok@evil.test/health', 'tok@evil.test', '/health'],
    ]) {
      expect(split(path), path).toEqual([token, rest]);
    }
  });

  it('[A10] finds no token anywhere else', () => {
    for (const path of [
      '/',
      '/t',
      '/T/tok/health',
      '/tt/tok/health',
      '/%74/tok/health',
      '//t/tok/health',
      '/api/t/tok',
      '/?/t/tok/',
    ]) {
      expect(split(path), path).toBeUndefined();
    }
  });

  it('keeps the rest of the request', async () => {
    const request = new Request('http://a.test/t/tok/x', {
      method: 'PUT',
      headers: { 'x-kept': 'yes', 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    const found = withoutPathToken(request, rawPath(request))?.request;
    expect([found?.method, found?.headers.get('x-kept'), await found?.text()]).toEqual(['PUT', 'yes', '{"a":1}']);
  });
});

describe('withoutNamespace', () => {
  const split = (path: string) => {
    const request = new Request(`${ORIGIN}${path}`);
    const found = withoutNamespace(request, rawPath(request));
    return found === undefined ? undefined : [found.namespace, targetOf(found.request)];
  };

  it('[X2] removes a namespace from the path, once, and returns it as it was sent', () => {
    for (const [path = '', namespace, rest] of [
      ['/n/shop/eureka/apps', 'shop', '/eureka/apps'],
      ['/n/shop/registry?service=a/b', 'shop', '/registry?service=a/b'],
      ['/n/shop/', 'shop', '/'],
      ['/n//eureka', '', '/eureka'],
      ['/n/a%2Fb/eureka', 'a%2Fb', '/eureka'],
      ['/n/shop/n/other/eureka', 'shop', '/n/other/eureka'],
    ]) {
      expect(split(path), path).toEqual([namespace, rest]);
    }
  });

  it('[X2] finds no namespace anywhere else', () => {
    for (const path of [
      '/',
      '/n',
      '/n/',
      '/n/shop',
      '/N/shop/eureka',
      '/nn/shop/eureka',
      '/%6E/shop/eureka',
      '/eureka?/n/shop/',
    ]) {
      expect(split(path), path).toBeUndefined();
    }
  });
});

describe('namespaceOfHost', () => {
  const named = (host: string, path = '/eureka/apps') =>
    namespaceOfHost('registry.example.com')(`http://${host}${path}`);

  it('[X2] returns the part in front of the domain, in lower case', () => {
    for (const [host = '', namespace] of [
      ['orders.registry.example.com', 'orders'],
      ['orders.registry.example.com:8787', 'orders'],
      ['orders.registry.example.com:', 'orders'],
      ['orders.registry.example.com.', 'orders'],
      ['orders.registry.example.com.:443', 'orders'],
      ['Orders.REGISTRY.Example.com', 'orders'],
      ['my_team-1.registry.example.com', 'my_team-1'],
    ]) {
      expect(named(host), host).toBe(namespace);
    }
  });

  it('[X2] returns an invalid namespace as it is, so that callers can refuse it', () => {
    for (const [host = '', namespace] of [
      ['a.b.registry.example.com', 'a.b'],
      ['user@orders.registry.example.com', 'user@orders'],
      ['%6Frders.registry.example.com', '%6frders'],
    ]) {
      expect(named(host), host).toBe(namespace);
    }
  });

  it('[X2] finds no namespace in any other host', () => {
    for (const host of [
      'registry.example.com',
      'registry.example.com:8787',
      '.registry.example.com',
      'ordersregistry.example.com',
      'orders.registry.example.org',
      'orders.registry.example.com.evil.test',
      'orders.registry.example.com:80:80x',
      'orders.registry.example.com..',
      '127.0.0.1:8787',
      '[::1]:8787',
      '[::ffff:10.0.0.1]',
      '[orders.registry.example.com]',
      'localhost',
      '',
    ]) {
      expect(named(host), host).toBeUndefined();
    }
  });

  it('[X2] reads the host only', () => {
    expect(named('evil.test', '/orders.registry.example.com')).toBeUndefined();
    expect(named('evil.test', '/?x=http://orders.registry.example.com/')).toBeUndefined();
  });

  it('[X2] accepts the domain in any case, and finds no namespace without a domain', () => {
    expect(namespaceOfHost('Registry.Example.COM')('http://orders.registry.example.com/')).toBe('orders');
    for (const domain of [undefined, null, '']) {
      expect(namespaceOfHost(domain)('http://orders.registry.example.com/')).toBeUndefined();
    }
  });
});

describe('domainProblem', () => {
  it('[X2] accepts a host name', () => {
    for (const domain of [
      undefined,
      null,
      '',
      'registry.example.com',
      'localhost',
      'Registry.Example.com',
      'xn--bcher-kva.test',
    ]) {
      expect(domainProblem(domain)).toBeUndefined();
    }
  });

  it('[X2] refuses anything else, and quotes it', () => {
    for (const domain of [
      'https://registry.example.com',
      '*.registry.example.com',
      '.registry.example.com',
      'registry.example.com.',
      'registry.example.com:8787',
      'registry.example.com/x',
      'registry example',
      '127.0.0.1',
      '[::1]',
      '-a.test',
      `${'a'.repeat(64)}.test`,
    ]) {
      const problem = domainProblem(domain);
      expect(problem?.code).toBe('NOT_CONFIGURED');
      expect(problem?.message).toContain(`"${domain}"`);
    }
  });
});

describe('dialectOf', () => {
  it('[X1] finds the dialect of all paths with its prefixes', () => {
    // `as`: a dialect is found by its paths alone.
    const toy = { paths: ['/toy'] } as Partial<Dialect> as Dialect;
    for (const path of ['/toy', '/toy/', '/toy/a']) expect(dialectOf([toy], path), path).toBe(toy);
    for (const path of ['/toys', '/Toy', '/']) expect(dialectOf([toy], path), path).toBeUndefined();
  });

  it('finds a dialect by a path that is its own only behind a namespace', () => {
    const toy = { paths: ['/toy'], pathsInNamespaces: ['/health'] } as Partial<Dialect> as Dialect; // `as`: as above
    expect(dialectOf([toy], '/health', true)).toBe(toy);
    expect(dialectOf([toy], '/health')).toBeUndefined();
    expect(dialectOf([toy], '/healthy', true)).toBeUndefined();
  });
});
