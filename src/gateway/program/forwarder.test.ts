import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CheckedServers } from '../../../test/fixtures/probes';
import { type ConsulDoorOptions, consulDoor, forwardedPath } from './consul-door';
import { Forwarder, type ForwarderOptions } from './forwarder';

const servers = new CheckedServers();
const forwarders: Forwarder[] = [];
afterEach(() => {
  for (const forwarder of forwarders.splice(0)) forwarder.close();
  servers.close();
});

/** Starts a registry that answers as the test says, and a gateway in front of it. Returns the URL of the gateway. */
async function gateway(
  answer: (message: IncomingMessage, response: ServerResponse) => void,
  options: Partial<Options> = {},
): Promise<string> {
  const upstream = await servers.http(answer);
  return front({ url: `http://127.0.0.1:${upstream}`, ...options });
}

type Options = ConsulDoorOptions & Pick<ForwarderOptions, 'defaultToken'>;

async function front({ url, defaultToken, ...options }: Partial<Options> & { url: string }): Promise<string> {
  const door = consulDoor({ namespace: 'public', node: undefined, runner: 'host-1', ...options });
  const forwarder = new Forwarder({ url, door, defaultToken });
  forwarders.push(forwarder);
  const port = await servers.listen(createServer((message, response) => forwarder.handle(message, response)));
  return `http://127.0.0.1:${port}`;
}

describe('the path at the registry', () => {
  const place = { namespace: 'public', node: undefined };

  it.each([
    ['/v1/kv/a%2Fb?raw&index=7', '/n/public/v1/kv/a%2Fb?raw&index=7'],
    ['//v1/agent/self', '/n/public/v1/agent/self'],
    ['/node/n1/v1/agent/self', '/n/public/node/n1/v1/agent/self'],
    ['/v1/kv/a?b?c', '/n/public/v1/kv/a?b?c'],
    ['/v1/kv/a\\b#c', '/n/public/v1/kv/a%5Cb%23c'],
    ['/v1/kv/..a/b..', '/n/public/v1/kv/..a/b..'],
  ])('of %s is %s', (target, path) => {
    expect(forwardedPath(target, place)).toBe(path);
  });

  it('is that of the agent of a node', () => {
    expect(forwardedPath('/v1/agent/self', { namespace: 'a', node: 'n 1' })).toBe('/n/a/node/n%201/v1/agent/self');
    expect(forwardedPath('/node/n2/v1/agent/self', { namespace: 'a', node: 'n1' })).toBe('/n/a/node/n2/v1/agent/self');
  });

  it.each([
    '/',
    '/api/v1/token',
    '/v10/kv',
    '/v1/../../../api/v1/token',
    '/v1/%2e%2E/x',
    '/v1/.%2e',
    '/v1/a/..\\..\\api',
    '/node/../v1/kv',
    '/n/other/v1/kv',
  ])('is none for %s', (target) => {
    expect(forwardedPath(target, place)).toBeUndefined();
  });
});

