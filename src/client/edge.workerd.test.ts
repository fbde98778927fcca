import { exports } from 'cloudflare:workers';
import { beforeAll, expect, it, vi } from 'vitest';
import { rollcallAdmin } from './admin';
import { edgeResolver } from './edge';
import { readCachedService } from './resolve/cached-service';
import { RegistryHttp } from './wire/registry-http';
import { REAL_TIME } from './wire/time';

/** The registry itself is on the other end of the binding: inside workerd, as it is deployed. */
const registry = {
  url: 'https://registry',
  token: 'test-root-token-0123456789abcdefghijklmnop',
  fetch: exports.default,
};
const admin = rollcallAdmin(registry);

const register = (service: string, id: string, more: object = {}) =>
  admin.registerInstance({ service, id, body: { address: '192.0.2.7', port: 80, lease: { ttlMs: 600_000 }, ...more } });

/** The first call loads the whole Worker: where the machine is busy that takes longer than a client waits. */
beforeAll(async () => {
  await (await exports.default.fetch('https://registry/health')).text();
});

it('[B1, B18] an isolate has the list that the registry resolves, and sends one request for many calls', async () => {
  await register('orders', 'a');
  await register('orders', 'b', { tags: ['blue'] });
  await register('orders', 'c', { status: 'out-of-service' });
  const fetched = vi.fn((url: string, init?: RequestInit) => exports.default.fetch(url, init));
  const orders = edgeResolver({ ...registry, fetch: fetched }, 'orders');
  const blue = edgeResolver(registry, 'DEFAULT_GROUP@@orders', { filter: { tag: 'blue' } });
  const lists = await Promise.all([orders.endpoints(), orders.endpoints(), orders.endpoints()]);
  expect(lists.map((list) => list.map(({ url }) => url))).toEqual(Array(3).fill(Array(2).fill('http://192.0.2.7:80')));
  expect((await blue.endpoints()).map(({ id }) => id)).toEqual(['b']);
  for (let call = 0; call < 10; call += 1) expect(['a', 'b']).toContain((await orders.pick())?.id);
  expect(fetched.mock.calls.map(([url]) => new URL(url).pathname.split('/').at(-1)).sort()).toEqual([
    'instances',
    'orders',
  ]);
  // A copy tells its age in whole seconds, and may be a second older.
  expect(orders.age).toBeGreaterThanOrEqual(1_000);
  expect(orders.age).toBeLessThan(10_000);
});

it('[B18] drains account for how long a list is cached', async () => {
  await register('kept', 'a');
  await edgeResolver(registry, 'kept', { maxAgeMs: 20_000 }).endpoints();
  const { blind, safeAfterMs } = await admin.drainInstance({ service: 'kept', id: 'a', wait: '0s' });
  expect(blind.cached).toBeGreaterThan(0);
  expect(safeAfterMs).toBeGreaterThan(15_000);
  expect(safeAfterMs).toBeLessThanOrEqual(20_000);
});

it('[B18] a list that has not changed keeps its identity', async () => {
  await register('same', 'a');
  const read = (known?: Awaited<ReturnType<typeof readCachedService>>) =>
    readCachedService(new RegistryHttp(registry), REAL_TIME, 'same', 0, known);
  const first = await read();
  const second = await read(first);
  expect(second.instances).toBe(first.instances);
  await register('same', 'b');
  const third = await read(second);
  expect(third.instances.map(({ id }) => id)).toEqual(['a', 'b']);
});

it('[B1] uses the protect threshold of the service, and has no instance for a service that does not exist', async () => {
  await admin.putService({ service: 'fragile', body: { protectThreshold: 0.9 } });
  await register('fragile', 'a');
  const fragile = await readCachedService(new RegistryHttp(registry), REAL_TIME, 'fragile', 0, undefined);
  expect(fragile.protectThreshold).toBe(0.9);
  expect(await edgeResolver(registry, 'missing').pick()).toBeUndefined();
});

it('[B20] reports the error of the registry', async () => {
  const denied = edgeResolver({ ...registry, token: 'x'.repeat(40) }, 'orders');
  await expect(denied.endpoints()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(denied.error?.code).toBe('UNAUTHENTICATED');
  expect(() => edgeResolver({ url: 'registry' }, 'orders')).toThrow('absolute');
});
