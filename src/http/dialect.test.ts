import { describe, expect, it } from 'vitest';
import { ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';
import { RegistryError } from '../model/errors';
import type { Grant } from '../model/grant';
import { type Dialect, dialectOf } from './dialect';

/** A dialect of one service and one route, whose clients know refusals as one line. */
const toy: Dialect = {
  name: 'toy',
  paths: ['/toy'],
  carriers: ['bearer', 'path'],
  refuse: ({ code, message }) => new Response(`${code}: ${message}`, { status: 418 }),
  addRoutes: (door) =>
    door.route({
      operation: 'read',
      method: 'get',
      paths: ['/toy/:service', '/toy/:service/'],
      scope: 'read',
      summary: 'Reads a service',
      read: (request, { service = '' }) => {
        if (service === 'bad') throw new RegistryError('INVALID_REQUEST', 'it is bad');
        return { group: 'g', service, named: new URL(request.url).searchParams.get('ns') ?? undefined };
      },
      namespace: ({ named }) => named,
      target: ({ group, service }) => ({ service: { group, service } }),
      call: (namespace, { group, service }) => namespace.resolve({ group, service }),
      answer: ({ body }, { service }) => new Response(`${service}: ${body}`),
    }),
};

const begin = (): TestApp => new TestApp({ dialects: [toy] });
const root = { headers: { authorization: `Bearer ${ROOT_TOKEN}` } };

async function ask(path: string, init: RequestInit = root, test = begin()): Promise<[number, string]> {
  test.namespace.answer.body = '"here"';
  const response = await test.send('GET', path, init);
  return [response.status, await response.text()];
}

describe('a dialect', () => {
  it('[X1] reads, asks the namespace and answers in its own words', async () => {
    const test = begin();
    expect(await ask('/toy/orders', root, test)).toEqual([200, 'orders: "here"']);
    expect(test.namespace.calls).toEqual([{ method: 'resolve', asked: [{ group: 'g', service: 'orders' }] }]);
    expect(await ask('/toy/orders/')).toEqual([200, 'orders: "here"']);
    expect(await ask('/toy/a%2Fb')).toEqual([200, 'a/b: "here"']);
  });

  it('[X1] refuses in its own shape, whatever refuses and wherever', async () => {
    expect(await ask('/toy/bad')).toEqual([418, 'INVALID_REQUEST: it is bad']);
    expect(await ask('/toy/orders', {})).toEqual([418, expect.stringMatching(/^UNAUTHENTICATED: /)]);
    expect(await ask('/toy/a/b/c')).toEqual([418, expect.stringMatching(/^ROUTE_NOT_FOUND: /)]);
    expect(await ask('/toy/a/b/c', {})).toEqual([418, expect.stringMatching(/^UNAUTHENTICATED: /)]);
    expect(await ask('/toy/%ff')).toEqual([418, expect.stringMatching(/^INVALID_REQUEST: /)]);
    expect(await ask('/toy/x?ns=nobody')).toEqual([418, expect.stringMatching(/^NAMESPACE_NOT_FOUND: /)]);
    expect((await ask('/toyland'))[0]).toBe(404);
  });

  it('[X1] says nothing of our insides', async () => {
    const test = begin();
    test.namespace.failure = new TypeError('secret insides');
    const [status, text] = await ask('/toy/x', root, test);
    expect([status, text.includes('secret')]).toEqual([418, false]);
    expect(text).toMatch(/^INTERNAL: /);
  });

  it('[X1, I9] asks for the scope on what the request is about', async () => {
    const test = begin();
    const header = (grants: readonly Grant[]) => ({
      headers: { authorization: `Bearer ${test.directory.give(grants).token}` },
    });
    const own = header([{ scope: 'read', ns: 'public', services: ['g@@own*'] }]);
    expect((await ask('/toy/own-orders', own, test))[0]).toBe(200);
    expect(await ask('/toy/orders', own, test)).toEqual([418, expect.stringMatching(/^FORBIDDEN: /)]);
    expect((await ask('/toy/orders', header([{ scope: 'register', ns: 'public' }]), test))[1]).toMatch(/^FORBIDDEN/);
  });
});

describe('the namespace of a request', () => {
  it('[X2] stands in front of the path, after a token, or in the request', async () => {
    expect(await ask('/n/public/toy/orders')).toEqual([200, 'orders: "here"']);
    expect((await ask('/n/nobody/toy/orders'))[1]).toMatch(/^NAMESPACE_NOT_FOUND: .*"nobody"/);
    expect((await ask('/n/nobody/toy/orders?ns=public'))[1]).toMatch(/^NAMESPACE_NOT_FOUND/);
    expect((await ask('/toy/orders?ns=public'))[0]).toBe(200);
    expect((await ask('/n/p%2Fq/toy/orders'))[1]).toMatch(/^INVALID_REQUEST/);
    const test = begin();
    const token = test.directory.give([{ scope: 'read', ns: 'public' }]).token;
    expect(await ask(`/t/${token}/n/public/toy/orders`, {}, test)).toEqual([200, 'orders: "here"']);
  });

  it('[X2] stands in front of no native path', async () => {
    expect((await ask('/n/public/api/v1/ns/public/services'))[0]).toBe(404);
  });
});

describe('dialectOf', () => {
  it.each([
    ['/toy', true],
    ['/toy/', true],
    ['/toy/a', true],
    ['/toys', false],
    ['/Toy', false],
    ['/', false],
  ])('[X1] %s: %j', (path, isToy) => expect(dialectOf([toy], path)).toBe(isToy ? toy : undefined));
});
