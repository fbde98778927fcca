import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../programs/temporary-folder';
import { put } from '../watch-proofs/registry-calls';
import type { Place } from '../watch-proofs/registry-socket';
import { until } from '../watch-proofs/until';
import { ServedRegistry } from './served-registry';

/** Descriptor limit, too low for all connections and files together. */
const DESCRIPTORS = 200;
const CONNECTIONS = 300;
const NAMESPACES = 30;

/** Requests a path as root. Returns status 0 if the connection is closed without an answer. */
async function ask({ url, rootToken }: Place, method: string, path: string, body?: object) {
  const headers = { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json', Connection: 'close' };
  const asked = fetch(url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
  return asked.then(
    async (answer) => ({ status: answer.status, text: await answer.text() }),
    () => ({ status: 0, text: '' }),
  );
}

/** Opens idle connections until no more are accepted. */
async function idleConnections({ url }: Place): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: CONNECTIONS }, () => connect({ host: hostname, port: Number(port) }));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  const settled = sockets.map((socket) => {
    socket.on('error', () => {});
    socket.resume();
    return Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => {});
  });
  await Promise.all(settled);
  return sockets;
}

it('[M23] nothing is lost while every descriptor is in use, and everything works again once some are free', async () => {
  const registry = await ServedRegistry.start(temporaryFolder(), { descriptors: DESCRIPTORS });
  const { pid } = registry;
  await put(registry, 'orders', 'a', 80);
  const instance = { address: '127.0.0.1', port: 80, ephemeral: false };
  const sockets = await idleConnections(registry);

  // Each opened namespace takes further descriptors. Without free ones a call is refused with advice to retry.
  const names = Array.from({ length: NAMESPACES }, (_, index) => `n-${index}`);
  const answers = await Promise.all(names.map((id) => ask(registry, 'POST', '/api/v1/ns', { id })));
  for (const { status, text } of answers) {
    expect([0, 200, 201, 503], text).toContain(status);
    expect(text).not.toContain('damaged');
  }
  for (const socket of sockets) socket.destroy();

  const pathOf = (id: string) => `/api/v1/ns/${id}/groups/DEFAULT_GROUP/services/orders/instances/a`;
  for (const id of names) {
    await until(`${id} is there`, async () => {
      const { status, text } = await ask(registry, 'POST', '/api/v1/ns', { id });
      expect(text).not.toContain('damaged');
      return status === 200 || status === 201;
    });
    await until(`${id} takes a registration`, async () => {
      const { status } = await ask(registry, 'PUT', pathOf(id), instance);
      return status === 200 || status === 201;
    });
  }
  await until('a second instance is there', async () => {
    const { status } = await ask(registry, 'PUT', pathOf('public').replace(/a$/, 'b'), instance);
    return status === 200 || status === 201;
  });
  for (const path of [pathOf('public'), ...names.map(pathOf)]) {
    await until(`${path} is found`, async () => (await ask(registry, 'GET', path)).status === 200);
  }
  expect(registry.pid, registry.printed).toBe(pid);
  expect((await ask(registry, 'GET', '/health')).status).toBe(200);
});
