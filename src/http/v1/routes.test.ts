import { describe, expect, it, vi } from 'vitest';
import { problemOf, SERVICE, TestApp } from '../../../test/fixtures/test-app';
import { grantLease } from '../../model/lease';

/** Expectation for one request: the method that is called, its arguments, and the status for its answer. */
interface RouteCase {
  request: [method: string, path: string, body?: unknown, headers?: Record<string, string>];
  calls: [method: string, ...asked: unknown[]];
  status: number;
}

const tokenId = 'root';
const caller = { tokenId, operates: true, share: 'all' };
const service = { group: 'g', service: 'orders' };
const key = { ...service, id: 'a' };
const I = `${SERVICE}/instances/a`;
const NS = '/api/v1/ns/public';
const place = { address: '10.0.0.7', port: 8080 };
const definition = {
  ...place,
  cluster: 'DEFAULT',
  ports: {},
  weight: 1,
  status: 'up',
  ephemeral: true,
  metadata: {},
  tags: [],
  extensions: {},
  lease: grantLease(undefined),
};

const CASES: RouteCase[] = [
  {
    request: ['POST', `${NS}/leases`, { ttlMs: null, alias: '-7' }],
    calls: ['grantLease', caller, { ttlMs: null, alias: '-7' }],
    status: 201,
  },
  {
    request: ['GET', `${NS}/leases?limit=2&after=7`],
    calls: ['listLeases', caller, { limit: 2, after: '7' }],
    status: 200,
  },
  { request: ['GET', `${NS}/leases/7`], calls: ['readLease', caller, { lease: '7' }], status: 200 },
  { request: ['POST', `${NS}/leases/7/renew`], calls: ['renewLease', caller, { lease: '7' }], status: 200 },
  { request: ['DELETE', `${NS}/leases/7`], calls: ['revokeLease', caller, { lease: '7' }], status: 204 },
  { request: ['PUT', I, place], calls: ['register', caller, { key, definition, precondition: {} }], status: 200 },
  {
    request: ['PUT', I, place, { 'if-none-match': '*' }],
    calls: ['register', caller, { key, definition, precondition: { absent: true } }],
    status: 200,
  },
  {
    request: ['POST', `${SERVICE}/instances`, place],
    calls: ['register', caller, { key: { ...key, id: '10.0.0.7:8080' }, definition, precondition: {} }],
    status: 200,
  },
  {
    request: ['PATCH', I, { weight: 2 }, { 'if-match': '"cE.1.x"' }],
    calls: ['patch', caller, { key, patch: { weight: 2 }, precondition: { cursor: 'cE.1.x' } }],
    status: 200,
  },
  {
    request: ['DELETE', I, undefined, { 'if-match': '*' }],
    calls: ['deregister', caller, { key, precondition: { absent: false } }],
    status: 204,
  },
  { request: ['GET', I], calls: ['readInstance', { key, tokenId }], status: 200 },
  {
    request: ['GET', I, undefined, { 'if-none-match': '"cE.1.x"' }],
    calls: ['readInstance', { key, tokenId, ifNoneMatch: 'cE.1.x' }],
    status: 200,
  },
  {
    request: ['GET', `${SERVICE}/instances`],
    calls: ['listInstances', { ...service, tokenId, filter: {} }],
    status: 200,
  },
  {
    request: [
      'GET',
      `${SERVICE}/instances?cluster=c&tag=t&status=up&available=true&metadata.k=v&metadata.l.m=w&limit=10&after=x`,
    ],
    calls: [
      'listInstances',
      {
        ...service,
        tokenId,
        filter: { cluster: 'c', tag: 't', status: 'up', available: true, metadata: { k: 'v', 'l.m': 'w' } },
        limit: 10,
        after: 'x',
      },
    ],
    status: 200,
  },
  { request: ['POST', `${I}/heartbeat`], calls: ['renew', caller, key], status: 200 },
  {
    request: ['POST', `${NS}/heartbeat`, { instances: [{ service: 'orders', id: 'a' }] }],
    calls: ['renewMany', caller, [{ ...key, group: 'DEFAULT_GROUP' }]],
    status: 200,
  },
  { request: ['DELETE', `${I}/drain`], calls: ['cancelDrain', caller, { key }], status: 204 },
  { request: ['POST', `${I}/drain`], calls: ['drain', caller, { key, waitMs: 30_000, graceMs: 0 }], status: 200 },
  {
    request: ['POST', `${I}/drain?wait=1s&grace=5m`],
    calls: ['drain', caller, { key, waitMs: 1_000, graceMs: 300_000 }],
    status: 200,
  },
  {
    request: ['PUT', `${I}/override`, { enabled: false }],
    calls: ['putOverride', caller, { key, override: { enabled: false }, precondition: {} }],
    status: 200,
  },
  { request: ['GET', `${I}/override`], calls: ['readOverride', { key, tokenId }], status: 200 },
  { request: ['DELETE', `${I}/override`], calls: ['clearOverride', caller, { key, precondition: {} }], status: 204 },
  {
    request: ['PUT', SERVICE, { protectThreshold: 0.5 }],
    calls: [
      'putService',
      caller,
      { ...service, definition: { metadata: {}, protectThreshold: 0.5 }, precondition: {} },
    ],
    status: 200,
  },
  {
    request: ['PATCH', SERVICE, { metadata: { a: null } }],
    calls: ['patchService', caller, { ...service, patch: { metadata: { a: null } }, precondition: {} }],
    status: 200,
  },
  { request: ['GET', SERVICE], calls: ['readService', { ...service, tokenId }], status: 200 },
  {
    request: ['DELETE', SERVICE],
    calls: ['removeService', caller, { ...service, force: false, precondition: {} }],
    status: 204,
  },
  {
    request: ['DELETE', `${SERVICE}?force`],
    calls: ['removeService', caller, { ...service, force: true, precondition: {} }],
    status: 204,
  },
  { request: ['GET', `${NS}/services`], calls: ['listServices', { tokenId }], status: 200 },
  {
    request: ['GET', `${NS}/services?group=g&prefix=or&limit=5&after=x`],
    calls: ['listServices', { tokenId, group: 'g', prefix: 'or', limit: 5, after: 'x' }],
    status: 200,
  },
  { request: ['GET', `${SERVICE}/resolve`], calls: ['resolve', { ...service, tokenId }], status: 200 },
  {
    request: ['GET', `${SERVICE}/resolve?near=1,2&cluster=c&tag=t&limit=3`],
    calls: [
      'resolve',
      { ...service, tokenId, near: { kind: 'point', latitude: 1, longitude: 2 }, cluster: 'c', tag: 't', limit: 3 },
    ],
    status: 200,
  },
  {
    request: ['GET', `${SERVICE}/resolve?consistency=cached&maxAge=9s`],
    calls: ['resolve', { ...service, tokenId, keepForMs: 9_000 }],
    status: 200,
  },
  {
    request: ['POST', `${NS}/batch`, { operations: [{ op: 'deregister', service: 'orders', id: 'a' }] }],
    calls: ['batch', caller, [{ op: 'deregister', key: { ...key, group: 'DEFAULT_GROUP' }, precondition: {} }]],
    status: 200,
  },
  {
    request: ['POST', `${NS}/transaction`, { do: [{ op: 'delete', key: 'a' }] }],
    calls: [
      'transaction',
      caller,
      { if: [], do: [{ op: 'delete', interval: { from: 'a', to: 'a\u0000' } }], else: [] },
    ],
    status: 200,
  },
  { request: ['GET', `${NS}/stats`], calls: ['stats', { tokenId }], status: 200 },
  {
    request: ['POST', `${NS}/subscribers/s-1/ack`, { cursor: 'cE.1.x' }],
    calls: ['acknowledge', { subscriber: 's-1', cursor: 'cE.1.x', tokenId }],
    status: 204,
  },
  {
    request: ['GET', `${SERVICE}/instances?at=cE.1.x&limit=2`],
    calls: ['listInstances', { ...service, tokenId, filter: {}, limit: 2, at: 'cE.1.x' }],
    status: 200,
  },
  { request: ['GET', `${NS}/history`], calls: ['history', { tokenId }], status: 200 },
  {
    request: [
      'GET',
      `${NS}/history?group=g&service=s&instance=i&cause=expired&since=cE.1.x&until=2030-01-01T00:00:00Z&limit=5`,
    ],
    calls: [
      'history',
      {
        tokenId,
        group: 'g',
        service: 's',
        instance: 'i',
        cause: 'expired',
        since: 'cE.1.x',
        until: '2030-01-01T00:00:00Z',
        limit: 5,
      },
    ],
    status: 200,
  },
  {
    request: ['GET', `${SERVICE}/diff?from=cE.1.x`],
    calls: ['diff', { ...service, tokenId, from: 'cE.1.x' }],
    status: 200,
  },
  { request: ['GET', `${SERVICE}/instances/a/why?limit=3`], calls: ['why', { key, limit: 3, tokenId }], status: 200 },
  {
    request: ['POST', `${SERVICE}/rollback`, { to: 'cE.1.x' }],
    calls: ['rollback', caller, { ...service, to: 'cE.1.x' }],
    status: 200,
  },
  {
    request: ['GET', '/api/v1/ns/public/diff/kv?from=cE.1.x&prefix=a&after=YWI'],
    calls: ['diffEntries', { interval: { from: 'a', to: 'b' }, after: 'ab', tokenId, from: 'cE.1.x' }],
    status: 200,
  },
  {
    request: ['POST', '/api/v1/ns/public/rollback/kv', { fromKeyBase64: '_w==', to: 'cE.1.x' }],
    calls: ['rollBackEntries', caller, { interval: { from: '\u00ff' }, to: 'cE.1.x' }],
    status: 200,
  },
  {
    request: ['POST', '/api/v1/ns/public/kv-compaction', { revision: 7 }],
    calls: ['compactEntries', caller, { revision: 7 }],
    status: 200,
  },
  { request: ['GET', `${SERVICE}/subscribers`], calls: ['listSubscribers', { ...service, tokenId }], status: 200 },
];

