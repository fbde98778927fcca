import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { type BoundWorker, startBoundWorker } from '../../test/programs/bound-worker';
import { type RunningRegistry, startRegistry } from '../../test/programs/registry';
import { temporaryFolder } from '../../test/programs/temporary-folder';
import { call } from '../../test/watch-proofs/registry-calls';

const PARIS = { latitude: '48.85', longitude: '2.35' };
const BERLIN = { latitude: '52.52', longitude: '13.41' };

async function startAll() {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const paris = await startGreeter(registry, 'greeter-paris', { latitude: 48.9, longitude: 2.4 });
  const berlin = await startGreeter(registry, 'greeter-berlin', { latitude: 52.5, longitude: 13.4 });
  return { registry, paris, berlin };
}

async function startGreeter(registry: RunningRegistry, id: string, location: object): Promise<Server> {
  const server = createServer((_, response) => response.end(`hello from ${id}`)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo; // `as`: it listens on TCP
  const path = `/groups/DEFAULT_GROUP/services/greeter/instances/${id}`;
  await call(registry, 'PUT', path, { address: '127.0.0.1', port, location, lease: { ttlMs: 600_000 } });
  return server;
}

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));

async function peer(worker: BoundWorker, cf?: object): Promise<string> {
  const answer = await worker.ask('/', cf);
  const text = (await answer.text()).trim();
  expect(text).toBe(answer.ok ? `hello from ${answer.headers.get('x-peer')}` : 'no greeter answers');
  return text;
}

it('[D5] calls the nearest greeter through the service binding, and another one after that has gone', async () => {
  const { registry, paris } = await startAll();
  const worker = await startBoundWorker(WORKER, registry);
  expect(await peer(worker, PARIS)).toBe('hello from greeter-paris');
  expect(await peer(worker, BERLIN)).toBe('hello from greeter-berlin');
  paris.close();
  paris.closeAllConnections();
  expect(await peer(worker, PARIS)).toBe('hello from greeter-berlin');
});

it('[D5, B18] uses the network when it has a URL, and its cached list while the registry is unreachable', async () => {
  const { registry } = await startAll();
  const worker = await startBoundWorker(WORKER, registry, { variables: { ROLLCALL_URL: registry.url } });
  expect(await peer(worker, PARIS)).toBe('hello from greeter-paris');
  await registry.stop();
  for (let request = 0; request < 5; request += 1) expect(await peer(worker, BERLIN)).toBe('hello from greeter-berlin');
  expect(worker.printed.filter((line) => /uncaught/i.test(line))).toEqual([]);
});
