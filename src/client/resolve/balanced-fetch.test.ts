import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { HandTime } from '../../../test/fixtures/hand-time';
import { RollcallError } from '../wire/rollcall-error';
import { REAL_TIME } from '../wire/time';
import { balancedFetch, type FetchOptions, type ResolverRequestInit } from './balanced-fetch';
import { Balancer, RetryBudget } from './balancer';
import type { Endpoint } from './endpoint';
import type { CallReport, Selector } from './selector';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const answers =
  (status: number, text = ''): Handler =>
  (_, response) =>
    response.writeHead(status).end(text);

/** Never answers. */
const silent: Handler = () => {};

/** Address without a listener. */
const REFUSES = 'refuses';

/** Servers on this machine, tried in the order of their names, and the reports that the selector receives. */
async function stage(handlers: Record<string, Handler | typeof REFUSES>, options: FetchOptions = {}) {
  const requests: string[] = [];
  const outcomes: string[] = [];
  const keys: (string | undefined)[] = [];
  const urlOf = async (id: string, handler: Handler | typeof REFUSES): Promise<string> => {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        requests.push(`${id} ${request.method} ${request.url}${body && ` ${body}`}`);
        if (handler !== REFUSES) handler(request, response, body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo; // `as`: it listens on a port
    const close = () => {
      server.closeAllConnections();
      server.close();
    };
    if (handler === REFUSES) close();
    else onTestFinished(close);
    return `http://127.0.0.1:${port}`;
  };
  const endpoints: Endpoint[] = [];
  for (const [id, handler] of Object.entries(handlers)) {
    endpoints.push({ id, url: await urlOf(id, handler), instance: clientInstance(id) });
  }
  const selector: Selector = {
    pick: (list, { key }) => {
      keys.push(key);
      return list[0];
    },
    ended: ({ id }, { outcome }: CallReport) => outcomes.push(`${id} ${outcome}`),
  };
  const balancer = new Balancer({ selector, ejection: undefined, time: REAL_TIME });
  balancer.endpoints = endpoints;
  const parts = { service: 'orders', first: undefined, balancer, budget: new RetryBudget(), time: REAL_TIME };
  const call = (input: string | URL | Request = '/orders/7?full=1', init: ResolverRequestInit = {}) =>
    balancedFetch(parts, options, input, init);
  return { call, parts, requests, outcomes, keys, endpoints };
}

const stream = (text: string) => new Blob([text]).stream();

describe('a call that works', () => {
  it('[B13] is sent to one instance, with everything that it was given', async () => {
    const echo: Handler = (request, response, body) =>
      response.end(JSON.stringify([request.headers['x-tenant'], request.headers['content-type'], body]));
    const { call, requests, outcomes, keys } = await stage({ a: echo, b: answers(200) });
    const init = { method: 'POST', headers: { 'x-tenant': 't', 'content-type': 'text/x' }, body: 'seven', key: 'k' };
    expect(await (await call('/orders?x=1', init)).json()).toEqual(['t', 'text/x', 'seven']);
    expect(requests).toEqual(['a POST /orders?x=1 seven']);
    expect(outcomes).toEqual(['a success']);
    expect(keys).toEqual(['k']);
  });

  it.each<[string, () => string | URL | Request, string]>([
    ['a path', () => '/orders/7?full=1', '/orders/7?full=1'],
    ['a path without a slash', () => 'orders/7', '/orders/7'],
    ['nothing', () => '', '/'],
    ['a query', () => '?q=http://x/y', '/?q=http://x/y'],
    ['a path like a host', () => '//elsewhere.example/x', '//elsewhere.example/x'],
    ['a path like a user', () => '@elsewhere.example/x', '/@elsewhere.example/x'],
    ['a URL', () => new URL('https://orders/7?full=1#part'), '/7?full=1'],
    ['a Request', () => new Request('http://orders/7?full=1'), '/7?full=1'],
  ])('[B13] uses path and query of %s', async (_, input, path) => {
    const { call, requests } = await stage({ a: answers(200) });
    await call(input());
    expect(requests).toEqual([`a GET ${path}`]);
  });

  it('[B13] uses method, headers and body of a Request, and the second argument overrides them', async () => {
    const echo: Handler = (request, response, body) => response.end(`${request.headers['x-one']} ${body}`);
    const { call, requests } = await stage({ a: echo });
    const request = () => new Request('http://orders/7', { method: 'PUT', headers: { 'x-one': '1' }, body: 'seven' });
    expect(await (await call(request())).text()).toBe('1 seven');
    expect(await (await call(request(), { method: 'PATCH', body: 'eight' })).text()).toBe('1 eight');
    expect(requests).toEqual(['a PUT /7 seven', 'a PATCH /7 eight']);
  });

  it('[B2] is sent below the path of the registered url', async () => {
    const { call, requests, endpoints } = await stage({ a: answers(200) });
    Object.assign(endpoints[0] ?? {}, { url: `${endpoints[0]?.url}/api` });
    await call('/orders');
    expect(requests).toEqual(['a GET /api/orders']);
  });

  it.each([200, 304, 404, 429])('[B13] is any response below 500, such as %d', async (status) => {
    const { call, requests, outcomes } = await stage({ a: answers(status), b: answers(200) });
    expect((await call()).status).toBe(status);
    expect(requests).toHaveLength(1);
    expect(outcomes).toEqual(['a success']);
  });
});

describe('a call that fails', () => {
  it.each([502, 503, 504])('[B13] is retried on the next instance after %d', async (status) => {
    const { call, outcomes } = await stage({ a: answers(status, 'x'), b: REFUSES, c: answers(200, 'from c') });
    expect(await (await call()).text()).toBe('from c');
    expect(outcomes).toEqual(['a failure', 'b failure', 'c success']);
  });

  it('[B13] with 500 counts as a failure of the instance, and is not retried', async () => {
    const { call, outcomes } = await stage({ a: answers(500), b: answers(200) });
    expect((await call()).status).toBe(500);
    expect(outcomes).toEqual(['a failure']);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'put'])('[B13] is retried with %s', async (method) => {
    const { call } = await stage({ a: answers(503), b: answers(200) });
    expect((await call('/', { method })).status).toBe(200);
  });

  it.each(['POST', 'PATCH', 'PURGE'])(
    '[B13] is not retried with %s, or only with an Idempotency-Key',
    async (method) => {
      const { call } = await stage({ a: answers(503), b: answers(200) });
      expect((await call('/', { method })).status).toBe(503);
      expect((await call('/', { method, headers: { 'Idempotency-Key': 'k' } })).status).toBe(200);
      const request = new Request('http://orders/', { method, headers: [['idempotency-key', 'k']] });
      expect((await call(request)).status).toBe(200);
    },
  );

  it.each<[string, () => NonNullable<RequestInit['body']>]>([
    ['a text', () => 'seven'],
    ['bytes', () => new TextEncoder().encode('seven')],
    ['a blob', () => new Blob(['seven'])],
    ['a form', () => new URLSearchParams({ seven: '7' })],
  ])('[B13] is retried with %s, completely', async (_, body) => {
    const { call, requests } = await stage({ a: answers(503), b: answers(200) });
    expect((await call('/', { method: 'PUT', body: body() })).status).toBe(200);
    expect(requests[1]).toBe(requests[0]?.replace('a', 'b'));
    expect(requests[1]).toContain('seven');
  });

  it('[B13] is not retried if its body is a stream', async () => {
    const { call, requests } = await stage({ a: answers(503), b: answers(200) });
    // `as`: the types of the platform do not know `duplex`, which Node wants with a stream
    const init = { method: 'PUT', body: stream('seven'), duplex: 'half' } as RequestInit;
    expect((await call('/', init)).status).toBe(503);
    expect((await call(new Request('http://orders/', { method: 'PUT', body: 'eight' }))).status).toBe(503);
    expect(requests).toEqual(['a PUT / seven', 'a PUT / eight']);
  });

  it('[B13] is tried on three instances, or on as many as configured', async () => {
    const all = { a: answers(503), b: answers(503), c: answers(504), d: answers(200) };
    const three = await stage(all);
    expect((await three.call()).status).toBe(504);
    const two = await stage(all, { maxAttempts: 2 });
    expect((await two.call()).status).toBe(503);
    expect(two.requests).toHaveLength(2);
    const four = await stage(all, { maxAttempts: 4 });
    expect((await four.call()).status).toBe(200);
  });

  it('[B16] is not retried once the budget is spent', async () => {
    const { call, parts, requests } = await stage({ a: answers(503), b: answers(200) });
    // The budget recovers with time: on a busy machine enough of it during one call.
    const now = REAL_TIME.now();
    parts.time = { ...REAL_TIME, now: () => now };
    while (parts.budget.tryRetry(now));
    expect((await call()).status).toBe(503);
    expect(requests).toHaveLength(1);
  });

  it('[B15] lists the instances that were tried, with the reason of each failure', async () => {
    const { call, endpoints } = await stage({ a: answers(503), b: REFUSES, c: REFUSES });
    const [a, b, c] = endpoints.map(({ url }) => url);
    await expect(call()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      detail: `no answer from orders; tried a at ${a}: 503; b at ${b}: fetch failed: ECONNREFUSED; c at ${c}: fetch failed: ECONNREFUSED`,
      cause: expect.any(TypeError),
    });
    await expect(call('/', { method: 'POST' })).resolves.toMatchObject({ status: 503 });
  });

  it('[B15] reports that there is no instance', async () => {
    const { call } = await stage({});
    await expect(call()).rejects.toMatchObject({ code: 'UNAVAILABLE', detail: expect.stringContaining('orders') });
  });

  it('[B13] counts no failure for an invalid request', async () => {
    const { call, requests, outcomes } = await stage({ a: answers(200), b: answers(200) });
    await expect(call('/', { headers: { 'not a name': '1' } })).rejects.toThrow(TypeError);
    await expect(call('/', { method: 'GET', body: 'x' })).rejects.toThrow(TypeError);
    expect(requests).toEqual([]);
    expect(outcomes.filter((outcome) => outcome.endsWith('failure'))).toEqual([]);
  });
});

