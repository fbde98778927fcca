import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { residentBytes } from '../../bench/resident-memory';
import { SOCKET_PROTOCOL } from '../../src/model/frames';
import {
  SOCKET_FRAMES_PENDING_MAX_BYTES,
  UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  UNREAD_MAX_MS,
  UNREAD_PER_NAMESPACE_MAX_BYTES,
} from '../../src/model/limits';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { Follower } from './follower';
import { call, put } from './registry-calls';
import { until } from './until';
import { BROKEN, WebSocketClient } from './web-socket';

/**
 * Clients that read nothing, whatever they acknowledge, cost the registry a bounded amount of memory, and other clients no
 * service.
 */

const MIB = 1024 * 1024;
const STREAMS = 600;
const INSTANCES = 3_900;
/** The last reader may have to wait until some of the clients that do not read are disconnected. */
const SNAPSHOT_MAX_MS = 200_000;
/** Maximum size of the system's buffers of one connection: that much data passes through the registry unread. */
const CONNECTION_BUFFERS_MAX = 4 * MIB;

async function started(): Promise<RunningRegistry> {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  return registry;
}

/** Registers 30 MiB of instances. */
async function fill(registry: RunningRegistry): Promise<void> {
  const metadata = { filler: 'x'.repeat(7_600) };
  for (let from = 0; from < INSTANCES; from += 260) {
    const operations = Array.from({ length: Math.min(260, INSTANCES - from) }, (_, index) => {
      const id = `i-${from + index}`;
      return { op: 'register', service: 'large', id, address: '127.0.0.1', port: 80, ephemeral: false, metadata };
    });
    await call(registry, 'POST', '/batch', { operations });
  }
}

const socketsOf = async (registry: RunningRegistry): Promise<number> =>
  (await call<{ sockets: number }>(registry, 'GET', '/stats')).sockets;

async function following(registry: RunningRegistry): Promise<Follower> {
  const follower = new Follower({ place: registry });
  await follower.start();
  onTestFinished(() => follower.stop());
  await until('it has its snapshot', () => follower.replica.instances.size >= INSTANCES, SNAPSHOT_MAX_MS);
  return follower;
}

async function rawSocket({ url, rootToken }: RunningRegistry): Promise<WebSocketClient> {
  const headers = { Authorization: `Bearer ${rootToken}`, 'Sec-WebSocket-Protocol': SOCKET_PROTOCOL };
  const socket = await WebSocketClient.connect(`${url}/api/v1/ns/public/socket`, headers);
  onTestFinished(() => socket.destroy());
  return socket;
}

it('[W21, E6] 600 unread event streams end neither the registry nor the service to clients that read', {
  timeout: 600_000,
}, async () => {
  const registry = await started();
  await fill(registry);
  const before = await following(registry);
  const resident = residentBytes(registry.pid);
  const { hostname, port } = new URL(registry.url);
  for (let count = 0; count < STREAMS; count++) {
    const client = connect({ host: hostname, port: Number(port) });
    onTestFinished(() => void client.destroy());
    client.on('error', () => {});
    client.pause();
    client.write(
      `GET /api/v1/ns/public/watch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${registry.rootToken}\r\n\r\n`,
    );
  }
  // The first may already have been cut off when the last is open, so not all are open at one moment.
  await until('nearly all streams are open', async () => (await socketsOf(registry)) > 0.9 * STREAMS, 180_000);
  const after = await following(registry);
  await put(registry, 'orders', 'a', 80);
  for (const { replica, ends } of [before, after]) {
    await until('it has the change', () => [...replica.instances.values()].some(({ view }) => view.id === 'a'));
    expect([replica.violations, replica.snapshots, ends]).toEqual([[], 1, []]);
  }
  const grown = residentBytes(registry.pid) - resident;
  console.log(`${STREAMS} streams that are not read, over 30 MiB: ${Math.round(grown / MIB)} MiB more memory`);
  // Unread data as text and as bytes, and data in the system's buffers that is not collected yet.
  expect(grown).toBeLessThan(2 * UNREAD_PER_NAMESPACE_MAX_BYTES + STREAMS * CONNECTION_BUFFERS_MAX);
  await sleep(UNREAD_MAX_MS);
  await until('some were cut off', async () => (await socketsOf(registry)) < STREAMS + 2);
});

it('[W21] sockets that grant credit and read nothing are closed, and their cost is bounded before and after', async () => {
  const registry = await started();
  await fill(registry);
  const reader = await following(registry);
  const resident = residentBytes(registry.pid);
  const liars = await Promise.all(Array.from({ length: 12 }, () => rawSocket(registry)));
  for (const liar of liars) {
    liar.pause();
    for (let watch = 0; watch < 20; watch++) {
      liar.send(JSON.stringify({ type: 'watch', id: `${watch}`, watch: `w${watch}`, scope: {} }));
    }
  }
  for (let grants = 0; grants < 40; grants++) {
    for (const liar of liars) liar.send(JSON.stringify({ type: 'credit', bytes: 64 * MIB }));
    await sleep(100);
  }
  await put(registry, 'orders', 'a', 80);
  await until('a reader has the change', () =>
    [...reader.replica.instances.values()].some(({ view }) => view.id === 'a'),
  );
  const grown = residentBytes(registry.pid) - resident;
  console.log(`12 sockets that grant and don't read, over 30 MiB: ${Math.round(grown / MIB)} MiB more memory`);
  expect(grown).toBeLessThan(UNPROVEN_PER_NAMESPACE_MAX_BYTES + 12 * CONNECTION_BUFFERS_MAX + 128 * MIB);
  await sleep(UNREAD_MAX_MS);
  await put(registry, 'orders', 'b', 80);
  // Immediately or soon: a grant counts as a sign of reading, and the last one is recent.
  await until('they are closed', async () => (await socketsOf(registry)) === 1);
  for (const liar of liars) liar.resume();
  // A client whose close frame waits behind unread output is disconnected.
  for (const liar of liars) expect([4008, BROKEN]).toContain((await liar.closed).code);
  expect(reader.ends).toEqual([]);
});

it('[W20] a socket that sends hundreds of large batches delays no other namespace', async () => {
  const registry = await started();
  const headers = { Authorization: `Bearer ${registry.rootToken}`, 'Content-Type': 'application/json' };
  await fetch(`${registry.url}/api/v1/ns`, { method: 'POST', headers, body: '{"id":"other"}' });
  const socket = await rawSocket(registry);
  let answers = 0;
  socket.onText = () => {
    answers += 1;
  };
  const batches = Array.from({ length: 200 }, (_, index) => {
    const operations = Array.from({ length: 1_000 }, (_, id) => {
      return { op: 'register', service: 's', id: `${id}`, address: '127.0.0.1', port: 1 + index, ephemeral: false };
    });
    return JSON.stringify({ type: 'batch', id: `${index}`, operations });
  });
  expect(batches.reduce((size, { length }) => size + length, 0)).toBeLessThan(SOCKET_FRAMES_PENDING_MAX_BYTES);
  for (const batch of batches) socket.send(batch);
  await until('the first is answered', () => answers > 0);
  let calls = 0;
  for (; answers < batches.length; calls++) {
    const answer = await fetch(`${registry.url}/api/v1/ns/other/stats`, { headers });
    expect(answer.ok).toBe(true);
    await answer.text();
  }
  console.log(`another namespace answered ${calls} calls while 200 batches of 1,000 were handled`);
  // One after each few batches on a busy machine. If none of them let others in, it would be one or two.
  expect(calls).toBeGreaterThan(5);
});
