import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { REAL_TIME } from '../wire/time';
import { balancedFetch, type FetchOptions } from './balanced-fetch';
import { Balancer, RetryBudget } from './balancer';
import { powerOfTwo } from './power-of-two';

/** The runtime's own requests and bodies, which differ from Node's; what a call does is tested there. */
function stage(answer: NonNullable<FetchOptions['fetch']>) {
  const balancer = new Balancer({ selector: powerOfTwo(), ejection: undefined, time: REAL_TIME });
  balancer.endpoints = ['a', 'b', 'c'].map((id) => ({ id, url: `http://${id}.example`, instance: clientInstance(id) }));
  const parts = { service: 'orders', first: undefined, balancer, budget: new RetryBudget(), time: REAL_TIME };
  return (input: string | URL | Request, init: Parameters<typeof balancedFetch>[3] = {}) =>
    balancedFetch(parts, { fetch: answer, attemptTimeoutMs: 1_000 }, input, init);
}

/** Answers 503 twice, and then what it was asked. */
function third(): NonNullable<FetchOptions['fetch']> {
  let calls = 0;
  return async (request) => {
    calls += 1;
    const body = await request.text();
    const { pathname, search } = new URL(request.url);
    if (calls < 3) return new Response('not now', { status: 503 });
    return new Response([calls, request.method, pathname + search, request.headers.get('x-one'), body].join(' '));
  };
}

describe('a call in a Worker', () => {
  it('[B13] is retried with everything that it was given', async () => {
    const init = { method: 'PUT', headers: { 'x-one': '1' }, body: 'seven', key: 'k' };
    expect(await (await stage(third())('/orders/7?x=1', init)).text()).toBe('3 PUT /orders/7?x=1 1 seven');
    const request = new Request('http://orders/7', { headers: { 'x-one': '1' } });
    expect(await (await stage(third())(request)).text()).toBe('3 GET /7 1 ');
  });

  it('[B13] is not retried if its body is a stream', async () => {
    const bodies: (() => RequestInit)[] = [
      () => ({ method: 'PUT', body: new Blob(['seven']).stream() }),
      () => ({ method: 'PUT', body: new Request('http://x/', { method: 'PUT', body: 'seven' }).body }),
    ];
    for (const init of bodies) expect((await stage(third())('/', init())).status).toBe(503);
    const request = new Request('http://orders/7', { method: 'PUT', body: 'seven' });
    expect((await stage(third())(request)).status).toBe(503);
  });

  it('[B14] respects a signal, and its own timeout', async () => {
    const never = () =>
      stage(
        (request) =>
          new Promise((_, reject) => {
            request.signal.addEventListener('abort', () => reject(request.signal.reason));
          }),
      );
    await expect(never()('/', { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({ name: 'TimeoutError' });
    await expect(never()('/', { attemptTimeoutMs: 20 })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