describe('a slow call', () => {
  it('[B14] is retried on the next instance when an attempt times out', async () => {
    const { call, outcomes } = await stage({ a: silent, b: answers(200) }, { attemptTimeoutMs: 500 });
    expect((await call()).status).toBe(200);
    expect(outcomes).toEqual(['a failure', 'b success']);
  });

  it('[B14] reports that no attempt was answered', async () => {
    const { call } = await stage({ a: silent, b: silent });
    await expect(call('/', { attemptTimeoutMs: 30 })).rejects.toThrow(
      /a at .*: no answer within 30 ms; b at .*: no answer/,
    );
  });

  it('[B14] has no timeout for the body after the headers have arrived', async () => {
    const slow: Handler = (_, response) => {
      response.write('be');
      setTimeout(() => response.end('gun'), 700);
    };
    const { call } = await stage({ a: slow }, { attemptTimeoutMs: 500 });
    expect(await (await call()).text()).toBe('begun');
  });

  it('[B14] is aborted with the reason of the caller, without a failure of the instance', async () => {
    const { call, requests, outcomes } = await stage({ a: silent, b: answers(200) }, { attemptTimeoutMs: 60_000 });
    const changeOfMind = new AbortController();
    const called = call('/', { signal: changeOfMind.signal });
    called.catch(() => {});
    await expect.poll(() => requests).toHaveLength(1);
    changeOfMind.abort(new RangeError('no longer needed'));
    await expect(called).rejects.toThrow('no longer needed');
    expect(requests).toHaveLength(1);
    expect(outcomes).toEqual(['a aborted']);
    const request = new Request('http://orders/', { signal: AbortSignal.abort(new RangeError('before')) });
    await expect(call(request)).rejects.toThrow('before');
  });

  it("[B14] counts as a failure when the caller's deadline passes", async () => {
    const { call, outcomes } = await stage({ a: silent, b: answers(200) });
    await expect(call('/', { signal: AbortSignal.timeout(40) })).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(outcomes).toEqual(['a failure']);
  });
});

