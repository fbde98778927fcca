import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { rollcallAdmin } from '../../src/client/admin';
import type { RegisterOptions } from '../../src/client/wire/registration';
import { startRegistry } from '../programs/registry';
import { call, instancePath } from '../watch-proofs/registry-calls';
import { until } from '../watch-proofs/until';
import { ClientStage, recorded, WatchedList } from './client-stage';

/** Registrations over real connections that fail. */

const SERVICE = 'orders';
const TTL_MS = 3_000;
/** Delay that a busy machine may add to a timer. */
const NOISE_MS = 10_000;
const place = { service: SERVICE, address: '127.0.0.1', port: 80 };
const TRANSPORTS: RegisterOptions['transport'][] = ['socket', 'heartbeat'];

describe.each(TRANSPORTS)('a registration by %s', (transport) => {
  it('exists, changes, and is removed at once when it is released', async () => {
    const stage = await ClientStage.start();
    const registration = await stage
      .client()
      .register({ ...place, id: 'a', metadata: { x: '1', y: '2' } }, { transport });
    expect([registration.id, registration.service, registration.isHeld]).toEqual(['a', SERVICE, true]);
    await registration.update({ weight: 3, metadata: { x: null, z: '3' } });
    await registration.update({ tags: ['blue'] });
    expect(await call(stage.registry, 'GET', instancePath(SERVICE, 'a'))).toMatchObject({
      weight: 3,
      metadata: { y: '2', z: '3' },
      tags: ['blue'],
      available: true,
    });
    await registration.release();
    expect([registration.isHeld, await stage.healthy(SERVICE)]).toEqual([false, []]);
    await expect(registration.update({ weight: 1 })).rejects.toMatchObject({ code: 'CONFLICT' });
    await registration.release();
  });

  it('is refused with the code and the invalid members, and the previous state stays', async () => {
    const stage = await ClientStage.start();
    const client = stage.client();
    await expect(client.register({ ...place, port: 99_999 }, { transport })).rejects.toMatchObject({
      name: 'RollcallError',
      code: 'INVALID_REQUEST',
      errors: [{ path: expect.stringMatching(/port$/) }],
    });
    const registration = await client.register({ ...place, id: 'a' }, { transport });
    await expect(registration.update({ weight: -1 })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await registration.update({ tags: ['still'] });
    expect(await call(stage.registry, 'GET', instancePath(SERVICE, 'a'))).toMatchObject({ weight: 1, tags: ['still'] });
  });

  it('survives cuts, resets and the death of the registry without an event', async () => {
    const stage = await ClientStage.start();
    const { types, onEvent } = recorded();
    // A killed registry has to be back before that, even on a busy machine.
    const ttlMs = 25_000;
    const registration = await stage.client().register({ ...place, lease: { ttlMs } }, { transport, onEvent });
    const revision = await stage.revision();
    for (const break_ of [
      () => stage.proxy.cut(),
      () => stage.proxy.reset(),
      () => stage.registry.kill('SIGKILL'),
      () => stage.registry.kill('SIGKILL'),
    ]) {
      await break_();
      await sleep(1_000);
    }
    // Without a renewal it would have expired by now.
    await sleep(ttlMs);
    expect(await stage.healthy(SERVICE)).toEqual([registration.id]);
    expect(types.filter((type) => type !== 'trouble')).toEqual(['registered']);
    // The registry's restart is not a change, either.
    expect(await stage.revision()).toBe(revision);
  });

  it('is lost by its own clock when the network is down, and registered again when it is up', async () => {
    const stage = await ClientStage.start();
    const { types, onEvent } = recorded();
    const registration = await stage.client().register({ ...place, lease: { ttlMs: TTL_MS } }, { transport, onEvent });
    const { lost } = registration;
    const from = performance.now();
    stage.proxy.deafen();
    await lost;
    const took = performance.now() - from;
    expect(registration.isHeld).toBe(false);
    // Its last renewal was up to a third of its time to live earlier.
    expect(took).toBeGreaterThan(TTL_MS / 2);
    expect(took).toBeLessThan(TTL_MS + NOISE_MS);
    await until('the registry has removed it too', async () => (await stage.healthy(SERVICE)).length === 0);
    stage.proxy.heal();
    stage.proxy.cut();
    await until('it is registered again', () => registration.isHeld);
    expect(await stage.healthy(SERVICE)).toEqual([registration.id]);
    expect(types.filter((type) => type !== 'trouble')).toEqual(['registered', 'lost', 'registered']);
    expect(registration.lost).not.toBe(lost);
  });

  it('applies a change that was made while the registry was down', async () => {
    const stage = await ClientStage.start();
    const registration = await stage.client().register({ ...place, id: 'a' }, { transport });
    stage.proxy.refuse();
    const updated = registration.update({ weight: 7 });
    await sleep(1_500);
    stage.proxy.heal();
    await updated;
    expect(await call(stage.registry, 'GET', instancePath(SERVICE, 'a'))).toMatchObject({ weight: 7 });
  });

  it('waits for an unreachable registry, unless its caller aborts', async () => {
    const stage = await ClientStage.start();
    const client = stage.client();
    stage.proxy.refuse();
    const abort = new AbortController();
    const impatient = client.register({ ...place, id: 'b' }, { transport, signal: abort.signal });
    const patient = client.register({ ...place, id: 'a' }, { transport });
    await sleep(500);
    abort.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    stage.proxy.heal();
    await patient;
    expect(await stage.healthy(SERVICE)).toEqual(['a']);
  });

  it('that is drained receives no traffic, and stays drained while its process lives', async () => {
    const stage = await ClientStage.start();
    const registration = await stage.client().register({ ...place, lease: { ttlMs: TTL_MS } }, { transport });
    expect(await registration.drain({ waitMs: 1_000 })).toMatchObject({ drained: true });
    await until('it is removed', async () => (await stage.healthy(SERVICE)).length === 0);
    await stage.registry.kill('SIGKILL');
    await sleep(TTL_MS);
    expect(await stage.healthy(SERVICE)).toEqual([]);
    await registration.release();
  });
});

it('heartbeats register again an instance that the registry has lost', async () => {
  const stage = await ClientStage.start();
  const { types, onEvent } = recorded();
  const options = { transport: 'heartbeat', onEvent } as const;
  await stage.client().register({ ...place, id: 'a', lease: { ttlMs: TTL_MS } }, options);
  await call(stage.registry, 'DELETE', instancePath(SERVICE, 'a'));
  await until('both events have arrived', () => types.length === 3);
  expect([types, await stage.healthy(SERVICE)]).toEqual([['registered', 'lost', 'registered'], ['a']]);
});

it('a hundred registrations of one client share one socket and one session', async () => {
  const stage = await ClientStage.start();
  const client = stage.client();
  const ids = Array.from({ length: 100 }, (_, index) => `i${String(index).padStart(2, '0')}`);
  const registrations = await Promise.all(ids.map((id) => client.register({ ...place, id })));
  expect(await stage.healthy(SERVICE)).toEqual(ids);
  expect(stage.proxy.connections).toBe(1);
  const { leases, sockets } = await call<{ leases: number; sockets: number }>(stage.registry, 'GET', '/stats');
  expect([leases, sockets]).toEqual([1, 1]);
  await registrations[0]?.release();
  expect(await stage.healthy(SERVICE)).toEqual(ids.slice(1));
  await client.close();
  expect(await stage.healthy(SERVICE)).toEqual([]);
});

it('one refused registration does not affect the others of its client', async () => {
  const stage = await ClientStage.start();
  const client = stage.client();
  const ports = [1, 2, 99_999, 3];
  const outcomes = await Promise.allSettled(ports.map((port) => client.register({ ...place, id: `i${port}`, port })));
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(await stage.healthy(SERVICE)).toEqual(['i1', 'i2', 'i3']);
});

it('a session that expired is opened again, with all its registrations, as one revision', async () => {
  const stage = await ClientStage.start();
  const client = stage.client();
  const watcher = new WatchedList();
  const watch = rollcallWatch(stage);
  const reading = watcher.read(watch);
  await Promise.all(['a', 'b', 'c'].map((id) => client.register({ ...place, id, lease: { ttlMs: TTL_MS } })));
  stage.proxy.refuse();
  await until('all are removed', () => watcher.changes.filter((changes) => changes.startsWith('delete')).length === 3);
  const before = await stage.revision();
  stage.proxy.heal();
  await until('all are registered again', async () => (await stage.healthy(SERVICE)).length === 3);
  expect(await stage.revision()).toBe(before + 1);
  watch.close();
  await reading;
});

it('falls back to heartbeats if no socket opens although the registry answers', async () => {
  const stage = await ClientStage.start();
  const NoSocket = class {
    constructor() {
      throw new SyntaxError('sockets are forbidden here');
    }
    send(): void {}
    close(): void {}
    addEventListener(): void {}
  };
  const registration = await stage.client({ WebSocket: NoSocket }).register({ ...place, lease: { ttlMs: TTL_MS } });
  await sleep(2 * TTL_MS);
  expect([registration.isHeld, await stage.healthy(SERVICE)]).toEqual([true, [registration.id]]);
  expect(await call(stage.registry, 'GET', '/stats')).toMatchObject({ sockets: 0, leases: 1 });
});

it('derives ids like the registry, and distinguishes each run of a process from the previous one', async () => {
  const stage = await ClientStage.start();
  const admin = rollcallAdmin({ url: stage.registry.url, token: stage.registry.rootToken });
  const { instances } = await register(stage, admin);
  const again = await register(stage, admin);
  expect(instances.map(({ id }) => id)).toEqual(['127.0.0.1:80']);
  expect(instances[0]?.incarnation).toMatch(/^\w{8,}$/);
  expect(again.instances[0]?.incarnation).not.toBe(instances[0]?.incarnation);
});

it('survives a deploy, when another workerd replaces the previous one', async () => {
  const stage = await ClientStage.start();
  const { types, onEvent } = recorded();
  const { data, url } = stage.registry;
  // A registry takes up to five seconds to stop while connections are open.
  const ttlMs = 9_000;
  await stage.client().register({ ...place, lease: { ttlMs } }, { onEvent });
  const before = await stage.revision();
  await stage.registry.stop();
  const next = await startRegistry({ data, port: Number(new URL(url).port) });
  onTestFinished(() => next.stop());
  await sleep(ttlMs);
  expect(await stage.healthy(SERVICE)).toEqual(['127.0.0.1:80']);
  expect(types.filter((type) => type !== 'trouble')).toEqual(['registered']);
  expect(await stage.revision()).toBe(before);
});

/** Opens a watch without a proxy. */
function rollcallWatch(stage: ClientStage) {
  return stage.client({ url: stage.registry.url }).watch({ services: [SERVICE] });
}

async function register(stage: ClientStage, admin: ReturnType<typeof rollcallAdmin>) {
  const client = stage.client();
  await client.register(place);
  return admin.listInstances({ service: SERVICE });
}
