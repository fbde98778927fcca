import { readFileSync } from 'node:fs';
import { type ClientRequest, get } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { get as getTls } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { startGrpcStage } from '../../../test/gateway/grpc-stage';
import { prefixed, unary } from '../../../test/gateway/grpc-suite';
import { testAuthority } from '../../../test/programs/certificates';
import { temporaryFolder } from '../../../test/programs/temporary-folder';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function stage(...args: Parameters<typeof startGrpcStage>) {
  const started = await startGrpcStage(...args);
  ends.push(() => started.stop());
  return started;
}

function client(port: number, channel = credentials.createInsecure()): Client {
  const made = new Client(`localhost:${port}`, channel);
  ends.push(() => made.close());
  return made;
}

/** Resolves to the body of an answer, or to the kind of a failure. */
const text = (request: ClientRequest) =>
  new Promise<string>((resolve) => {
    request.on('error', (error) => resolve(`failed: ${error.name}`));
    request.on('response', (response) => response.on('data', (bytes: Buffer) => resolve(bytes.toString())));
  });

it('[GR12] speaks HTTP/1 and HTTP/2 on one port', async () => {
  const { port } = await stage();
  expect(await text(get({ port, path: '/v3/kv', agent: false }))).toBe('HTTP/1 /v3/kv');
  expect(await unary(client(port), '/test.Echo/Unary', 'hi')).toEqual(Buffer.from('hi'));
});

it('[GR12] waits for the bytes that distinguish the protocols, up to a deadline', async () => {
  const { port } = await stage({ firstBytesMs: 300 });
  const socket = connect(port, '127.0.0.1');
  ends.push(() => socket.destroy());
  const got: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => got.push(bytes));
  const bytes = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  socket.write(bytes.slice(0, 5));
  await new Promise((resolve) => setTimeout(resolve, 20));
  socket.write(bytes.slice(5));
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  // The type of the server's first frame is SETTINGS.
  await expect.poll(() => got[0]?.[3]).toBe(4);
  const silent = connect(port, '127.0.0.1');
  const half = connect(port, '127.0.0.1', () => half.write('PRI'));
  const closed = [silent, half].map((peer) => new Promise((resolve) => peer.on('close', resolve)));
  await Promise.all(closed);
});

it('[GR12] closes connections beyond the limit', async () => {
  let dropped = 0;
  const { port } = await stage({ connectionsMaxCount: 2, dropped: () => dropped++ });
  const peers = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
  let closed = 0;
  for (const peer of peers) peer.on('close', () => closed++).on('error', () => {});
  ends.push(() => peers.map((peer) => peer.destroy()));
  await expect.poll(() => [closed, dropped]).toEqual([1, 1]);
});

it('[GR12] serves both protocols over TLS, with ALPN and without, and asks for certificates if it has an authority', async () => {
  const folder = temporaryFolder();
  const authority = testAuthority(folder);
  const read = (path: string) => readFileSync(path);
  const own = authority.issue('server', 'DNS:localhost,IP:127.0.0.1');
  const other = authority.issue('client-1', 'DNS:localhost');
  const ca = read(authority.ca);
  const [cert, key] = [read(other.certPath), read(other.keyPath)];
  const { port } = await stage({ tls: { cert: read(own.certPath), key: read(own.keyPath), ca } });
  const options = { port, host: 'localhost', path: '/x', agent: false, ca };
  const alpn = { ALPNProtocols: ['http/1.1'] };
  expect(await text(getTls({ ...options, cert, key }))).toBe('HTTP/1 /x');
  expect(await text(getTls({ ...options, cert, key, ...alpn }))).toBe('HTTP/1 /x');
  expect(await text(getTls(options))).toMatch(/^failed/);
  const answer = await unary(client(port, credentials.createSsl(ca, key, cert)), '/test.Echo/Call', '');
  expect(JSON.parse(answer.toString())).toMatchObject({ name: 'client-1' });
  expect(await unary(client(port, credentials.createSsl(ca)), '/test.Echo/Call', '', 2_000)).toMatch(/^(?:14|4) /);
  const session = connectHttp2(`https://localhost:${port}`, {
    createConnection: () => connectTls({ port, host: 'localhost', ca, cert, key }),
  });
  ends.push(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Echo/Unary',
    'content-type': 'application/grpc',
  });
  stream.end(prefixed(Buffer.from('hi')));
  const trailers = await new Promise<Record<string, unknown>>((resolve) => {
    stream.on('trailers', resolve);
    stream.resume();
  });
  expect(trailers['grpc-status']).toBe('0');
});