describe('the gateway', () => {
  it('[CR8] passes a request and its response on, without headers of the connection, and names its runner', async () => {
    const seen: unknown[] = [];
    const url = await gateway((message, response) => {
      let body = '';
      message.on('data', (chunk) => {
        body += chunk;
      });
      message.on('end', () => {
        const { 'x-consul-token': token, 'rollcall-check-runner': runner, 'x-mine': mine, upgrade } = message.headers;
        seen.push({ method: message.method, url: message.url, body, token, runner, mine, upgrade });
        response.writeHead(201, 'Made', [
          ['X-Consul-Index', '7'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ] as unknown as string[]);
        response.end('true');
      });
    });
    const response = await fetch(`${url}/v1/agent/service/register?token=x`, {
      method: 'PUT',
      body: '{"Name":"web"}',
      headers: { 'X-Consul-Token': 't', 'Rollcall-Check-Runner': 'forged', 'X-Mine': 'kept' },
    });
    expect([response.status, response.statusText, await response.text()]).toEqual([201, 'Made', 'true']);
    expect(response.headers.get('x-consul-index')).toBe('7');
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(seen).toEqual([
      {
        method: 'PUT',
        url: '/n/public/v1/agent/service/register?token=x',
        body: '{"Name":"web"}',
        token: 't',
        runner: 'host-1',
        mine: 'kept',
        upgrade: undefined,
      },
    ]);
  });

  it('does not lend its name to clients that report the result of a check', async () => {
    const url = await gateway(({ headers }, response) => {
      response.end(String(headers['rollcall-check-runner']));
    });
    const reported = await fetch(`${url}/v1/agent/check/update/a`, { method: 'PUT' });
    expect(await reported.text()).toBe('undefined');
    const registered = await fetch(`${url}/v1/agent/check/register`, { method: 'PUT' });
    expect(await registered.text()).toBe('host-1');
  });

  it('passes a body on whose length is not known', async () => {
    const url = await gateway((message, response) => {
      message.pipe(response);
    });
    const sent = request(`${url}/v1/kv/a`, { method: 'PUT' });
    const answered = new Promise<string>((resolve) => {
      sent.on('response', (found) => {
        let body = '';
        found.on('data', (chunk) => {
          body += chunk;
        });
        found.on('end', () => resolve(body));
      });
    });
    sent.write('one ');
    sent.write('two');
    sent.end();
    expect(await answered).toBe('one two');
  });

  it('[CR8] adds its own token only where it is asked to, and only to requests without one', async () => {
    const answer = ({ headers }: IncomingMessage, response: ServerResponse) =>
      void response.end(headers.authorization ?? 'none');
    const ask = async (url: string, path: string, headers: Record<string, string> = {}) =>
      (await fetch(`${url}${path}`, { headers })).text();
    const without = await gateway(answer);
    expect(await ask(without, '/v1/kv/a')).toBe('none');
    const url = await gateway(answer, { defaultToken: 'own' });
    expect(await ask(url, '/v1/kv/a')).toBe('Bearer own');
    expect(await ask(url, '/v1/kv/a?token=x')).toBe('none');
    expect(await ask(url, '/v1/kv/a', { 'X-Consul-Token': 'x' })).toBe('none');
    expect(await ask(url, '/v1/kv/a', { Authorization: 'Basic eDp5' })).toBe('Basic eDp5');
  });

  it('answers as an agent without servers while the registry is away', async () => {
    const url = await front({ url: 'http://127.0.0.1:1' });
    const response = await fetch(`${url}/v1/catalog/services`);
    expect([response.status, await response.text()]).toEqual([500, 'No cluster leader']);
    const put = await fetch(`${url}/v1/kv/a`, { method: 'PUT', body: 'x'.repeat(100_000) });
    expect(put.status).toBe(500);
  });

  it('repeats a read whose connection the registry has closed meanwhile', async () => {
    let count = 0;
    const url = await gateway((message, response) => {
      count += 1;
      // An idle connection that is closed while the next request is on its way looks like this.
      if (count === 2) message.socket.destroy();
      else response.end(`answer ${count}`);
    });
    const ask = async (method: string) => (await fetch(`${url}/v1/kv/a`, { method })).text();
    expect([await ask('GET'), await ask('GET')]).toEqual(['answer 1', 'answer 3']);
    count = 0;
    expect([await ask('PUT'), await ask('PUT')]).toEqual(['answer 1', 'No cluster leader']);
  });

  it('ends a blocking query at the registry when its client leaves', async () => {
    const left = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const url = await gateway((message) => {
      message.socket.on('close', () => left.resolve());
      asked.resolve();
    });
    const controller = new AbortController();
    const waiting = fetch(`${url}/v1/catalog/services?index=7`, { signal: controller.signal });
    await asked.promise;
    controller.abort();
    await expect(waiting).rejects.toThrow();
    await left.promise;
  });

  it('cuts its client off when the registry breaks a response off', async () => {
    const url = await gateway((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('begin');
      setImmediate(() => response.destroy());
    });
    await expect(fetch(`${url}/v1/kv/a`).then((response) => response.text())).rejects.toThrow();
  });

  it('[CR8] refuses what is not of the API of Consul', async () => {
    const url = await gateway((_, response) => void response.end('reached'));
    expect((await fetch(`${url}/api/v1/token`)).status).toBe(404);
    const { port } = new URL(url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /v1/../../api/v1/token HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 404 /);
  });
});
