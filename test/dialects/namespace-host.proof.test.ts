import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exchange, statusOf } from '../http/raw-exchange';
import { type RunningRegistry, startRegistry } from '../programs/registry';

/** Host headers that no URL parser accepts, on a real workerd: the namespace that they name, or that they name none. */

let folder: string;
let registry: RunningRegistry;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-host-'));
  registry = await startRegistry({ data: folder, namespaceDomain: 'registry.test' });
});
afterAll(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Sends a request with a host. A service registered in the host's namespace is found there by the native API. */
async function send(host: string, method: string, path: string, body = ''): Promise<{ status: number; text: string }> {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${host}`,
    `Authorization: Bearer ${registry.rootToken}`,
    'Connection: close',
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${body.length}`]),
  ];
  const answer = await exchange(registry.url, Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'));
  return { status: statusOf(answer), text: answer };
}

const service = (name: string) => JSON.stringify({ name, nodes: [{ id: 'n', address: '10.0.0.5:1' }] });
const register = (host: string, name: string, path = '/registry') => send(host, 'POST', path, service(name));
const holds = async (namespace: string, name: string): Promise<boolean> =>
  (await send('x', 'GET', `/api/v1/ns/${namespace}/services`)).text.includes(`"name":"${name}"`);

describe('the namespace in the Host header', () => {
  it.each([
    ['orders.registry.test', 'orders'],
    ['ORDERS.Registry.Test.:8787', 'orders'],
    ['registry.test', 'public'],
    ['[::1]:8787', 'public'],
    ['orders.registry.test.evil', 'public'],
  ])('[X2] of %j is %s', async (host, namespace) => {
    const name = `s${Math.random()}`;
    expect((await register(host, name)).status).toBe(200);
    expect([await holds(namespace, name), await holds(namespace === 'public' ? 'orders' : 'public', name)]).toEqual([
      true,
      false,
    ]);
  });

  it('[X2] is overridden by the one in the path', async () => {
    expect((await register('orders.registry.test', 'prefixed', '/n/other/registry')).status).toBe(200);
    expect([await holds('other', 'prefixed'), await holds('orders', 'prefixed')]).toEqual([true, false]);
  });

  // For an invalid host (`a b`, `a/b`, `%00`) workerd creates no request: it answers 500 by itself.
  it.each(['a.b.registry.test', '..registry.test', `${'a'.repeat(65)}.registry.test`])(
    '[X2, I10] %s is refused',
    async (host) => {
      expect((await register(host, 'hostile')).status).toBe(400);
      expect((await register(host, 'hostile', '/n/public/registry')).status).toBe(200);
      expect((await send(host, 'GET', '/api/v1/ns/public/services')).status).toBe(200);
      expect((await register(host, 'hostile', '/t/rc_x_y/registry')).status).toBe(401);
    },
  );
});
