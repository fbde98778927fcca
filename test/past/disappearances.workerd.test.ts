import { env } from 'cloudflare:workers';
import { afterEach, expect, it, vi } from 'vitest';
import { serviceAt } from '../fixtures/home';
import { workerHome } from '../fixtures/worker-home';
import { imageOfStorage, putBackStorage } from '../fixtures/worker-storage';
import { FAR_AHEAD, passTime } from '../fixtures/worker-time';
import { disappearancesSuite, lastOf } from './disappearances-suite';

const home = workerHome();
const { ask } = home;
const A = `${serviceAt('orders')}/instances/a`;
const place = { address: '10.0.0.7', port: 8080 };

afterEach(() => void vi.useRealTimers());

disappearancesSuite(home);

it('[J8] an instance that disappeared expired', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: FAR_AHEAD });
  await ask('PUT', A, { ...place, lease: { ttlMs: 10_000 } });
  await passTime(() => env.NAMESPACES.getByName('public'), 11_000);
  expect(await lastOf(home)).toMatchObject({
    present: false,
    cause: 'expired',
    actor: 'registry',
    summary: expect.stringMatching(/^a is gone: its lease expired at .*; it was last renewed at /),
  });
});

it('[J8, U5] an instance that disappeared was lost in a restore, which the remaining history mentions', async () => {
  await ask('GET', `${serviceAt('orders')}/resolve`);
  const image = await imageOfStorage();
  await ask('PUT', A, place);
  await putBackStorage(image, 'restored');
  const { status, body } = await ask<{ code: string; detail: string }>('GET', `${A}/why`);
  expect([status, body.code]).toEqual([404, 'INSTANCE_NOT_FOUND']);
  expect(body.detail).toMatch(/; this namespace was restored at 20\S+Z, and may have lost it then$/);
});
