import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Client, type ClientDuplexStream, credentials, type StatusObject, status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { aborted, flooded, TEST_METHODS } from '../../../test/gateway/grpc-methods';
import { outcome, unary } from '../../../test/gateway/grpc-suite';
import {
  GRPC_IDLE_CONNECTION_MAX_MS,
  GRPC_KEEPALIVE_INTERVAL_MS,
  GRPC_KEEPALIVE_TIMEOUT_MS,
  GRPC_OUTPUT_READY_MAX_BYTES,
} from '../../model/limits';
import { FrameType, frame, PREFACE } from '../http2/frames';
import { GrpcHealth } from './grpc-health';
import { GrpcReflection } from './grpc-reflection';
import { GrpcServer } from './grpc-server';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  aborted.splice(0);
});

const same = (bytes: Buffer) => bytes;

/** Starts a server whose clock moves by hand. */
async function stage(methods = TEST_METHODS) {
  const clock = { now: 0 };
  const server = new GrpcServer({ methods, log: () => {}, now: () => clock.now });
  const opened = { count: 0 };
  const listener = createServer((socket) => {
    opened.count += 1;
    server.handleSocket(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo; // `as`: it listens on a port of TCP
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  ends.push(
    () => client.close(),
    () => listener.close(),
    () => server.close(0),
  );
  const pass = (ms: number) => {
    clock.now += ms;
    server.check();
  };
  return {
    server,
    port,
    client,
    pass,
    opened,
    duplex: (path: string) => client.makeBidiStreamRequest(path, same, same),
  };
}

/** Resolves to the next message of a stream. */
const message = (stream: ClientDuplexStream<Buffer, Buffer>) =>
  new Promise<Buffer>((resolve) => stream.once('data', resolve));

it('[GR6] aborts the signal of a call that is cancelled, times out, or loses its connection', async () => {
  const { client, duplex } = await stage();
  await unary(client, '/test.Echo/Unary', '');
  expect(await unary(client, '/test.Echo/Never', '', 2_000)).toMatch(/^4 /);
  // Calls of other files of tests may end meanwhile.
  await expect.poll(() => aborted).toContain('/test.Echo/Never');
  const streams = () => aborted.filter((path) => path === '/test.Echo/Stream').length;
  const stream = duplex('/test.Echo/Stream');
  const ended = outcome(stream);
  stream.write(Buffer.from('x'));
  await message(stream);
  const before = streams();
  stream.cancel();
  expect((await ended).status.code).toBe(status.CANCELLED);
  await expect.poll(streams).toBeGreaterThan(before);
});

it('[GR10] reports back-pressure of a client that does not read, and its end', async () => {
  const { duplex } = await stage();
  Object.assign(flooded, { count: 0, waiting: 0, drains: 0 });
  const stream = duplex('/test.Echo/Flood');
  stream.on('error', () => {});
  ends.push(() => stream.cancel());
  stream.write(Buffer.alloc(0));
  await expect.poll(() => flooded.waiting).toBeGreaterThanOrEqual(GRPC_OUTPUT_READY_MAX_BYTES);
  expect(flooded.waiting).toBeLessThan(2 * GRPC_OUTPUT_READY_MAX_BYTES);
  stream.resume();
  await expect.poll(() => flooded.drains).toBeGreaterThan(0);
});

it('[GR8] pings its clients, and ends the connection of one that does not answer', async () => {
  const { server, port, pass, client } = await stage();
  await unary(client, '/test.Echo/Unary', '');
  const frozen: Socket = connect(port, '127.0.0.1');
  frozen.on('error', () => {});
  frozen.write(Buffer.concat([PREFACE, frame(FrameType.SETTINGS, 0, 0, Buffer.alloc(0))]));
  await expect.poll(() => server.connectionCount).toBe(2);
  let received = 0;
  const closed = new Promise((resolve) => frozen.on('close', resolve));
  frozen.on('data', (bytes) => {
    received += bytes.length;
  });
  await expect.poll(() => received).toBeGreaterThan(0);
  const before = received;
  pass(GRPC_KEEPALIVE_INTERVAL_MS);
  // Both clients have got the ping; the answer of the other one comes before that of its next call.
  await expect.poll(() => received).toBeGreaterThan(before);
  await unary(client, '/test.Echo/Unary', '');
  pass(GRPC_KEEPALIVE_TIMEOUT_MS);
  await closed;
  expect(server.connectionCount).toBe(1);
  pass(GRPC_IDLE_CONNECTION_MAX_MS);
  await expect.poll(() => server.connectionCount).toBe(0);
});

it('[GR8] keeps a connection whose calls end between the checks', async () => {
  const { server, pass, client, opened } = await stage();
  for (let past = 0; past < 2 * GRPC_IDLE_CONNECTION_MAX_MS; past += GRPC_KEEPALIVE_INTERVAL_MS / 2) {
    await unary(client, '/test.Echo/Unary', '');
    pass(GRPC_KEEPALIVE_INTERVAL_MS / 2);
  }
  expect(opened.count).toBe(1);
  pass(GRPC_IDLE_CONNECTION_MAX_MS);
  await expect.poll(() => server.connectionCount).toBe(0);
});

it('[GR9] ends remaining calls with UNAVAILABLE when it closes, and serves no further ones', async () => {
  const { server, duplex } = await stage();
  const stream = duplex('/test.Echo/Stream');
  const ended = new Promise<StatusObject>((resolve) => stream.on('status', resolve));
  stream.on('error', () => {});
  stream.write(Buffer.from('x'));
  await message(stream);
  stream.resume();
  await server.close(10);
  expect((await ended).code).toBe(status.UNAVAILABLE);
  expect(server.connectionCount).toBe(0);
});

it('[GR11] answers health checks and watches of health', async () => {
  const health = new GrpcHealth(['test.Echo']);
  const { client, duplex } = await stage(new Map(health.methods));
  const check = '/grpc.health.v1.Health/Check';
  const named = (name: string) => Buffer.concat([Buffer.of(10, name.length), Buffer.from(name)]);
  expect(await unary(client, check, '')).toEqual(Buffer.of(8, 1));
  expect(await unary(client, check, named('test.Echo'))).toEqual(Buffer.of(8, 1));
  expect(await unary(client, check, named('test.None'))).toBe('5 unknown service');
  expect(await unary(client, check, 'x')).toMatch(/^13 /);
  const watch = duplex('/grpc.health.v1.Health/Watch');
  const ended = outcome(watch);
  watch.write(Buffer.alloc(0));
  expect(await message(watch)).toEqual(Buffer.of(8, 1));
  const next = message(watch);
  health.setServing(false);
  expect(await next).toEqual(Buffer.of(8, 2));
  watch.cancel();
  await ended;
});

it('[GR11] describes services to clients, with the files that they need', async () => {
  const base = { symbols: [], services: [], dependencies: [] };
  const reflection = new GrpcReflection([
    {
      ...base,
      name: 'a.proto',
      descriptor: Buffer.from('A'),
      symbols: ['t.A', 't.A.Do'],
      services: ['t.A'],
      dependencies: ['b.proto'],
    },
    { ...base, name: 'b.proto', descriptor: Buffer.from('B') },
  ]);
  const { duplex } = await stage(new Map(reflection.methods));
  for (const version of ['v1', 'v1alpha']) {
    const stream = duplex(`/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`);
    const ended = outcome(stream);
    const field = (number: number, text: string) =>
      Buffer.concat([Buffer.of(number * 8 + 2, text.length), Buffer.from(text)]);
    const requests = [field(7, ''), field(4, 't.A.Do'), field(3, 'none.proto')];
    for (const request of requests) stream.write(request);
    stream.end();
    const { messages } = await ended;
    const answer = (index: number, ...rest: Buffer[]) =>
      Buffer.concat([
        Buffer.of(10, 0),
        Buffer.of(18, requests[index]?.length ?? 0),
        requests[index] ?? Buffer.alloc(0),
        ...rest,
      ]);
    expect(messages[0]).toEqual(answer(0, Buffer.of(50, 7), field(1, '\n\x03t.A')));
    expect(messages[1]).toEqual(answer(1, Buffer.of(34, 6), field(1, 'A'), field(1, 'B')));
    expect(messages[2]?.toString()).toContain('not found: none.proto');
  }
});
