import { listDurableObjectIds } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import { serviceAt } from '../fixtures/home';
import { workerHome } from '../fixtures/worker-home';
import { nativeApiSuite } from './native-api-suite';

const home = workerHome();
const { ask, send } = home;
const ORDERS = serviceAt('orders');
const place = { address: '10.0.0.7', port: 8080 };

nativeApiSuite(home);

it('[H6] the registry creates no object for an unknown namespace', async () => {
  const made = async () => (await listDurableObjectIds(env.NAMESPACES)).map(String);
  const before = await made();
  expect((await ask('GET', '/api/v1/ns/other/services')).status).toBe(404);
  expect((await ask('PUT', '/api/v1/ns/other/groups/g/services/s/instances/a', place)).status).toBe(404);
  expect((await ask('GET', '/health')).status).toBe(200);
  expect((await send('GET', `${ORDERS}/resolve`)).status).toBe(401);
  expect((await ask('PUT', `${ORDERS}/instances/a`, {})).status).toBe(400);
  expect(await made()).not.toContain(env.NAMESPACES.idFromName('other').toString());
  await ask('GET', `${ORDERS}/resolve`);
  // Test files share a process: the ids of other files' objects stay listed after their storage is deleted.
  const home = env.NAMESPACES.idFromName('public').toString();
  expect(await made()).toContain(home);
  expect((await made()).filter((id) => id !== home && !before.includes(id))).toEqual([]);
});

it('[H8] the metrics of the default namespace count its contents', async () => {
  await ask('PUT', `${ORDERS}/instances/a`, place);
  await ask('POST', `${ORDERS}/instances/a/heartbeat`);
  const { body } = await ask<string>('GET', '/metrics');
  expect(body).toContain('rollcall_instances{namespace="public"} 1\n');
  // The counters are global to the process, in which other tests also renew.
  expect(body).toMatch(/^rollcall_renewals_total\{namespace="public"\} [1-9]\d*$/m);
});
