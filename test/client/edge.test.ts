import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startBoundWorker } from '../programs/bound-worker';
import { temporaryFolder } from '../programs/temporary-folder';

/** An isolate's list on plain workerd, where a call ends with its request. */

const WORKER = `
import { env } from 'cloudflare:workers';
import { edgeResolver } from 'rollcall/client/edge';
const orders = edgeResolver({ url: 'https://registry', fetch: env.ROLLCALL }, 'orders');
export default {
  async fetch() {
    return new Response((await orders.endpoints()).length + ' endpoints');
  },
};
`;

it('[B19] a lookup that was cut off with its request blocks no other request', async () => {
  let silent = true;
  let asked = 0;
  const registry = createServer((request, response) => {
    asked += 1;
    if (silent) return;
    const isList = request.url?.includes('/instances');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(isList ? { instances: [] } : { protectThreshold: 0 }));
  }).listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => {
    registry.close();
    registry.closeAllConnections();
  });
  const { port } = registry.address() as AddressInfo; // `as`: it listens on TCP
  const entry = join(temporaryFolder(), 'worker.js');
  writeFileSync(entry, WORKER);
  const worker = await startBoundWorker(entry, { url: `http://127.0.0.1:${port}`, rootToken: 'none' });

  const gaveUp = new AbortController();
  const first = worker.ask('/', {}, gaveUp.signal);
  first.catch(() => {});
  await expect.poll(() => asked).toBe(2);
  gaveUp.abort();
  silent = false;
  // The other request's call is followed for two seconds; its own is answered at once. That call never ends.
  const began = Date.now();
  expect(await (await worker.ask('/')).text()).toBe('0 endpoints');
  expect(Date.now() - began).toBeLessThan(15_000);
  expect(asked).toBe(4);
  await worker.ask('/');
  expect(asked).toBe(4);
});
