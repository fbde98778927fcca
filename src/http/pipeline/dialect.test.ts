import { describe, expect, it } from 'vitest';
import { OPERATOR } from '../../../test/fixtures/callers';
import { EntryCalls } from '../../../test/fixtures/entry-calls';
import { HandResident } from '../../../test/fixtures/hand-resident';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { revisionOf } from '../../model/cursor';
import { RegistryError } from '../../model/errors';
import type { Grant } from '../../model/grant';
import type { Dialect } from './dialect';
import type { ReadTarget } from './route-call';

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

/** One that may read everywhere, and make nothing. */
const readerOf = (test: TestApp): RequestInit => ({
  headers: { authorization: `Bearer ${test.directory.give([{ scope: 'read', ns: '*' }]).token}` },
});

async function ask(path: string, init: RequestInit = root, test = begin()): Promise<[number, string]> {
  test.namespace.answer.body = '"here"';
  const response = await test.send('GET', path, init);
  return [response.status, await response.text()];
}

describe('a dialect', () => {
  it('[X1] parses requests, calls the namespace, and formats responses', async () => {
    const test = begin();
    expect(await ask('/toy/orders', root, test)).toEqual([200, 'orders: "here"']);
    expect(test.namespace.calls).toEqual([{ method: 'resolve', asked: [{ group: 'g', service: 'orders' }] }]);
    expect(await ask('/toy/orders/')).toEqual([200, 'orders: "here"']);
    expect(await ask('/toy/a%2Fb')).toEqual([200, 'a/b: "here"']);
  });

  it('[X1] formats every error, wherever it occurs', async () => {
    expect(await ask('/toy/bad')).toEqual([418, 'INVALID_REQUEST: it is bad']);
    expect(await ask('/toy/orders', {})).toEqual([418, expect.stringMatching(/^UNAUTHENTICATED: /)]);
    expect(await ask('/toy/a/b/c')).toEqual([418, expect.stringMatching(/^ROUTE_NOT_FOUND: /)]);
    expect(await ask('/toy/a/b/c', {})).toEqual([418, expect.stringMatching(/^UNAUTHENTICATED: /)]);
    expect(await ask('/toy/%ff')).toEqual([418, expect.stringMatching(/^INVALID_REQUEST: /)]);
    const test = begin();
    expect(await ask('/toy/x?ns=missing', readerOf(test), test)).toEqual([
      418,
      expect.stringMatching(/^NAMESPACE_NOT_FOUND: /),
    ]);
    expect((await ask('/toyland'))[0]).toBe(404);
  });

  it('[X1] hides internal errors', async () => {
    const test = begin();
    test.namespace.failure = new TypeError('secret internals');
    const [status, text] = await ask('/toy/x', root, test);
    expect([status, text.includes('secret')]).toEqual([418, false]);
    expect(text).toMatch(/^INTERNAL: /);
  });

  it('[X1, I9] requires the scope on the requested service', async () => {
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

/** A dialect whose clients send what they want in forms, and credentials as Nacos' and Eureka's do. */
const forms: Dialect = {
  name: 'forms',
  paths: ['/forms'],
  carriers: ['basic', 'bearer', 'access-token-parameter', 'password-parameter'],
  takesForms: true,
  refuse: ({ code, message }) => new Response(`${code}: ${message}`, { status: 418 }),
  addRoutes: (door) => {
    door.route({
      operation: 'write',
      method: 'post',
      paths: ['/forms'],
      scope: 'any',
      withoutDeadline: true,
      summary: 'Counts instances',
      read: (request, _names, form) => new URLSearchParams(`${new URL(request.url).search.slice(1)}&${form}`),
      namespace: (parameters) => parameters.get('ns') ?? undefined,
      call: (namespace, _parameters, { tokenId }) => namespace.stats({ tokenId }),
      answer: (_stats, parameters) => new Response(`wrote ${parameters.get('what')}`),
    });
    door.directoryRoute({
      operation: 'namespaces',
      method: 'get',
      paths: ['/forms/namespaces'],
      summary: 'Returns the id of the caller',
      read: () => 'nothing',
      call: async (_directory, { principal }) => principal.tokenId,
      answer: (tokenId) => new Response(tokenId),
    });
  },
};

const formed = (body: string, headers: Record<string, string> = {}): RequestInit => ({
  body,
  headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8', ...headers },
});

async function post(test: TestApp, path: string, init: RequestInit): Promise<[number, string]> {
  const response = await test.send('POST', path, init);
  return [response.status, await response.text()];
}

describe('a dialect that takes forms', () => {
  const begin = (): TestApp => new TestApp({ dialects: [forms] });

  it('[X1, A9] reads parameters and credentials in them', async () => {
    expect(await post(begin(), '/forms', formed(`what=it&accessToken=${ROOT_TOKEN}`))).toEqual([200, 'wrote it']);
    expect(await post(begin(), `/forms?password=${ROOT_TOKEN}`, formed('what=it'))).toEqual([200, 'wrote it']);
    const basic = { authorization: `Basic ${btoa(`who:${ROOT_TOKEN}`)}` };
    expect(await post(begin(), '/forms', formed('what=it', basic))).toEqual([200, 'wrote it']);
    expect((await post(begin(), '/forms', formed('what=it')))[1]).toMatch(/^UNAUTHENTICATED/);
  });

  it('[A53, A9] ignores a credential in a form if there is another one, and refuses a different one in it', async () => {
    const other = new TestApp({ dialects: [forms] });
    const { token } = other.directory.give([{ scope: 'read', ns: 'public' }]);
    const wrong = { authorization: 'Bearer wrong' };
    expect((await post(other, '/forms', formed(`accessToken=${ROOT_TOKEN}`, wrong)))[1]).toMatch(/^UNAUTHENTICATED/);
    const known = { authorization: `Bearer ${token}` };
    expect((await post(other, '/forms', formed(`accessToken=${ROOT_TOKEN}`, known)))[1]).toMatch(/more than one/);
    expect((await post(other, `/forms?password=${token}`, formed(`accessToken=${ROOT_TOKEN}`)))[1]).toMatch(/than one/);
    expect((await post(other, '/forms', formed(`what=it&accessToken=${token}`, known)))[1]).toBe('wrote it');
    // An empty one is none: clients send it before they have logged in.
    expect((await post(other, '/forms?accessToken=', formed(`what=it&password=${token}`)))[1]).toBe('wrote it');
  });

  it('[X1, A1] reports a defect of a form to authenticated callers only', async () => {
    const much = `what=${'x'.repeat(70_000)}`;
    expect((await post(begin(), '/forms', formed(much)))[1]).toMatch(/^UNAUTHENTICATED/);
    const known = { authorization: `Bearer ${ROOT_TOKEN}` };
    expect((await post(begin(), '/forms', formed(much, known)))[1]).toMatch(/^PAYLOAD_TOO_LARGE/);
  });

  it('[X1] calls the directory in the name of the caller', async () => {
    const response = await begin().ask('GET', '/forms/namespaces');
    expect(await response.text()).toBe('root');
  });

  it('[X1] refuses a caller that exceeded its rate a moment ago, before the call', async () => {
    const test = begin();
    test.namespace.failure = new RegistryError('LIMIT_EXCEEDED', 'too often', { isOverRate: true });
    const known = { authorization: `Bearer ${ROOT_TOKEN}` };
    expect((await post(test, '/forms', formed('', known)))[1]).toMatch(/^LIMIT_EXCEEDED/);
    test.namespace.failure = undefined;
    expect((await post(test, '/forms', formed('', known)))[1]).toMatch(/^LIMIT_EXCEEDED/);
    expect(test.namespace.calls).toHaveLength(1);
  });
});

describe('a namespace that does not exist', () => {
  const begin = () => {
    const made: string[] = [];
    const test = new TestApp({ dialects: [forms], namespacesMade: made });
    return { test, made };
  };

  it('[X2] is created for a token that is admin of all namespaces', async () => {
    const { test, made } = begin();
    const known = { authorization: `Bearer ${ROOT_TOKEN}` };
    expect(await post(test, '/forms?ns=fresh&what=it', { headers: known })).toEqual([200, 'wrote it']);
    expect(await post(test, '/n/newer/forms?what=it', { headers: known })).toEqual([200, 'wrote it']);
    expect(await post(test, '/forms?ns=fresh&what=it', { headers: known })).toEqual([200, 'wrote it']);
    expect(made).toEqual(['fresh', 'newer']);
  });

  it("is created in the name of the client's address, which the host finds by the original request", async () => {
    const received = new Request('http://rollcall.test/n/newer/forms?what=it', {
      method: 'POST',
      headers: { authorization: `Bearer ${ROOT_TOKEN}` },
    });
    const addressOf = (request: Request) => (request === received ? '192.0.2.7' : undefined);
    const test = new TestApp({ dialects: [forms], namespacesMade: [], addressOf });
    const response = await test.app.fetch(received);
    expect([response.status, await response.text()]).toEqual([200, 'wrote it']);
    expect(test.directory.addresses).toEqual(['192.0.2.7']);
  });

  it('[X2] is refused to all others, in the format of the dialect', async () => {
    const { test, made } = begin();
    const { token } = test.directory.give([{ scope: 'admin', ns: 'fresh' }]);
    const known = { authorization: `Bearer ${token}` };
    expect((await post(test, '/forms?ns=fresh', { headers: known }))[1]).toMatch(/^NAMESPACE_NOT_FOUND/);
    const { token: foreign } = test.directory.give([{ scope: 'admin', ns: 'other' }]);
    const stranger = { authorization: `Bearer ${foreign}` };
    expect((await post(test, '/forms?ns=fresh', { headers: stranger }))[1]).toMatch(/^FORBIDDEN/);
    expect(made).toEqual([]);
  });
});

describe('the namespace of a request', () => {
  it('[X2] is read from the front of the path, after a token, or from the request', async () => {
    expect(await ask('/n/public/toy/orders')).toEqual([200, 'orders: "here"']);
    const test = begin();
    const reader = readerOf(test);
    expect((await ask('/n/missing/toy/orders', reader, test))[1]).toMatch(/^NAMESPACE_NOT_FOUND: .*"missing"/);
    expect((await ask('/n/missing/toy/orders?ns=public', reader, test))[1]).toMatch(/^NAMESPACE_NOT_FOUND/);
    expect((await ask('/toy/orders?ns=public'))[0]).toBe(200);
    expect((await ask('/n/p%2Fq/toy/orders'))[1]).toMatch(/^INVALID_REQUEST/);
    const token = test.directory.give([{ scope: 'read', ns: 'public' }]).token;
    expect(await ask(`/t/${token}/n/public/toy/orders`, {}, test)).toEqual([200, 'orders: "here"']);
  });

  it('[X2] is read from the host in front of the domain: after the path, before the request', async () => {
    const test = new TestApp({ dialects: [toy], namespaceDomain: 'registry.test' });
    test.namespace.answer.body = '"here"';
    const { headers } = readerOf(test);
    const askHost = async (host: string, path: string) => {
      const response = await test.app.fetch(new Request(`http://${host}${path}`, { headers }));
      return [response.status, await response.text()];
    };
    expect(await askHost('public.registry.test:8787', '/toy/orders?ns=missing')).toEqual([200, 'orders: "here"']);
    expect((await askHost('missing.registry.test', '/toy/orders?ns=public'))[1]).toMatch(
      /^NAMESPACE_NOT_FOUND: .*"missing"/,
    );
    expect((await askHost('missing.registry.test', '/n/public/toy/orders'))[0]).toBe(200);
    expect((await askHost('a.b.registry.test', '/toy/orders'))[1]).toMatch(/^INVALID_REQUEST: .*namespace id/);
    expect((await askHost('registry.test', '/toy/orders'))[0]).toBe(200);
    expect((await askHost('missing.registry.test', '/api/v1/ns/public/groups/g/services/s/resolve'))[0]).toBe(200);
    expect((await askHost('missing.registry.test', '/toy/a/b/c'))[1]).toMatch(/^ROUTE_NOT_FOUND/);
  });

  it('[X2, I9] in the host gives no access beyond the grants of the token', async () => {
    const test = new TestApp({ dialects: [toy], namespaceDomain: 'registry.test', namespacesMade: ['secret'] });
    const { token } = test.directory.give([{ scope: 'read', ns: 'public' }]);
    const headers = { authorization: `Bearer ${token}` };
    const response = await test.app.fetch(new Request('http://secret.registry.test/toy/orders', { headers }));
    expect(await response.text()).toMatch(/^FORBIDDEN/);
    expect(test.namespace.calls).toEqual([]);
  });

  it('[X2] is never looked up while the domain is invalid', async () => {
    const test = new TestApp({ dialects: [toy], namespaceDomain: '*.registry.test' });
    expect((await ask('/toy/orders', root, test))[1]).toMatch(/^NOT_CONFIGURED: .*"\*\.registry\.test"/);
  });

  it('[X2] is not read from the front of native paths', async () => {
    expect((await ask('/n/public/api/v1/ns/public/services'))[0]).toBe(404);
  });
});

it('[X1] a dialect may normalize its paths, behind any prefix', async () => {
  const folded: Dialect = { ...toy, pathOf: (path) => path.replace(/\/{2,}/g, '/') };
  const test = new TestApp({ dialects: [folded] });
  test.namespace.answer.body = '"here"';
  for (const path of ['/toy//orders', '/n/public/toy//orders/', '/toy///a%2Fb']) {
    expect((await ask(path, root, test))[0]).toBe(200);
  }
  expect((await ask('/toy//orders', root))[0]).toBe(418);
});

describe('readAfter', () => {
  const group = 'g';
  const ABOUT: readonly ReadTarget[] = [
    {},
    { service: { group, service: 'a' }, services: [{ group, service: 'b' }] },
    { keys: { from: 'k', to: 'l' } },
  ];

  /** Answers a read for a client that has a revision: `/counting/<index of ABOUT>?after=<revision>&wait=<milliseconds>`. */
  const counting: Dialect = {
    name: 'counting',
    paths: ['/counting'],
    carriers: ['bearer'],
    refuse: ({ code }) => new Response(code, { status: 418 }),
    addRoutes: (door) =>
      door.route({
        operation: 'read',
        method: 'get',
        paths: ['/counting/:about'],
        scope: 'read',
        summary: 'Reads after a revision',
        withoutDeadline: true,
        read: (request, { about = '0' }) => {
          const query = new URL(request.url).searchParams;
          const after = query.has('after') ? Number(query.get('after')) : undefined;
          return { about: ABOUT[Number(about)] ?? {}, after, waitMs: Number(query.get('wait')) };
        },
        call: (namespace, input, call) =>
          call.readAfter({ ...input, ask: (options) => namespace.listServices(options) }),
        answer: ({ cursor, body }) => new Response(`${revisionOf(cursor)}: ${body}`),
      }),
  };
  const unchanged = (): TestApp => {
    const test = new TestApp({ dialects: [counting] });
    test.namespace.answer = { cursor: 'cE.7.x', body: null, created: false };
    return test;
  };
  const textOf = async (response: Promise<Response>): Promise<string> => (await response).text();

  it.each([
    [0, { groups: [], services: [] }],
    [1, { groups: [], services: ['g@@a', 'g@@b'] }],
    [2, { groups: [], services: [], keys: [{ fromBase64: 'aw==', toBase64: 'bA==' }] }],
  ])('[P1] reads again after a change of target %i', async (index, scope) => {
    const test = unchanged();
    const answer = textOf(test.ask('GET', `/counting/${index}?after=5&wait=30000`));
    const socket = await test.sockets.next();
    await expect.poll(() => socket.sent[0]?.scope).toEqual(scope);
    expect(socket.sent[0]).toMatchObject({ cursor: 'cE.7.x' });
    test.namespace.answer = { cursor: 'cE.8.x', body: '"new"', created: false };
    socket.deliver({ type: 'changes', watch: 'x', cursor: 'cE.8.x', revision: 8, changes: [] });
    expect(await answer).toBe('8: "new"');
    const asked = { method: 'listServices', asked: [{ ifChangedAfter: 5, tokenId: 'root' }] };
    expect(test.namespace.calls).toEqual([asked, asked]);
  });

  it('[P1] is woken by a change of each of its services in a namespace, and by nothing else', async () => {
    const host = await HandResident.start();
    const { calls, sockets } = host.namespace();
    const test = new TestApp({ dialects: [counting], calls, sockets });
    const put = async (service: string) => {
      const definition = { metadata: {}, protectThreshold: 0 };
      return (await calls.putService(OPERATOR, { group, service, definition, precondition: {} })).cursor;
    };
    const revisions: number[] = [];
    for (const service of ['a', 'b']) {
      const before = revisionOf(await put('c'));
      const answer = textOf(test.ask('GET', `/counting/1?after=${before}&wait=30000`));
      const after = revisionOf(await put(service));
      revisions.push(Number.parseInt(await answer, 10) - after);
    }
    expect(revisions).toEqual([0, 0]);
    const last = revisionOf(await put('b'));
    const unmoved = textOf(test.ask('GET', `/counting/0?after=${last}&wait=200`));
    await new EntryCalls(calls).put('k', 'v');
    expect(await unmoved).toMatch(/: null$/);
    await host.close();
  });

  it('[P2] has no body after a wait without a change', async () => {
    expect(await textOf(unchanged().ask('GET', '/counting/1?after=5&wait=20'))).toBe('7: null');
  });

  it('[P3] waits for nothing without a revision or a wait', async () => {
    const test = unchanged();
    expect(await textOf(test.ask('GET', '/counting/1?after=5'))).toBe('7: null');
    expect(await textOf(test.ask('GET', '/counting/1?wait=30000'))).toBe('7: null');
    expect(test.sockets.opened).toEqual([]);
  });
});