describe('the first call', () => {
  it('[B5] waits for the first list', async () => {
    const { call, parts, endpoints } = await stage({ a: answers(200) });
    parts.balancer.endpoints = [];
    const ready = new Promise<void>((resolve) => setTimeout(resolve, 40)).then(() => {
      parts.balancer.endpoints = endpoints;
    });
    const time = new HandTime();
    Object.assign(parts, { first: { ready }, time });
    expect((await call()).status).toBe(200);
    expect(time.timers).toBe(0);
  });

  it('[B5] fails with the error of the registry, or when the caller aborts', async () => {
    const { call, parts } = await stage({ a: answers(200) });
    Object.assign(parts, { first: { ready: Promise.reject(new RangeError('no such token')) } });
    await expect(call()).rejects.toThrow('no such token');
    Object.assign(parts, { first: { ready: new Promise(() => {}) } });
    await expect(call('/', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(call('/', { signal: AbortSignal.abort(new RangeError('before')) })).rejects.toThrow('before');
  });

  it('[B5] waits for a limited time', async () => {
    const { call, parts } = await stage({ a: answers(200) });
    const error = new RollcallError('UNREACHABLE', 'connect ECONNREFUSED');
    const soon = { ...REAL_TIME, after: (ms: number, act: () => void) => REAL_TIME.after(ms / 100, act, true) };
    Object.assign(parts, { first: { ready: new Promise(() => {}), error }, time: soon });
    await expect(call()).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      detail: 'no list of orders from the registry yet: connect ECONNREFUSED',
      cause: error,
    });
  });
});
