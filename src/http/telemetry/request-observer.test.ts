import { describe, expect, it } from 'vitest';
import { NO_STATS, ROOT_TOKEN, SERVICE, TestApp } from '../../../test/fixtures/test-app';
import { LOG_REFUSALS_PER_SECOND_MAX_COUNT } from '../../model/limits';
import { RequestCounts, RequestRecord } from './request-observer';

const I = `${SERVICE}/instances/a`;
const ROUTE = '/api/v1/ns/:ns/groups/:group/services/:service/instances/:id';

/** The lines of the log, read. */
const linesOf = (test: TestApp): Record<string, unknown>[] => test.logged.map(({ line }) => JSON.parse(line));

describe('a request', () => {
  it('[G1] has the same id in its response and in the log, also if it is refused', async () => {
    const test = new TestApp({ logLevel: 'info' });
    const ids = [];
    for (const path of [I, '/health', '/nope', '/']) {
      const response = await test.ask('GET', path, undefined, { 'x-request-id': `id-of-${path.length}` });
      ids.push(response.headers.get('x-request-id'));
    }
    expect(ids).toEqual([I, '/health', '/nope', '/'].map((path) => `id-of-${path.length}`));
    expect(linesOf(test).map(({ requestId }) => requestId)).toEqual(ids);
  });

  it('[G1] has an id in its response if there is a line in the log, or if it is refused', async () => {
    const named = async (logLevel: string, path: string): Promise<boolean> => {
      const test = new TestApp({ logLevel });
      const id = (await test.ask('GET', path)).headers.get('x-request-id');
      for (const { requestId } of linesOf(test)) expect(requestId).toBe(id);
      return id !== null;
    };
    expect([await named('info', I), await named('warn', I)]).toEqual([true, false]);
    expect([await named('info', '/nope'), await named('off', '/nope')]).toEqual([true, true]);
  });

  it('[G1] is one line in the log: time, route pattern, caller, result and duration', async () => {
    const test = new TestApp({ logLevel: 'info' });
    const body = { address: '10.0.0.7', port: 80 };
    await test.ask('PUT', I, body, { 'x-request-id': 'r1', 'content-length': '33' });
    expect(linesOf(test)).toEqual([
      {
        time: '1970-01-01T00:16:40.000Z',
        level: 'info',
        message: 'request',
        requestId: 'r1',
        method: 'PUT',
        route: ROUTE,
        status: 200,
        durationMs: 0,
        namespace: 'public',
        tokenId: 'root',
        requestBytes: 33,
      },
    ]);
  });

  it('[G1] is logged with its error code if it is refused, and with its token only if authenticated', async () => {
    const test = new TestApp({ logLevel: 'info' });
    await test.ask('PUT', I, { address: 'a' });
    await test.send('GET', I, { headers: { authorization: 'Bearer rct_nobody_0123456789' } });
    expect(linesOf(test)).toMatchObject([
      { level: 'info', status: 400, code: 'INVALID_REQUEST', tokenId: 'root' },
      { level: 'warn', status: 401, code: 'UNAUTHENTICATED' },
    ]);
    expect(linesOf(test)[1]).not.toHaveProperty('tokenId');
  });

  it.each([
    ['off', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['', ['error', 'warn']],
    ['info', ['error', 'info', 'warn']],
  ])('[G4] is logged by its level: %j', async (logLevel, expected) => {
    const test = new TestApp({ logLevel });
    await test.ask('GET', I);
    await test.send('GET', I);
    test.namespace.failure = new Error('inside');
    await test.ask('GET', I);
    expect(test.logged.map(({ level }) => level).sort()).toEqual(expected);
  });

  it('[G4] is refused if the configured log level is invalid', async () => {
    const response = await new TestApp({ logLevel: 'debug' }).ask('GET', I);
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('ROLLCALL_LOG_LEVEL is \\"debug\\"');
  });
});

it('[G10] logs a limited number of refusals per second, and how many were left out', async () => {
  const test = new TestApp();
  for (let index = 0; index < LOG_REFUSALS_PER_SECOND_MAX_COUNT + 5; index++) await test.send('GET', I);
  expect(test.logged).toHaveLength(LOG_REFUSALS_PER_SECOND_MAX_COUNT);
  test.now += 1_000;
  await test.send('GET', I);
  expect(linesOf(test).at(-1)).toMatchObject({ status: 401, leftOut: 5 });
  const verbose = new TestApp({ logLevel: 'info' });
  for (let index = 0; index < LOG_REFUSALS_PER_SECOND_MAX_COUNT + 5; index++) await verbose.send('GET', I);
  expect(verbose.logged).toHaveLength(LOG_REFUSALS_PER_SECOND_MAX_COUNT + 5);
});

it('[G10] logs a limited number of failures per second, separately from the refusals', async () => {
  const test = new TestApp();
  test.namespace.failure = new Error('inside');
  for (let index = 0; index < LOG_REFUSALS_PER_SECOND_MAX_COUNT + 5; index++) await test.ask('GET', I);
  await test.send('GET', I);
  expect(test.logged).toHaveLength(LOG_REFUSALS_PER_SECOND_MAX_COUNT + 1);
  test.now += 1_000;
  await test.ask('GET', I);
  expect(linesOf(test).at(-1)).toMatchObject({ status: 500, leftOut: 5 });
});

it('[G1] logs an interrupted response as a line of its own, under the id that the response ends with', async () => {
  const test = new TestApp();
  test.namespace.answer.body = '{"lines":"1\\n","counts":{},"next":"x"}';
  const response = await test.ask('GET', '/api/v1/ns/public/export', undefined, { 'x-request-id': 'r1' });
  test.namespace.failure = new Error('inside');
  expect(await response.text()).toMatch(/"kind":"failed","code":"INTERNAL".*request r1"\}\n$/);
  expect(linesOf(test)).toMatchObject([
    {
      level: 'error',
      message: 'the response was cut off by an error',
      requestId: 'r1',
      route: '/api/v1/ns/:ns/export',
      tokenId: 'root',
    },
  ]);
  expect(linesOf(test)[0]?.error).toContain('inside');
});

describe('hostile input', () => {
  it.each([
    ['a path', `${SERVICE}/instances/x%0A%7B%22level%22%3A%22error%22%7D`, {}],
    ['a namespace', '/api/v1/ns/a%0Ab/services', {}],
    ['a namespace of a dialect', '/n/a%0A%22/registry/service', {}],
    ['an id', I, { 'x-request-id': '{"level":"error"}' }],
    ['a length', I, { 'content-length': '1,"status":200' }],
    ['no route', '/%22%0A', {}],
  ])('[G3] stays out of the log, or within its field: %s', async (_, path, headers) => {
    const test = new TestApp({ logLevel: 'info' });
    await test.ask('GET', path, undefined, headers);
    expect(test.logged).toHaveLength(1);
    const { line } = test.logged[0] ?? { line: '' };
    expect(line).not.toMatch(/[\r\n]|a\\nb|\\"/);
    expect(Object.keys(JSON.parse(line)).slice(0, 3)).toEqual(['time', 'level', 'message']);
  });

  it('[G5] leaves no secret in any line: neither headers, paths, queries nor bodies are logged', async () => {
    const test = new TestApp({ logLevel: 'info' });
    const secret = 'rct_abc_secret0123456789secret0123456789secret01';
    const basic = btoa(`user:${secret}`);
    await test.ask('GET', I);
    await test.send('GET', `/t/${secret}${I}`);
    await test.send('GET', `/t/${secret}`);
    await test.ask('GET', `${SERVICE}/instances/${secret}`);
    await test.send('GET', `/nope/${secret}?token=${secret}`);
    await test.send('GET', `${I}?accessToken=${secret}&username=${secret}&password=${secret}`);
    await test.send('GET', `/api/v1/ns/public/socket?ticket=${secret}`);
    await test.send('GET', I, { headers: { authorization: `Basic ${basic}` } });
    await test.send('GET', '/metrics', { headers: { authorization: `Basic ${basic}` } });
    await test.send('GET', I, { headers: { cookie: secret, 'x-request-id': `Bearer ${secret}` } });
    await test.send('POST', '/nacos/v1/auth/login', { body: `username=u&password=${secret}` });
    expect(test.logged.length).toBeGreaterThan(9);
    for (const { line } of test.logged)
      for (const each of [secret, basic, ROOT_TOKEN]) expect(line).not.toContain(each);
  });
});

describe('metrics', () => {
  const lines = async (test: TestApp): Promise<string[]> => {
    test.namespace.answer.body = NO_STATS;
    const text = await (await test.ask('GET', '/metrics')).text();
    return text.split('\n').filter((line) => line.startsWith('rollcall_http'));
  };

  it('[G6] count requests by route and class of status, and measure their duration', async () => {
    const test = new TestApp();
    await test.ask('GET', I);
    await test.ask('GET', I);
    await test.send('GET', I);
    await test.ask('PROPFIND', '/nope');
    const shown = await lines(test);
    expect(shown).toEqual(
      expect.arrayContaining([
        `rollcall_http_requests_total{method="GET",route="${ROUTE}",status="2xx"} 2`,
        `rollcall_http_requests_total{method="GET",route="${ROUTE}",status="4xx"} 1`,
        'rollcall_http_requests_total{method="other",route="none",status="4xx"} 1',
        `rollcall_http_request_duration_seconds_bucket{method="GET",route="${ROUTE}",le="0.001"} 3`,
        `rollcall_http_request_duration_seconds_bucket{method="GET",route="${ROUTE}",le="+Inf"} 3`,
        `rollcall_http_request_duration_seconds_count{method="GET",route="${ROUTE}"} 3`,
      ]),
    );
  });

  it('[G6] have a limited number of series, for any paths and methods that clients send', async () => {
    const test = new TestApp();
    for (let index = 0; index < 50; index++) {
      await test.ask(`M${index}`, `/nope/${index}`);
      await test.ask('GET', `${SERVICE}${index}/instances/i${index}`);
      await test.ask('GET', `/api/v1/ns/n${index}/services`);
    }
    const series = (await lines(test)).filter((line) => line.startsWith('rollcall_http_requests_total'));
    expect(series).toHaveLength(3);
  });

  it('[G6] omit the duration of requests that wait by design', async () => {
    const test = new TestApp();
    await test.ask('POST', `${I}/drain?wait=1m`);
    const shown = await lines(test);
    expect(shown.some((line) => line.includes('requests_total') && line.includes('/drain'))).toBe(true);
    expect(shown.some((line) => line.includes('duration') && line.includes('/drain'))).toBe(false);
  });
});

const RANDOM = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const recordOf = (headers: Record<string, string>) =>
  new RequestRecord({ method: 'GET', headers: new Headers(headers) }, 0);

it('[G2] uses the id of the request, unless it has invalid characters', () => {
  expect(recordOf({ 'X-Request-Id': 'a.B_9-z', 'CF-Ray': '7d1f-FRA' }).givenId).toBe('a.B_9-z');
  for (const id of ['', 'a b', 'a"b', 'é', '{"level":"error"}', 'x'.repeat(129), 'a, b']) {
    expect(recordOf({ 'X-Request-Id': id }).givenId, id).toBeUndefined();
  }
});

it('[G2] generates the id from that of Cloudflare, or at random once', () => {
  expect(recordOf({ 'CF-Ray': '7d1f-FRA' }).id).toBe('7d1f-FRA');
  const record = recordOf({ 'CF-Ray': 'no id' });
  expect(record.isNamed).toBe(false);
  expect(record.id).toMatch(RANDOM);
  expect(record.id).toBe(record.id);
  expect(record.isNamed).toBe(true);
  expect(recordOf({}).id).not.toBe(recordOf({}).id);
});

it('[G6] counts each duration in all buckets that contain it', () => {
  const counts = new RequestCounts();
  for (const durationMs of [0, 1, 1.5, 2.5, 9_999, 60_000]) {
    counts.note({ method: 'GET', route: '/x', status: 200, durationMs });
  }
  const samples = counts.families().find(({ type }) => type === 'histogram')?.samples ?? [];
  const at = (le: string) => samples.find(({ labels }) => labels.le === le)?.value;
  expect(['0.001', '0.0025', '0.005', '2.5', '10', '+Inf'].map(at)).toEqual([2, 4, 4, 4, 5, 6]);
  expect(samples.find(({ suffix }) => suffix === '_sum')?.value).toBeCloseTo(70.004);
  expect(samples.find(({ suffix }) => suffix === '_count')?.value).toBe(6);
});