/** Routes that open a socket, or call many times: `watch-routes.test.ts` and `test/http/transfer-suite.ts` are about them. */
const OTHER_ROUTES = ['watch', 'openSocket', 'exportNamespace', 'importNamespace'];

/** Answers that are no reads: they have no ETag. */
const WITHOUT_ETAG = ['stats', 'listSubscribers', 'history', 'diff', 'diffEntries', 'why', 'readLease', 'listLeases'];

/** Chapters that tests of their own cover: `directory-routes`, `entry-routes` and `transaction-route`. */
const OTHER_CHAPTERS = ['Namespaces', 'Access', 'Entries'];

describe('each route', () => {
  it.each(CASES)('$request.0 $request.1 calls one method', async ({ request, calls, status }) => {
    const test = new TestApp();
    const response = await test.ask(...request);
    expect([response.status, await response.text()]).toEqual([status, status === 204 ? '' : '{"ok":true}']);
    expect(test.namespace.calls.map(({ method, asked }) => [method, ...asked])).toEqual([calls]);
    expect(response.headers.get('rollcall-cursor')).toBe('cE.1.x');
    expect(response.headers.get('etag')).toBe(
      request[0] === 'GET' && !WITHOUT_ETAG.includes(calls[0]) ? '"cE.1.x"' : null,
    );
  });

  it('is in the cases above', () => {
    const { app } = new TestApp();
    const pattern = (path: string) => new RegExp(`^${path.replace(/:\w+/g, '[^/?]+')}(\\?|$)`);
    const missing = app.routes.filter(
      ({ operation, scope, chapter, method, path }) =>
        scope !== 'open' &&
        !OTHER_CHAPTERS.includes(chapter) &&
        !OTHER_ROUTES.includes(operation) &&
        path !== '/metrics' &&
        !CASES.some(({ request }) => request[0].toLowerCase() === method && pattern(path).test(request[1])),
    );
    expect(missing.map(({ method, path }) => `${method} ${path}`)).toEqual([]);
  });

  it('answers 201 for a new record', async () => {
    const test = new TestApp();
    test.namespace.answer.created = true;
    for (const [method, path, body] of [
      ['PUT', I, place],
      ['PUT', `${I}/override`, { enabled: false }],
      ['PUT', SERVICE, {}],
    ] as const) {
      expect((await test.ask(method, path, body)).status).toBe(201);
    }
    const posted = await test.ask('POST', `${SERVICE}/instances`, { url: 'https://a.example/ü' });
    expect([posted.status, posted.headers.get('location')]).toEqual([
      201,
      `${SERVICE}/instances/https%3A%2F%2Fa.example%2F%25C3%25BC`,
    ]);
  });

  it('answers 304 if nothing has changed', async () => {
    const test = new TestApp();
    test.namespace.answer.body = null;
    const response = await test.ask('GET', I, undefined, { 'if-none-match': '"cE.1.x"' });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', '"cE.1.x"']);
  });

  it('[H7] decodes each name once, with any characters', async () => {
    const test = new TestApp();
    const id = 'a/b?c#d%2Fe ü%00'.slice(0, -3);
    await test.ask(
      'GET',
      `/api/v1/ns/public/groups/${encodeURIComponent('g/%41')}/services/s/instances/${encodeURIComponent(id)}`,
    );
    expect(test.namespace.calls[0]?.asked[0]).toMatchObject({ key: { group: 'g/%41', id } });
  });

  it('passes on the address of a registration that a trusted proxy reports', async () => {
    const test = new TestApp({ trustedProxy: true });
    await test.ask('PUT', I, place, { 'x-forwarded-for': '203.0.113.9, 192.0.2.7' });
    expect(test.namespace.calls[0]?.asked[0]).toEqual({ ...caller, address: '192.0.2.7' });
  });

  it('[A46] passes on the address of every change except renewals', async () => {
    const withoutAddress = ['renew', 'renewMany', 'renewLease', 'readLease', 'listLeases'];
    for (const { request, calls } of CASES) {
      const [method, asker] = calls;
      if (asker !== caller || withoutAddress.includes(String(method))) continue;
      const test = new TestApp({ trustedProxy: true });
      const [verb, path, body, headers] = request;
      await test.ask(verb, path, body, { ...headers, 'x-forwarded-for': '192.0.2.7' });
      expect([method, test.namespace.calls[0]?.asked[0]]).toEqual([method, { ...caller, address: '192.0.2.7' }]);
    }
  });
});

