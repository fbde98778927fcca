import { describe, expect, it } from 'vitest';
import { problemOf, ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';

/** Who may come in where. A route that is not in this table fails the test, and so does a line without a route. */
const OPEN = 'open';
const TABLE: Record<string, 'admin' | 'operate' | 'register' | 'read' | 'metrics' | typeof OPEN> = {
  'GET /': OPEN,
  'GET /docs': OPEN,
  'GET /health': OPEN,
  'GET /api/v1/openapi.json': OPEN,
  'GET /metrics': 'metrics',
  'GET /api/v1/ns/:ns/services': 'read',
  'GET /api/v1/ns/:ns/stats': 'read',
  'GET /api/v1/ns/:ns/watch': 'read',
  'GET /api/v1/ns/:ns/socket': 'read',
  'POST /api/v1/ns/:ns/subscribers/:id/ack': 'read',
  'POST /api/v1/ns/:ns/batch': 'operate',
  'POST /api/v1/ns/:ns/heartbeat': 'register',
  'PUT /api/v1/ns/:ns/groups/:group/services/:service': 'operate',
  'GET /api/v1/ns/:ns/groups/:group/services/:service': 'read',
  'PATCH /api/v1/ns/:ns/groups/:group/services/:service': 'operate',
  'DELETE /api/v1/ns/:ns/groups/:group/services/:service': 'operate',
  'GET /api/v1/ns/:ns/groups/:group/services/:service/resolve': 'read',
  'GET /api/v1/ns/:ns/groups/:group/services/:service/subscribers': 'read',
  'GET /api/v1/ns/:ns/groups/:group/services/:service/instances': 'read',
  'POST /api/v1/ns/:ns/groups/:group/services/:service/instances': 'register',
  'PUT /api/v1/ns/:ns/groups/:group/services/:service/instances/:id': 'register',
  'GET /api/v1/ns/:ns/groups/:group/services/:service/instances/:id': 'read',
  'PATCH /api/v1/ns/:ns/groups/:group/services/:service/instances/:id': 'register',
  'DELETE /api/v1/ns/:ns/groups/:group/services/:service/instances/:id': 'register',
  'POST /api/v1/ns/:ns/groups/:group/services/:service/instances/:id/heartbeat': 'register',
  'POST /api/v1/ns/:ns/groups/:group/services/:service/instances/:id/drain': 'register',
  'PUT /api/v1/ns/:ns/groups/:group/services/:service/instances/:id/override': 'operate',
  'GET /api/v1/ns/:ns/groups/:group/services/:service/instances/:id/override': 'read',
  'DELETE /api/v1/ns/:ns/groups/:group/services/:service/instances/:id/override': 'operate',
};

const NOBODY: Record<string, string | undefined> = {
  'no token': undefined,
  'an empty header': '',
  'another scheme': `Basic ${ROOT_TOKEN}`,
  'a scheme without a token': 'Bearer',
  'a wrong token': `Bearer ${ROOT_TOKEN}x`,
  'a part of the token': `Bearer ${ROOT_TOKEN.slice(0, -1)}`,
  'a token in other letters': `Bearer ${ROOT_TOKEN.toUpperCase()}`,
  'two tokens': `Bearer ${ROOT_TOKEN}, Bearer ${ROOT_TOKEN}`,
};

const filled = (path: string): string => path.replace(':ns', 'public').replace(/:\w+/g, 'x');
const authorization = (header: string | undefined): RequestInit =>
  header === undefined ? {} : { headers: { authorization: header } };
const lines = Object.entries(TABLE).map(([line, scope]) => {
  const [method = '', path = ''] = line.split(' ');
  return { line, scope, method, path: filled(path) };
});
const guarded = lines.filter(({ scope }) => scope !== OPEN);
const open = lines.filter(({ scope }) => scope === OPEN);

describe('the table of authorization', () => {
  it('[I9] has every route with its scope, and no other', () => {
    const { routes } = new TestApp().app;
    const found = Object.fromEntries(
      routes.map(({ method, path, scope }) => [`${method.toUpperCase()} ${path}`, scope]),
    );
    expect(found).toEqual(TABLE);
  });

  it.each(guarded)('[A2] $line lets nobody in without the token, and root with it', async ({ method, path }) => {
    const test = new TestApp();
    for (const [who, header] of Object.entries(NOBODY)) {
      const response = await test.send(method, path, authorization(header));
      expect([response.status, response.headers.get('www-authenticate')], who).toEqual([
        401,
        'Bearer realm="rollcall"',
      ]);
      expect((await problemOf(response)).code).toBe('UNAUTHENTICATED');
    }
    expect(test.namespace.calls).toEqual([]);
    test.namespace.answer.body = '{"journal":{},"sinceWake":{}}'; // what /metrics reads
    const { status } = await test.send(method, path, authorization(`Bearer ${ROOT_TOKEN}`));
    expect([200, 204, 415, 426]).toContain(status); // 415: a body is asked for, and none was sent; 426: a WebSocket is
  });

  it.each(open)('[A3] $line answers without a token, and asks no namespace', async ({ method, path }) => {
    const test = new TestApp();
    for (const header of Object.values(NOBODY)) {
      expect((await test.send(method, path, authorization(header))).status).toBe(200);
    }
    expect(test.namespace.calls).toEqual([]);
  });

  it.each([
    ['GET', '/nope'],
    ['GET', '/api/v1/nope'],
    ['OPTIONS', '/api/v1/ns/public/services'],
    ['POST', '/health'],
    ['DELETE', '/docs'],
    ['GET', '/api/v1/ns/nope/services'],
    ['GET', '/api/v1/ns/public/services?x=1'],
    ['GET', '/api/v1/ns/public/groups/%ff/services/x'],
    ['GET', `/api/v1/ns/${'x'.repeat(5_000)}/services`],
  ])('[A2] tells a stranger nothing about %s %s', async (method, path) => {
    expect((await new TestApp().send(method, path)).status).toBe(401);
  });

  it('[A2] does not read the body of a stranger', async () => {
    const taken: string[] = [];
    const body = new ReadableStream({ pull: () => void taken.push('a piece') }, { highWaterMark: 0 });
    const init = { body, duplex: 'half', headers: { 'content-type': 'application/json' } };
    expect(
      (await new TestApp().send('PUT', filled(`/api/v1/ns/:ns/groups/:g/services/:s`), init as RequestInit)).status,
    ).toBe(401); // `as`: Node asks for duplex
    expect(taken).toEqual([]);
  });

  it.each([null, '', 'x'.repeat(31)])('[A1] is closed but for /health with the root token %j', async (rootToken) => {
    const test = new TestApp({ rootToken });
    for (const { line, method, path } of lines) {
      for (const header of [undefined, `Bearer ${rootToken}`, `Bearer ${ROOT_TOKEN}`]) {
        const response = await test.send(method, path, authorization(header));
        expect(response.status, line).toBe(path === '/health' ? 200 : 503);
        if (path !== '/health') {
          expect((await problemOf(response)).code).toBe('NOT_CONFIGURED');
          expect(response.headers.get('retry-after')).toBe('60');
        }
      }
    }
    expect((await test.send('GET', '/nope')).status).toBe(503);
    expect(test.namespace.calls).toEqual([]);
  });
});
