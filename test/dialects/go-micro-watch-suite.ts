import { describe, expect, it, vi } from 'vitest';
import type { Result } from '../../src/dialects/go-micro/wire';
import { type Home, NS } from '../fixtures/home';
import type { UnreadSocket } from '../fixtures/home-socket';
import { ROOT_TOKEN } from '../fixtures/test-app';

const root = { authorization: `Bearer ${ROOT_TOKEN}` };

/** A client that reads all messages. */
class Watcher {
  readonly events: string[] = [];
  readonly results: Result[] = [];
  code: number | undefined;

  constructor(readonly socket: UnreadSocket) {
    socket.addEventListener('message', ({ data }) => {
      const result: Result = JSON.parse(String(data));
      this.results.push(result);
      this.events.push(`${result.Action} ${result.Service.nodes.map(({ id }) => id)}`);
    });
    socket.addEventListener('close', ({ code }) => {
      this.code = code;
    });
    socket.accept();
  }

  async hears(...events: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.events).toEqual(events), { timeout: 30_000 });
  }
}

/** Opens a watch of the service `greeter` by default. */
export async function watch(
  { upgrade }: Home,
  path = '/n/:ns/registry?service=greeter',
  headers: Record<string, string> = root,
): Promise<Watcher> {
  const { status, socket, text } = await upgrade(path, headers);
  if (socket === undefined) throw new Error(`expected a socket, got ${status} ${text}`);
  return new Watcher(socket);
}

/** Tests go-micro watches on the whole registry. */
export function goMicroWatchSuite(home: Home): void {
  const { ask, upgrade, tokenFor, sleep, sockets, ns } = home;
  const node = (id: string) => ({ id, address: '10.0.0.5:1', metadata: null });
  const post = (ids: string[], more: object = {}) =>
    ask('POST', '/n/:ns/registry', { name: 'greeter', version: '1', nodes: ids.map(node), ...more });

  describe('a go-micro watch', () => {
    it('[X6] sends the existing services and then every change, even if the namespace hibernates', async () => {
      await post(['a']);
      const watcher = await watch(home);
      await watcher.hears('create a');
      await sleep();
      await post(['b', 'c']);
      await post(['b', 'c']);
      await post(['a'], { name: 'other' });
      await post(['b'], { version: '2' });
      await ask('DELETE', '/n/:ns/registry', { name: 'greeter', nodes: [node('a')] });
      await watcher.hears('create a', 'create b', 'create c', 'delete b', 'create b', 'delete a');
      expect(watcher.results.map(({ Service }) => Service.version)).toEqual(['1', '1', '1', '1', '2', '1']);
      watcher.socket.close(1000, '');
    });

    it('[X6] of all services needs a grant on all, and sends what others registered', async () => {
      const token = await tokenFor([{ scope: 'read', ns: ns() }]);
      const watcher = await watch(home, `/t/${token}/n/:ns/registry`, {});
      await ask('PUT', `${NS}/groups/g/services/orders/instances/o`, { address: '10.0.0.7', port: 8080 });
      await watcher.hears('create o');
      expect(watcher.results[0]?.Service).toMatchObject({ name: 'g@@orders', version: 'latest' });
      await ask('PUT', `${NS}/groups/g/services/orders/instances/o/override`, { quarantine: {} });
      await watcher.hears('create o', 'delete o');
      watcher.socket.close(1000, '');

      const some = await tokenFor([{ scope: 'read', ns: ns(), services: ['g@@orders'] }]);
      const refused = await upgrade(`/t/${some}/n/:ns/registry`);
      expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('"read"')]);
      const own = await watch(home, `/t/${some}/n/:ns/registry?service=g@@orders`, {});
      own.socket.close(1000, '');
    });

    it('[X1] is refused with a plain text response', async () => {
      const { status, socket, headers } = await upgrade('/n/:ns/registry');
      expect([status, socket]).toEqual([401, undefined]);
      expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    });

    it("[X6] keeps every message below the client's read limit", async () => {
      const values = Array.from({ length: 100 }, (_, index) => ({
        name: `member-${index}`,
        type: 'string',
        values: null,
      }));
      const endpoints = [{ name: 'Say.Hello', request: { name: 'Request', type: 'Request', values } }];
      const metadata = { long: 'm'.repeat(8_000) };
      const watcher = await watch(home);
      const long = { nodes: [{ ...node('a'), metadata }], metadata: { more: 'x'.repeat(4_000) }, endpoints };
      expect((await post([], long)).status).toBe(200);
      await watcher.hears('create a');
      const [{ Service: service } = { Service: undefined }] = watcher.results;
      expect(JSON.stringify(service).length).toBeLessThan(16_000);
      expect(service?.nodes[0]?.metadata).toEqual(metadata);
      expect(service?.endpoints).toMatchObject([{ name: 'Say.Hello', request: { values: [] } }]);
      watcher.socket.close(1000, '');
    });

    it('[X7] is closed when the client disconnects', async () => {
      const watcher = await watch(home);
      expect(await sockets()).toBe(1);
      watcher.socket.close(1000, '');
      await vi.waitFor(() => expect(watcher.code).toBe(1000), { timeout: 30_000 });
      await vi.waitFor(async () => expect(await sockets()).toBe(0), { timeout: 30_000 });
    });
  });
}