describe('near=auto', () => {
  const from = (place: object, path: string) =>
    Object.assign(
      new Request(`http://x${path}`, {
        headers: { authorization: `Bearer test-root-token-0123456789abcdefghijklmnop` },
      }),
      { cf: { colo: 'TXL', ...place } },
    );

  it('[H9] is refused if the place of the caller is unknown', async () => {
    const test = new TestApp();
    const response = await test.ask('GET', `${SERVICE}/resolve?near=auto`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'INVALID_REQUEST', errors: [{ path: 'near' }] },
    ]);
    expect(test.namespace.calls).toEqual([]);
  });

  it('uses the place that the platform reports, and caches each place separately', async () => {
    const test = new TestApp();
    const path = `${SERVICE}/resolve?near=auto&consistency=cached`;
    for (const latitude of ['1', '2', '1']) await test.app.fetch(from({ latitude, longitude: '3' }, path));
    expect(test.namespace.calls.map(({ asked }) => (asked[0] as { near: unknown }).near)).toEqual([
      { kind: 'point', latitude: 1, longitude: 3 },
      { kind: 'point', latitude: 2, longitude: 3 },
    ]);
  });
});

describe('consistency=cached', () => {
  it('[Q5] serves a copy with its age', async () => {
    const test = new TestApp();
    const path = `${SERVICE}/resolve?consistency=cached&maxAge=5s`;
    const ages: (string | null)[] = [];
    for (const passed of [0, 1_500, 3_400, 100]) {
      test.now += passed;
      ages.push((await test.ask('GET', path)).headers.get('age'));
    }
    expect(ages).toEqual(['0', '1', '4', '0']);
    expect(test.namespace.calls).toHaveLength(2);
  });

  it('answers 304 to a caller that has the copy', async () => {
    const test = new TestApp();
    const path = `${SERVICE}/resolve?consistency=cached`;
    expect((await test.ask('GET', path, undefined, { 'if-none-match': '"cE.1.x"' })).status).toBe(304);
    expect((await test.ask('GET', path, undefined, { 'if-none-match': '"cE.2.x"' })).status).toBe(200);
    expect(test.namespace.calls).toHaveLength(1);
  });

  it('never shares a strong read', async () => {
    const test = new TestApp();
    const gate = Promise.withResolvers<void>();
    test.namespace.gate = gate.promise;
    const reads = [1, 2, 3].map(() => test.ask('GET', `${SERVICE}/resolve`));
    await vi.waitFor(() => expect(test.namespace.calls).toHaveLength(3), { timeout: 30_000 });
    gate.resolve();
    await Promise.all(reads);
  });

  it('[A2] serves no copy without a token', async () => {
    const test = new TestApp();
    const path = `${SERVICE}/resolve?consistency=cached`;
    await test.ask('GET', path);
    expect((await test.send('GET', path)).status).toBe(401);
  });
});

it('explains the time to live that a grant of a lease lacks', async () => {
  const { detail } = await problemOf(await new TestApp().ask('POST', `${NS}/leases`, {}));
  expect(detail).toBe(
    'in the body: ttlMs: give a time in milliseconds, or null for a lease that ends only when it is revoked',
  );
});

describe('at', () => {
  const path = `${SERVICE}/instances?at=cE.1.x`;

  it("[J6] never waits, as the past doesn't change", async () => {
    const test = new TestApp();
    test.namespace.answer.body = null;
    const headers = { 'if-none-match': '"cE.1.x"', prefer: 'wait=30' };
    const response = await test.ask('GET', path, undefined, headers);
    expect([response.status, response.headers.get('preference-applied')]).toEqual([304, null]);
    expect(test.sockets.opened).toEqual([]);
    expect((await test.ask('GET', `${path}&consistency=cached`)).status).toBe(200);
  });

  it.each([`${path}&wait=5s`, `${SERVICE}/instances?at=yesterday`])('refuses %s', async (asked) => {
    expect((await problemOf(await new TestApp().ask('GET', asked))).code).toBe('INVALID_REQUEST');
  });
});
