import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../test/fixtures/nacos-stage';
import { RegistryError } from '../../model/errors';
import { POLLER_LINGER_MS } from '../../model/limits';
import type { NamespaceIntervals } from '../../model/namespace';
import type { NamespaceApi } from '../../model/namespace-api';

const INSTANCE = '/nacos/v1/ns/instance';
const PLACE = 'serviceName=orders&ip=10.0.0.7&port=8080';
const USUAL = { ttlMs: 15_000, removeAfterMs: 30_000, intervalMs: 5_000 };
const LONGER = { ttlMs: 45_000, removeAfterMs: 90_000, intervalMs: 15_000 };

function stage(intervals: NamespaceIntervals = {}) {
  const nacos = new NacosStage();
  const { settings } = nacos.namespace.state;
  const set = (more: NamespaceIntervals) => settings.replace({ retention: {}, limits: {}, intervals: more });
  set(intervals);
  const register = (more = '') => nacos.send('POST', `${INSTANCE}?${PLACE}${more}`);
  const beat = async (): Promise<number> => {
    // `as`: what is missing fails the test that looks for it.
    const answer = (await nacos.json('PUT', `${INSTANCE}/beat?${PLACE}`)) as { clientBeatInterval: number };
    return answer.clientBeatInterval;
  };
  const cacheMillis = async () =>
    ((await nacos.read(`${INSTANCE}/list?serviceName=orders`)) as { cacheMillis: number }).cacheMillis; // `as`: as above
  const lease = async () => {
    const { body } = await nacos.namespace.api.listInstances({ group: 'DEFAULT_GROUP', service: 'orders', filter: {} });
    return (JSON.parse(body ?? '') as { instances: { lease: object }[] }).instances[0]?.lease; // `as`: as above
  };
  return { nacos, set, register, beat, cacheMillis, lease };
}

describe('the intervals of a namespace', () => {
  it('[Y24] reach pollers with the first poll after a second', async () => {
    const { nacos, set, cacheMillis } = stage();
    expect(await cacheMillis()).toBe(3_000);
    set({ nacosPollMs: 10_000 });
    await nacos.namespace.pass(1_000);
    expect(await cacheMillis()).toBe(10_000);
    set({});
    await nacos.namespace.pass(1_000);
    expect(await cacheMillis()).toBe(3_000);
  });

  it('[Y24] give a new instance a lease of three heartbeats, and removal after six', async () => {
    const { register, beat, lease } = stage({ nacosBeatMs: 15_000 });
    await register();
    expect(await lease()).toEqual(LONGER);
    expect(await beat()).toBe(15_000);
  });

  it.each([1_000, 5_000])('[Y24] leave the lease unchanged with a heartbeat every %d ms', async (nacosBeatMs) => {
    const { register, beat, lease } = stage({ nacosBeatMs });
    await register();
    expect([await lease(), await beat()]).toEqual([{ ...USUAL, intervalMs: nacosBeatMs }, nacosBeatMs]);
  });

  it('[Y24] reach instances with a heartbeat, together with their lease and never before it, in both directions', async () => {
    const { nacos, set, register, beat, lease } = stage();
    await register();
    expect(await beat()).toBe(5_000);
    set({ nacosBeatMs: 15_000 });
    await nacos.namespace.pass(14_000);
    expect(await beat()).toBe(5_000);
    await nacos.namespace.pass(14_000);
    expect([await beat(), await lease()]).toEqual([5_000, USUAL]);
    await nacos.namespace.pass(2_000);
    expect([await beat(), await lease()]).toEqual([15_000, LONGER]);
    await nacos.namespace.pass(40_000);
    expect(await nacos.hosts(`${INSTANCE}/list?serviceName=orders`)).toMatchObject([{ healthy: true }]);
    set({});
    await beat();
    await nacos.namespace.pass(30_000);
    expect([await beat(), await lease()]).toEqual([5_000, USUAL]);
  });

  it('[Y24] change no instance that sets a time in its metadata, and none of another door', async () => {
    const { nacos, register, beat, lease } = stage({ nacosBeatMs: 15_000 });
    const metadata = encodeURIComponent('{"preserved.heart.beat.interval":"5000"}');
    await register(`&metadata=${metadata}`);
    expect([await beat(), await lease()]).toEqual([5_000, USUAL]);
    const native = { ttlMs: 20_000, removeAfterMs: 20_000, intervalMs: 4_000 };
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/10.0.0.7:8080';
    await nacos.app.ask('PUT', path, { address: '10.0.0.7', port: 8080, lease: native });
    expect([await beat(), await lease()]).toEqual([4_000, native]);
  });

  it('[Y24] leave an instance unchanged if they can’t be read', async () => {
    const { nacos, register, beat, lease } = stage({ nacosBeatMs: 15_000 });
    const refuse: NamespaceApi['changedServices'] = () => Promise.reject(new RegistryError('UNAVAILABLE', 'not now'));
    Object.assign(nacos.namespace.registry, { changedServices: refuse });
    await register();
    expect([await beat(), await lease()]).toEqual([5_000, USUAL]);
  });

  it('[Y24] keep a poller among the subscribers for as long as it may take to return', async () => {
    const { nacos } = stage({ nacosPollMs: 30_000 });
    await nacos.read(`${INSTANCE}/list?serviceName=orders&clientIP=10.0.1.1&udpPort=5000`);
    const subscribers = () => nacos.read('/nacos/v1/ns/service/subscribers?serviceName=orders');
    await nacos.namespace.pass(POLLER_LINGER_MS + 50_000);
    expect(await subscribers()).toMatchObject({ subscribers: [{ ip: '10.0.1.1' }] });
    await nacos.namespace.pass(2_000);
    expect(await subscribers()).toMatchObject({ subscribers: [] });
  });

  it('[Y24] count in what a drain reports about readers it doesn’t know', async () => {
    const { nacos, register } = stage({ nacosPollMs: 30_000 });
    await register();
    await nacos.read(`${INSTANCE}/list?serviceName=orders`);
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/10.0.0.7:8080/drain?wait=0s';
    expect(await (await nacos.app.ask('POST', path)).json()).toMatchObject({ safeAfterMs: 31_000 });
  });
});
