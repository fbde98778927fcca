import { abortAllDurableObjects, evictDurableObject, reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { ask, send } from '../../../test/fixtures/worker-client';
import { tokenFor } from '../../../test/fixtures/worker-directory';
import type { Result } from './wire';

/** go-micro watches on the whole Worker: client's WebSocket, Worker, sleeping socket, Durable Object, SQLite. */

const root = { authorization: `Bearer ${ROOT_TOKEN}` };
const upgrade = { upgrade: 'websocket' };
const node = (id: string) => ({ id, address: '10.0.0.5:1', metadata: null });
const post = (ids: string[], more: object = {}) =>
  ask('POST', '/registry', { name: 'greeter', version: '1', nodes: ids.map(node), ...more });
const sleep = () => evictDurableObject(env.NAMESPACES.getByName('public'));

/** A client that reads whatever comes. */
class Watcher {
  readonly told: string[] = [];
  readonly results: Result[] = [];
  code: number | undefined;

  constructor(readonly socket: WebSocket) {
    socket.addEventListener('message', ({ data }) => {
      const result: Result = JSON.parse(String(data));
      this.results.push(result);
      this.told.push(`${result.Action} ${result.Service.nodes.map(({ id }) => id)}`);
    });
    socket.addEventListener('close', ({ code }) => {
      this.code = code;
    });
    socket.accept();
  }

  static async connect(path = '/registry?service=greeter', headers: Record<string, string> = root): Promise<Watcher> {
    const response = await send('GET', path, { headers: { ...upgrade, ...headers } });
    if (response.webSocket === null) throw new Error(`no socket but ${response.status} ${await response.text()}`);
    return new Watcher(response.webSocket);
  }

  async hears(...told: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.told).toEqual(told), { timeout: 30_000 });
  }
}

afterEach(async () => {
  await reset();
});

describe('a go-micro watch', () => {
  it('[X6] tells what is there, and then every change, though the namespace sleeps', async () => {
    await post(['a']);
    const watcher = await Watcher.connect();
    await watcher.hears('create a');
    await sleep();
    await post(['b', 'c']);
    await post(['b', 'c']);
    await post(['a'], { name: 'other' });
    await post(['b'], { version: '2' });
    await ask('DELETE', '/registry', { name: 'greeter', nodes: [node('a')] });
    await watcher.hears('create a', 'create b', 'create c', 'delete b', 'create b', 'delete a');
    expect(watcher.results.map(({ Service }) => Service.version)).toEqual(['1', '1', '1', '1', '2', '1']);
    watcher.socket.close(1000, '');
  });

  it('[X6] of all services needs a grant on all, and tells of what others registered', async () => {
    const token = await tokenFor([{ scope: 'read', ns: 'public' }]);
    const watcher = await Watcher.connect(`/t/${token}/n/public/registry`, {});
    await ask('PUT', '/api/v1/ns/public/groups/g/services/orders/instances/o', { address: '10.0.0.7', port: 8080 });
    await watcher.hears('create o');
    expect(watcher.results[0]?.Service).toMatchObject({ name: 'g@@orders', version: 'latest' });
    await ask('PUT', '/api/v1/ns/public/groups/g/services/orders/instances/o/override', { quarantine: {} });
    await watcher.hears('create o', 'delete o');
    watcher.socket.close(1000, '');

    const some = await tokenFor([{ scope: 'read', ns: 'public', services: ['g@@orders'] }]);
    const response = await send('GET', `/t/${some}/registry`, { headers: upgrade });
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('"read"')]);
    const own = await Watcher.connect(`/t/${some}/registry?service=g@@orders`, {});
    own.socket.close(1000, '');
  });

  it('[X1] is refused in plain text', async () => {
    const response = await send('GET', '/registry', { headers: upgrade });
    expect([response.status, response.webSocket]).toEqual([401, null]);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    await response.body?.cancel();
  });

  it('[X6] keeps every message below what a client reads', async () => {
    const values = Array.from({ length: 100 }, (_, index) => ({
      name: `member-${index}`,
      type: 'string',
      values: null,
    }));
    const endpoints = [{ name: 'Say.Hello', request: { name: 'Request', type: 'Request', values } }];
    const metadata = { long: 'm'.repeat(8_000) };
    const watcher = await Watcher.connect();
    const long = { nodes: [{ ...node('a'), metadata }], metadata: { more: 'x'.repeat(4_000) }, endpoints };
    expect((await post([], long)).status).toBe(200);
    await watcher.hears('create a');
    const [{ Service: service } = { Service: undefined }] = watcher.results;
    expect(JSON.stringify(service).length).toBeLessThan(16_000);
    expect(service?.nodes[0]?.metadata).toEqual(metadata);
    expect(service?.endpoints).toMatchObject([{ name: 'Say.Hello', request: { values: [] } }]);
    watcher.socket.close(1000, '');
  });

  it('[X7] says good-bye when the namespace goes', async () => {
    const watcher = await Watcher.connect();
    await abortAllDurableObjects();
    await vi.waitFor(() => expect(watcher.code).toBe(1012), { timeout: 30_000 });
  });

  it('[X7] is let go when the client goes', async () => {
    const watcher = await Watcher.connect();
    const sockets = async () => (await ask<{ sockets: number }>('GET', '/api/v1/ns/public/stats')).body.sockets;
    expect(await sockets()).toBe(1);
    watcher.socket.close(1000, '');
    await vi.waitFor(() => expect(watcher.code).toBe(1000), { timeout: 30_000 });
    await vi.waitFor(async () => expect(await sockets()).toBe(0), { timeout: 30_000 });
  });
});
