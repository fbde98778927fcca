import { evictDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { readJsonText } from '../../model/json';
import { remoteNamespace } from './remote-namespace';

it('[G7] what a namespace counted outlives its sleep, and its wakes are counted', async () => {
  const stub = () => env.NAMESPACES.getByName('counting');
  await stub().configure({ retention: {}, limits: {} });
  const api = remoteNamespace(stub);
  const sinceStart = async () => readJsonText((await api.stats()).body).sinceStart;
  const before = await sinceStart();
  await evictDurableObject(stub());
  const after = await sinceStart();
  expect(after.wakes).toBe(before.wakes + 1);
  expect(after.requests).toBe(before.requests + 1);
  expect(after.startedAt).toBe(before.startedAt);
  expect(Date.parse(after.wokeAt)).toBeGreaterThanOrEqual(Date.parse(before.wokeAt));
});
