import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { HandTime } from '../../../test/fixtures/hand-time';
import type { Instance } from '../wire/instance';
import type { CachedService } from './edge-list';
import { type EdgeChoice, EdgeResolver, type EdgeResolverOptions } from './edge-resolver';

const PARIS = { latitude: 48.9, longitude: 2.4 };
const BERLIN = { latitude: 52.5, longitude: 13.4 };

/** A resolver of those that `service` says at each time. */
function stage(service: { instances: Instance[]; protectThreshold?: number }, options: EdgeResolverOptions = {}) {
  const time = new HandTime();
  const asked: number[] = [];
  const ask = async (maxAgeMs: number): Promise<CachedService> => {
    asked.push(maxAgeMs);
    return { protectThreshold: 0, etag: undefined, currentAt: time.now(), ...service };
  };
  const resolver = new EdgeResolver('orders', options, { ask, outages: { report: () => {} }, time });
  const ids = async () => (await resolver.endpoints()).map(({ id }) => id).join(' ');
  return { time, asked, resolver, ids };
}

const instance = (id: string, more: Partial<Instance> = {}) => clientInstance(id, { address: id, ...more });
const down: Partial<Instance> = { healthy: false, available: false };

/** A request as the platform gives it to a Worker. */
const requestFrom = (cf: object | undefined) => Object.assign(new Request('http://x/'), { cf });

describe('a resolver of an isolate', () => {
  it('[B18] returns the available instances from memory, with the age of the list', async () => {
    const { time, asked, resolver, ids } = stage({ instances: [instance('b'), instance('a'), instance('c', down)] });
    expect([await ids(), resolver.age]).toEqual(['a b', 0]);
    time.advance(3_000);
    expect([await ids(), resolver.age]).toEqual(['a b', 3_000]);
    expect(asked).toEqual([10_000]);
    expect(await resolver.endpoints()).toBe(await resolver.endpoints());
  });

  it('[B1] filters and protects like any other resolver', async () => {
    const instances = [instance('a', { tags: ['x'] }), instance('b', { tags: ['x'], ...down }), instance('c')];
    const { resolver, ids } = stage({ instances, protectThreshold: 0.6 }, { filter: { tag: 'x' } });
    expect([await ids(), resolver.isProtected]).toEqual(['a b', true]);
  });

  it('[B9] chooses the nearest to each request, and any if its place is unknown', async () => {
    const instances = [instance('paris', { location: PARIS }), instance('berlin', { location: BERLIN })];
    const { resolver } = stage({ instances });
    const picked = async (near: EdgeChoice['near']) => {
      const ids = new Set<string | undefined>();
      for (let call = 0; call < 20; call += 1) ids.add((await resolver.pick({ near }))?.id);
      return [...ids].sort().join(' ');
    };
    expect(await picked(requestFrom({ latitude: '48.85', longitude: '2.35' }))).toBe('paris');
    expect(await picked(requestFrom({ latitude: '52.52', longitude: '13.41' }))).toBe('berlin');
    expect(await picked(BERLIN)).toBe('berlin');
    for (const unknown of [undefined, {}, { latitude: '', longitude: '2' }, { latitude: 'x', longitude: '2' }]) {
      expect(await picked(requestFrom(unknown))).toBe('berlin paris');
    }
    const picker = await resolver.picker({ near: PARIS });
    expect([picker.next(), picker.next(), picker.next()].map((attempt) => attempt?.endpoint.id)).toEqual([
      'paris',
      'berlin',
      undefined,
    ]);
  });

  it('[B12, B13] retries on another instance, and ejects failing ones across the requests of the isolate', async () => {
    const calls: string[] = [];
    const fetch = async ({ url }: Request) => {
      calls.push(url);
      return new Response(url, { status: url.includes('bad') ? 503 : 200 });
    };
    const instances = [instance('bad', { location: PARIS }), instance('good', { location: BERLIN })];
    const { resolver } = stage({ instances }, { fetch });
    for (let call = 0; call < 7; call += 1) {
      const answer = await resolver.fetch('/orders/7?x=1', { near: PARIS });
      expect(await answer.text()).toBe('http://good:8080/orders/7?x=1');
    }
    expect(calls.filter((url) => url.includes('bad'))).toHaveLength(5);
  });
});
