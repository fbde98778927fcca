import { describe, expect, it, vi } from 'vitest';
import { NO_STATS, problemOf, SERVICE, TestApp } from '../../test/fixtures/test-app';
import { RegistryError } from '../model/errors';
import { COPIES_PATH } from './cache/platform-cache';

const I = `${SERVICE}/instances/a`;

describe('createApp', () => {
  it.each([
    '/nope',
    '/api',
    '/api/v1',
    '/api/v2/ns/public/services',
    '/api/v1/ns/public/nope',
    `${I}/`,
    `${SERVICE}/instances//x`,
    '//',
    '/docs/',
    '/HEALTH',
    '/api/v1/n%73/public/services',
  ])('[H4] answers %s with ROUTE_NOT_FOUND', async (path) => {
    const response = await new TestApp().ask('GET', path);
    expect([response.status, (await problemOf(response)).code]).toEqual([404, 'ROUTE_NOT_FOUND']);
  });

  it('[Q7] has no route under the path of cached copies, with a token or without', async () => {
    const path = `${COPIES_PATH}/${encodeURIComponent(`${SERVICE}/resolve?consistency=cached`)}`;
    const test = new TestApp();
    for (const method of ['GET', 'HEAD', 'PUT']) {
      expect((await test.ask(method, path)).status).toBe(404);
      expect((await test.send(method, path)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it.each([
    ['POST', I, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['GET', `${I}/heartbeat`, 'POST'],
    ['HEAD', `${I}/heartbeat`, 'POST'],
    ['DELETE', `${SERVICE}/instances`, 'GET, HEAD, POST'],
    ['OPTIONS', SERVICE, 'GET, HEAD, PUT, PATCH, DELETE'],
    ['POST', '/health', 'GET, HEAD'],
    ['PROPFIND', '/metrics', 'GET, HEAD'],
  ])('[H4] answers %s %s with METHOD_NOT_ALLOWED, and allows %s', async (method, path, allow) => {
    const response = await new TestApp().ask(method, path);
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });

  it.each(['a', 'PUBLIC', 'x'.repeat(64)])('[H6] rejects the namespace %s', async (ns) => {
    const test = new TestApp();
    const response = await test.ask('GET', `/api/v1/ns/${ns}/services`);
    expect([response.status, (await problemOf(response)).code]).toEqual([404, 'NAMESPACE_NOT_FOUND']);
    expect(test.namespace.calls).toEqual([]);
  });

  it.each(['a.b', 'x'.repeat(65), '%00', '%2e%2e', '%C3%BC'])('rejects %s as the id of a namespace', async (ns) => {
    const response = await new TestApp().ask('GET', `/api/v1/ns/${ns}/services`);
    expect(response.status).toBe(ns === '%2e%2e' ? 404 : 400); // the URL standard takes %2e%2e out before we see it
  });

  it('[H7] rejects a name with a dot as the id of a namespace, on every route that reads or removes', async () => {
    const test = new TestApp();
    const asked = test.app.routes.filter(({ method, path }) => /^(get|delete)$/.test(method) && path.includes('/:ns'));
    expect(asked.length).toBeGreaterThan(10);
    for (const { method, path, input } of asked) {
      // Another defect of the request may be reported first.
      if (input.query?.safeParse({}).success === false) continue;
      const names = path.replace(':ns', 'a.b').replace(/:(\w+)/g, '1');
      const problem = await problemOf(await test.ask(method.toUpperCase(), names));
      expect([problem.status, problem.detail], names).toEqual([
        400,
        expect.stringContaining('a namespace id has 1 to 64'),
      ]);
    }
    expect(test.namespace.calls).toEqual([]);
  });

  it('answers HEAD like GET, without the body', async () => {
    const test = new TestApp();
    const response = await test.ask('HEAD', I);
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([200, '', '"cE.1.x"']);
    expect(test.namespace.calls[0]?.method).toBe('readInstance');
  });

  it('passes on an error of the namespace', async () => {
    const test = new TestApp();
    test.namespace.failure = new RegistryError('UNAVAILABLE', 'down for now', { retryAfterSeconds: 3 });
    const response = await test.ask('PUT', I, { address: 'a', port: 1 });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
    expect(await problemOf(response)).toMatchObject({ code: 'UNAVAILABLE', detail: 'down for now' });
  });

  it('[G1] hides an unexpected error from the client, and logs it with the route instead of the path', async () => {
    const test = new TestApp();
    test.namespace.failure = new Error('disk on fire');
    const response = await test.ask('GET', `${SERVICE}/instances/secret-name`);
    expect(response.status).toBe(500);
    expect(JSON.stringify(await problemOf(response))).not.toContain('fire');
    const [{ level, line } = { level: 'none', line: '{}' }] = test.logged;
    expect(test.logged).toHaveLength(1);
    expect(level).toBe('error');
    expect(JSON.parse(line)).toMatchObject({
      requestId: response.headers.get('x-request-id'),
      route: '/api/v1/ns/:ns/groups/:group/services/:service/instances/:id',
      error: expect.stringContaining('disk on fire'),
    });
    expect(line).not.toContain('secret-name');
  });

  it.each([
    ['PUT', I, { address: 'a' }],
    ['PUT', I, []],
    ['PUT', I, '{'],
    ['PATCH', I, {}],
    ['PUT', `${I}?dry=1`, { address: 'a', port: 1 }],
    ['POST', `${I}/heartbeat?x`, undefined],
    ['POST', `${I}/drain?wait=6m`, undefined],
    ['GET', `${SERVICE}/resolve?limit=0`, undefined],
    ['GET', `${SERVICE}/resolve?limit=1&limit=2`, undefined],
    ['GET', `${SERVICE}/instances?metadata.__proto__=x`, undefined],
    ['GET', `${SERVICE}/instances?metadata=x`, undefined],
    ['GET', `${SERVICE}/instances/%ff`, undefined],
    ['GET', `${SERVICE}/instances/%00`, undefined],
    ['GET', `${SERVICE}/instances/${'x'.repeat(10_000)}`, undefined],
    ['DELETE', `${SERVICE}?force=yes`, undefined],
    ['GET', '/api/v1/ns/public/stats?x=1', undefined],
  ])('[I10] refuses %s %s %j without a call to the namespace', async (method, path, body) => {
    const test = new TestApp();
    const response = await test.ask(method, path, body);
    expect([response.status, (await problemOf(response)).code]).toEqual([400, 'INVALID_REQUEST']);
    expect(test.namespace.calls).toEqual([]);
  });

  it('[H5] accepts a batch that is larger than the limit of other bodies', async () => {
    const test = new TestApp();
    const blanks = ' '.repeat(100 * 1024);
    const batch = `${blanks}{"operations":[{"op":"deregister","service":"s","id":"a"}]}`;
    expect((await test.ask('POST', '/api/v1/ns/public/batch', batch)).status).toBe(200);
    expect((await test.ask('PUT', I, `${blanks}{"address":"a","port":1}`)).status).toBe(413);
    const tooLarge = ' '.repeat(4 * 1024 * 1024) + batch;
    expect((await test.ask('POST', '/api/v1/ns/public/batch', tooLarge)).status).toBe(413);
  });

  it('shows the version and the commit', async () => {
    const response = await new TestApp().send('GET', '/health');
    expect(await response.json()).toEqual({ status: 'ok', version: '9.9.9', commit: 'abc1234' });
  });

  it("[G11] reports publicly why changes can't be stored, and that it is alive", async () => {
    const test = new TestApp();
    test.namespace.answer.body = NO_STATS;
    test.problems = ['nothing can be stored: database or disk is full'];
    const response = await test.send('GET', '/health');
    expect([response.status, await response.json()]).toEqual([
      200,
      { status: 'degraded', problems: test.problems, version: '9.9.9', commit: 'abc1234' },
    ]);
    const metrics = async () => (await test.ask('GET', '/metrics')).text();
    expect(await metrics()).toContain('\nrollcall_storage_fault{} 1\n');
    test.namespace.failure = new RegistryError('UNAVAILABLE', 'nothing can be stored');
    expect((await test.ask('DELETE', I)).status).toBe(503);
    // The host has said it once.
    expect(test.logged).toEqual([]);
    test.problems = [];
    expect((await test.ask('DELETE', I)).status).toBe(503);
    expect(test.logged).toHaveLength(1);
    test.namespace.failure = undefined;
    expect(await (await test.send('GET', '/health')).json()).not.toHaveProperty('problems');
    expect(await metrics()).toContain('\nrollcall_storage_fault{} 0\n');
  });

  it('times out on a namespace that does not answer, but gives a drain its own wait', async () => {
    const test = new TestApp();
    await test.ask('GET', I); // from here on the token is known, and no digest is waited for
    vi.useFakeTimers();
    try {
      test.namespace.gate = new Promise(() => undefined);
      const statuses: string[] = [];
      const asked = async (name: string, method: string, path: string) =>
        void statuses.push(`${name} ${(await test.ask(method, path)).status}`);
      void asked('delete', 'DELETE', I);
      void asked('drain', 'POST', `${I}/drain?wait=1m`);
      await vi.advanceTimersByTimeAsync(31_000);
      expect(statuses).toEqual(['delete 504']);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(statuses).toEqual(['delete 504', 'drain 504']);
    } finally {
      vi.useRealTimers();
    }
  });
});
