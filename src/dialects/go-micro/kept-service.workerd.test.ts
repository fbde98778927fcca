import { evictDurableObject, reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, expect, it } from 'vitest';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { ask, send } from '../../../test/fixtures/worker-client';
import { EXTENSIONS_MAX_BYTES } from '../../model/limits';

afterEach(async () => {
  await reset();
});

it('[X10] a go-micro service of many endpoints comes back from the whole Worker, though the namespace sleeps', async () => {
  const values = Array.from({ length: 20 }, (_, index) => ({ name: `member${index}`, type: 'string', values: [] }));
  const body = { name: 'Body', type: 'Body', values };
  const endpoints = Array.from({ length: 40 }, (_, index) => {
    return { name: `Orders.Method${index}`, request: body, response: body, metadata: {} };
  });
  expect(JSON.stringify(endpoints).length).toBeGreaterThan(8 * EXTENSIONS_MAX_BYTES);
  const nodes = ['a', 'b'].map((id) => ({ id, address: '10.0.0.5:1', metadata: {} }));
  const service = { name: 'orders', version: '1', metadata: {}, endpoints, nodes };
  expect((await ask('POST', '/registry', service)).status).toBe(200);
  const read = async () => {
    const headers = { authorization: `Bearer ${ROOT_TOKEN}` };
    return (await send('GET', '/registry?service=orders', { headers })).json();
  };
  expect(await read()).toEqual([service]);
  await evictDurableObject(env.NAMESPACES.getByName('public'));
  expect(await read()).toEqual([service]);
});
