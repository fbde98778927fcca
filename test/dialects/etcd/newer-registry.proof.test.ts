import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort } from '../../../src/launcher/listening-address';
import { endGateway, startGateway } from '../../programs/gateway-process';
import { startOn } from '../../programs/host';
import { temporaryFolder } from '../../programs/temporary-folder';
import { checkNames, runChecks } from './check-program';

/** A gateway that is one version older than its registry: what the registry sends has members and frames that it does not know. */

/** A member that a later version adds. */
const LATER = { introducedLater: { since: 2, names: ['a'] } };
/** Members whose own members are data. */
const OF_DATA = new Set(['metadata']);

/** Returns JSON with a further member in each object. */
function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, each]) => [name, OF_DATA.has(name) ? each : withMore(each)]);
  return { ...Object.fromEntries(members), ...LATER };
}

const isObject = (text: string): boolean => text.startsWith('{');
const moreText = (text: string): string => (isObject(text) ? JSON.stringify(withMore(JSON.parse(text))) : text);

/** Number of texts that were changed on their way. */
const changed = { answers: 0, frames: 0 };

/** Passes a request on, and changes its answer. */
async function passRequest(url: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = 'GET', headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer); // `as`: a request without an encoding
  const { authorization = '', 'content-type': type = 'application/json' } = headers;
  const answer = await fetch(`${url}${request.url}`, {
    method,
    headers: { authorization, 'content-type': type },
    body: chunks.length === 0 ? null : Buffer.concat(chunks),
  });
  const text = await answer.text();
  if (isObject(text)) changed.answers += 1;
  response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' });
  response.end(moreText(text));
}

/** Passes a socket on, and changes the frames of the registry. */
function passSocket(
  url: string,
  server: WebSocketServer,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const protocols = (request.headers['sec-websocket-protocol'] ?? '').split(/, */);
  const upstream = new WebSocket(`${url.replace(/^http/, 'ws')}${request.url}`, protocols);
  upstream.on('error', () => socket.destroy());
  upstream.on('open', () => {
    server.handleUpgrade(request, socket, head, (client) => {
      client.on('message', (data, isBinary) => upstream.send(data, { binary: isBinary }));
      client.on('close', () => upstream.close());
      client.on('error', () => upstream.close());
      upstream.on('message', (data: Buffer) => {
        const text = data.toString();
        if (isObject(text)) {
          changed.frames += 1;
          for (const frame of [{ id: '0' }, { watch: '0', cursor: 'x', revision: 1 }, {}]) {
            client.send(JSON.stringify({ type: 'introduced-later', ...frame }));
          }
        }
        client.send(moreText(text));
      });
      upstream.on('close', (code, reason) => client.close(code === 1005 || code === 1006 ? 1000 : code, reason));
    });
  });
}

/** Starts a stand-in for a newer version of a registry, and returns its URL. */
async function newerVersionOf(url: string): Promise<string> {
  const server = createServer((request, response) => {
    passRequest(url, request, response).catch(() => response.destroy());
  });
  const sockets = new WebSocketServer({ noServer: true, handleProtocols: (offered) => [...offered][0] ?? false });
  server.on('upgrade', (request, socket, head) => passSocket(url, sockets, request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // `as`: it listens on a port
}

describe('a gateway that is older than its registry', () => {
  it('[EG2, EW1, KL8] serves clients of etcd', async () => {
    const registry = await startOn('workerd', { data: temporaryFolder() });
    onTestFinished(() => registry.stop());
    const { rootToken: token } = registry;
    const url = await newerVersionOf(registry.url);
    const port = await freePort();
    let gateway = await startGateway({ url, token, port });
    onTestFinished(() => endGateway(gateway, 'SIGTERM'));
    const folder = join(import.meta.dirname, 'npm');
    const results = await runChecks(process.execPath, [join(folder, 'checks.js')], {
      endpoint: `http://127.0.0.1:${port}`,
      user: 'root',
      password: token,
      restart: async () => {
        await endGateway(gateway, 'SIGKILL');
        gateway = await startGateway({ url, token, port });
      },
      stop: async () => {},
    });
    expect([...results].filter(([, problem]) => problem !== undefined)).toEqual([]);
    expect([...results.keys()].sort()).toEqual(checkNames(folder, '.js').sort());
    expect(changed.answers).toBeGreaterThan(1);
    expect(changed.frames).toBeGreaterThan(100);
  });
});
