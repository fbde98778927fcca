import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { residentBytes } from '../resident-memory';
import { type Spread, spread } from '../statistics';
import type { Comparison, Row } from './comparison';

const TTL_SECONDS = 3_600;
const BEATS = 300;

async function openBare(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Measures idle connections: how many stay open, their memory, and the time of a heartbeat on another connection. */
export async function idleConnections({ contenders, scale, log }: Comparison): Promise<Row[]> {
  const kept = new Map<string, Spread>();
  const memory = new Map<string, Spread>();
  const slowdown = new Map<string, Spread>();
  for (const { peer, server } of contenders) {
    const client = await server.connect(TTL_SECONDS);
    await client.register('idle', 'x-0');
    const beats = async (): Promise<number> => {
      const began = performance.now();
      for (let n = 0; n < BEATS; n++) await client.beat();
      return (performance.now() - began) / BEATS;
    };
    await beats();
    const alone = await beats();
    const before = residentBytes(server.pid);
    const sockets: Socket[] = [];
    while (sockets.length < scale.idle) sockets.push(await openBare(server.port));
    const beside = await beats();
    memory.set(peer.name, spread([(residentBytes(server.pid) - before) / 1_024 / scale.idle]));
    kept.set(peer.name, spread([sockets.filter((socket) => !socket.destroyed && !socket.readableEnded).length]));
    slowdown.set(peer.name, spread([beside / alone]));
    for (const socket of sockets) socket.destroy();
    client.cut();
    log(`idle connections at ${peer.name}: ${kept.get(peer.name)?.median} kept`);
  }
  const count = scale.idle.toLocaleString('en-US');
  return [
    {
      title: `${count} idle connections: still open after the beats`,
      unit: 'connections',
      better: 'more',
      values: kept,
    },
    { title: `${count} idle connections: memory of one`, unit: 'KiB', better: 'less', values: memory },
    {
      title: `${count} idle connections: a beat beside them, against one without`,
      unit: '×',
      better: 'less',
      values: slowdown,
    },
  ];
}
