import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { rollcall } from '../../src/client/index';
import { resolver } from '../../src/client/resolver';

/** The client against a registry that is dead, wrong or slow, over real sockets. */

async function listening(server: Server, port = 0): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // `as`: it listens on a port
}

const serving = (listener: RequestListener) => listening(createServer(listener));

/** Returns the URL of a port on which nothing listens. */
async function deadUrl(): Promise<string> {
  const server = createTcpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // `as`: see above
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function stage(url: string) {
  const warnings: string[] = [];
  const client = rollcall({ url, token: 's3cret', onWarning: (message) => warnings.push(message) });
  onTestFinished(() => client.close());
  return { client, warnings, orders: resolver(client, 'orders') };
}

it('a registry that refuses connections is reported once, with its url and the reason, and so is its recovery', async () => {
  const url = await deadUrl();
  const { warnings, orders } = stage(url);
  await expect.poll(() => orders.error).toBeDefined();
  expect(orders.error).toMatchObject({ code: 'UNREACHABLE' });
  const first = orders.error;
  await expect.poll(() => orders.error !== first).toBe(true);
  expect(warnings).toEqual([
    `GET ${url}/health got no response: connect ECONNREFUSED ${url.slice('http://'.length)} (UNREACHABLE); trying again`,
  ]);
  const snapshot = { cursor: 'c.1', revision: 1, services: [] };
  const server = createServer((request, response) => {
    if (!request.url?.includes('/watch')) return void response.writeHead(200).end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(`retry: 1000\n\nevent: snapshot\ndata: ${JSON.stringify({ type: 'snapshot', ...snapshot })}\n\n`);
  });
  await listening(server, Number(new URL(url).port));
  await orders.ready;
  await expect.poll(() => warnings.slice(1)).toEqual([`${url} answers again`]);
  expect(orders.error).toBeUndefined();
});

it('a registry that accepts and never answers is reported before an attempt has ended', async () => {
  const url = await listening(createTcpServer(() => {}));
  const { warnings, orders } = stage(url);
  await expect.poll(() => warnings).toEqual([`${url} has not answered for 1 s (UNREACHABLE); trying again`]);
  expect(orders.error).toMatchObject({ code: 'UNREACHABLE', detail: `${url} has not answered for 1 s` });
});

it.each([
  ['a page', 200, 'text/html', '<h1>Welcome</h1>'],
  ['a missing page', 404, 'text/html', '<h1>Not found</h1>'],
  ['other JSON', 200, 'application/json', '{"hello": "world"}'],
])(
  'another server, which answers with %s, is reported, and refuses a registration',
  async (_what, status, type, body) => {
    const url = await serving((_request, response) => response.writeHead(status, { 'content-type': type }).end(body));
    const { client, warnings, orders } = stage(url);
    const answered = new RegExp(`^GET ${url}/.* was answered with status ${status} and ${type}, but not by a registry`);
    await expect(orders.ready).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      detail: expect.stringMatching(answered),
    });
    await expect
      .poll(() => warnings)
      .toEqual([expect.stringMatching(/^the watch of DEFAULT_GROUP@@orders has ended: GET .* check the url/)]);
    await expect(client.register({ service: 'orders', address: '10.0.0.7', port: 80 })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      detail: expect.stringMatching(new RegExp(`^PUT ${url}/.* not by a registry; check the url$`)),
    });
    expect(warnings).toHaveLength(1);
  },
);

it('a registration that waits reports each failed attempt, and warns by default', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const client = rollcall({ url: await deadUrl() });
  onTestFinished(() => client.close());
  const giveUp = new AbortController();
  const troubles: string[] = [];
  const registered = client.register(
    { service: 'orders', address: '10.0.0.7', port: 80 },
    { signal: giveUp.signal, onEvent: (event) => event.type === 'trouble' && troubles.push(event.error.detail) },
  );
  registered.catch(() => {});
  await expect.poll(() => troubles.length).toBeGreaterThan(1);
  await expect
    .poll(() => warn.mock.calls)
    .toEqual([[expect.stringMatching(/^rollcall: GET .*ECONNREFUSED.*; trying again$/)]]);
  giveUp.abort(new RangeError('enough'));
  await expect(registered).rejects.toThrow('enough');
});

it('warnings can be silenced', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const client = rollcall({ url: await deadUrl(), onWarning: false });
  onTestFinished(() => client.close());
  const orders = resolver(client, 'orders');
  await expect.poll(() => orders.error).toBeDefined();
  expect(warn).not.toHaveBeenCalled();
});

it.each(['registry.example', 'localhost:8787', 'http://user:s3cret@127.0.0.1', 'http://127.0.0.1/?key=s3cret', ''])(
  'the url %s is refused immediately, without its secrets',
  (url) => {
    expect(() => rollcall({ url })).toThrow(/url must be absolute/);
    expect(() => rollcall({ url })).not.toThrow(/s3cret/);
  },
);
