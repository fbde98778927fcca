import { describe, expect, it } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { turn } from '../../../test/fixtures/turns';
import { RegistryHttp } from '../wire/registry-http';
import { Heartbeats } from './heartbeats';
import { Holding } from './holding';

const LEASE = { ttlMs: 9_000, removeAfterMs: 9_000, intervalMs: 3_000 };

/** A registry of one route after the other: what it answers is what was put here last. */
function stage() {
  const time = new HandTime();
  time.random = () => 0.5;
  const asked: { method: string; path: string; body: unknown; signal: AbortSignal | null | undefined }[] = [];
  const world = { answer: () => Response.json({ lease: LEASE }) as Response | Promise<Response> };
  const http = new RegistryHttp({
    url: 'http://registry.example',
    fetch: async (url, { method = '', body, signal } = {}) => {
      asked.push({
        method,
        path: new URL(url).pathname,
        body: typeof body === 'string' ? JSON.parse(body) : undefined,
        signal,
      });
      const aborted = new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
      return Promise.race([world.answer(), aborted]);
    },
  });
  const events: string[] = [];
  const definition = { service: 'orders', group: 'g', id: 'a', address: '10.0.0.7', port: 80, incarnation: 'run1' };
  const holding = new Holding(definition, time, ({ type }) => events.push(type));
  const heartbeats = new Heartbeats(http, time);
  /** Lets time pass, and what is due come to its end. */
  const pass = async (ms: number) => {
    time.advance(ms);
    await turn();
  };
  const takeAsked = () => asked.splice(0).map(({ method, path }) => `${method} ${path.split('/instances/')[1]}`);
  return { time, world, asked, takeAsked, events, holding, heartbeats, pass };
}

const refusing =
  (code: string, status: number, headers = {}) =>
  () =>
    Response.json({ code, detail: code }, { status, headers });

describe('heartbeats', () => {
  it('register first, then renew at the interval of the registry, with jitter', async () => {
    const { time, holding, heartbeats, pass, asked, takeAsked } = stage();
    const settled = holding.settled();
    heartbeats.keep(holding);
    await settled;
    expect(asked[0]).toMatchObject({ method: 'PUT', body: { address: '10.0.0.7', port: 80, incarnation: 'run1' } });
    expect(asked[0]?.path).toBe('/api/v1/ns/public/groups/g/services/orders/instances/a');
    expect(Object.keys(asked[0]?.body ?? {})).not.toContain('id');
    await pass(0);
    takeAsked();
    // Nine tenths of the interval, and half of the last tenth.
    await pass(2_849);
    expect(takeAsked()).toEqual([]);
    await pass(1);
    expect(takeAsked()).toEqual(['POST a/heartbeat']);
    time.random = () => 0;
    await pass(2_850);
    await pass(2_700);
    expect(takeAsked()).toEqual(['POST a/heartbeat', 'POST a/heartbeat']);
    expect(holding.guard.isHeld).toBe(true);
  });

  it('register again immediately if the registry does not know the instance', async () => {
    const { world, holding, heartbeats, pass, takeAsked, events } = stage();
    heartbeats.keep(holding);
    await pass(0);
    takeAsked();
    world.answer = () => {
      world.answer = () => Response.json({ lease: LEASE });
      return refusing('INSTANCE_NOT_FOUND', 404)();
    };
    await pass(3_000);
    await pass(0);
    expect([takeAsked(), events]).toEqual([
      ['POST a/heartbeat', 'PUT a'],
      ['registered', 'lost', 'registered'],
    ]);
  });

  it('do not register an instance again that is being released', async () => {
    const { world, holding, heartbeats, pass, takeAsked } = stage();
    heartbeats.keep(holding);
    await pass(0);
    holding.isLeaving = true;
    world.answer = refusing('INSTANCE_NOT_FOUND', 404);
    await pass(3_000);
    await pass(3_000);
    expect(takeAsked()).toEqual(['PUT a', 'POST a/heartbeat']);
  });

  it('retry sooner than at their interval during an outage, and the lease expires by the clock', async () => {
    const { world, holding, heartbeats, pass, takeAsked, events } = stage();
    heartbeats.keep(holding);
    await pass(0);
    takeAsked();
    world.answer = () => Promise.reject(new TypeError('fetch failed'));
    await pass(2_850);
    expect(takeAsked()).toHaveLength(1);
    // Half of a second, of one and a half at most.
    await pass(500);
    await pass(750);
    await pass(750);
    expect(takeAsked()).toHaveLength(3);
    expect(holding.guard.isHeld).toBe(true);
    for (let count = 0; count < 10; count++) await pass(750);
    expect([holding.guard.isHeld, events.filter((type) => type === 'lost')]).toEqual([false, ['lost']]);
    world.answer = () => Response.json({ lease: LEASE });
    await pass(750);
    expect(holding.guard.isHeld).toBe(true);
  });

  it('wait as long as Retry-After says', async () => {
    const { world, holding, heartbeats, pass, takeAsked } = stage();
    world.answer = refusing('UNAVAILABLE', 503, { 'retry-after': '4' });
    heartbeats.keep(holding);
    await pass(0);
    await pass(3_999);
    expect(takeAsked()).toEqual(['PUT a']);
    await pass(1);
    expect(takeAsked()).toEqual(['PUT a']);
  });

  it('revert a refused change, and continue', async () => {
    const { world, holding, heartbeats, pass, takeAsked } = stage();
    heartbeats.keep(holding);
    await pass(0);
    world.answer = refusing('INVALID_REQUEST', 400);
    holding.change({ weight: -1 });
    const settled = holding.settled();
    settled.catch(() => {});
    heartbeats.changed(holding);
    await pass(0);
    await expect(settled).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    world.answer = () => Response.json({ lease: LEASE });
    takeAsked();
    await pass(3_000);
    expect([takeAsked(), holding.definition.weight]).toEqual([['POST a/heartbeat'], undefined]);
  });

  it('send a change made during another one right after it', async () => {
    const { world, holding, heartbeats, pass, asked } = stage();
    world.answer = () => {
      holding.change({ weight: 2 });
      heartbeats.changed(holding);
      world.answer = () => Response.json({ lease: LEASE });
      return world.answer();
    };
    heartbeats.keep(holding);
    await pass(0);
    await pass(0);
    expect(asked.map(({ method, body }) => `${method} ${JSON.stringify(body)}`)).toEqual([
      expect.not.stringContaining('weight'),
      expect.stringContaining('"weight":2'),
    ]);
  });

  it('stop when the registration is dropped, and abort a request in progress', async () => {
    const { time, world, holding, heartbeats, pass, asked, takeAsked, events } = stage();
    world.answer = () => new Promise<Response>(() => {});
    heartbeats.keep(holding);
    await pass(0);
    heartbeats.drop(holding);
    expect(asked[0]?.signal?.aborted).toBe(true);
    await pass(100_000);
    expect([takeAsked(), events, time.timers]).toEqual([['PUT a'], [], 0]);
  });
});
