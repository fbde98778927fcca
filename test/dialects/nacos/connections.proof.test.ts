import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Client, rollcall } from '../../../src/client';
import { deferred } from '../../../src/model/deferred';
import { idsOf } from '../../watch-proofs/registry-calls';
import { until } from '../../watch-proofs/until';
import { hostsOf, NacosGrpcClient } from './nacos-grpc-client';
import { NACOS_TARGETS, type RunningTarget } from './targets';

/** Clients that speak Nacos' protocol and nothing else: many of them, and their faults. */

const A = { ip: '10.0.0.1', port: 80 };
const ID_A = '10.0.0.1:80';
const MANY = 1_000;
const SILENT = 10_000;

/** Preface and first frame of HTTP/2. */
const PREFACE = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

describe.each(NACOS_TARGETS)("Nacos' clients on $name", (target) => {
  let running: RunningTarget;
  const clients: NacosGrpcClient[] = [];
  const watchers: Client[] = [];
  beforeAll(async () => {
    running = await target.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const watcher of watchers.splice(0)) await watcher.close();
  });
  afterAll(() => running.stop());

  const connected = async (address = running.address, token = running.token): Promise<NacosGrpcClient> => {
    const client = new NacosGrpcClient({ address, token });
    clients.push(client);
    await client.connect();
    return client;
  };
  const ids = (service: string): Promise<string[]> => {
    const read = () => idsOf({ url: running.url, rootToken: running.token }, service);
    // The server may close a connection just when it is used again.
    return read().catch(read);
  };
  /** Records from now on why instances of a service were removed. */
  const removals = async (service: string): Promise<string[]> => {
    const watcher = rollcall({ url: running.url, token: running.token, onWarning: false });
    watchers.push(watcher);
    const causes: string[] = [];
    const begun = deferred<void>();
    watcher.watch(
      { services: [service] },
      {
        observer: true,
        onFrame: (frame) => {
          if (frame.type === 'snapshot') begun.resolve();
          if (frame.type === 'changes' && frame.changes.some(({ type }) => type === 'delete')) causes.push(frame.cause);
        },
      },
    );
    await begun.promise;
    return causes;
  };

  it('[NG3, NG4, NG5] are many: each registers, all are sent the last change, and all of their instances go with them', async () => {
    const all: NacosGrpcClient[] = [];
    for (let begin = 0; begin < MANY; begin += 50) {
      all.push(...(await Promise.all(Array.from({ length: 50 }, () => connected()))));
    }
    const place = (index: number) => ({ ip: `10.1.${index >> 8}.${index & 255}`, port: 80 });
    for (let begin = 0; begin < MANY; begin += 50) {
      const answers = await Promise.all(
        all.slice(begin, begin + 50).map((client, index) => client.register('many', place(begin + index))),
      );
      expect(answers.every(({ body }) => body.resultCode === 200)).toBe(true);
    }
    expect((await ids('many')).length).toBe(MANY);
    await Promise.all(all.map((client) => client.subscribe('few')));
    const [first] = all;
    if (first === undefined) throw new Error('there are clients');
    await first.register('few', A);
    const pushed = await Promise.all(all.map((client) => client.nextHosts((hosts) => hosts.length === 1)));
    expect(pushed.every(([host]) => host === ID_A)).toBe(true);
    for (const client of clients.splice(0)) client.close();
    await until(
      'all instances are gone',
      async () => (await ids('many')).length === 0 && (await ids('few')).length === 0,
    );
  });

  it('[NG6] are disconnected when their token is revoked, and refused when they come back', async () => {
    const asRoot = (method: string, path: string, body?: string) =>
      fetch(`${running.url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${running.token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body }),
      });
    const created = await asRoot('POST', '/tokens', '{"name":"x","grants":[{"scope":"read","ns":"public"}]}');
    const { id, token } = (await created.json()) as { id: string; token: string }; // `as`: the answer to the creation of a token
    const client = await connected(running.address, token);
    await client.subscribe('revoked');
    expect((await asRoot('DELETE', `/tokens/${id}`)).ok).toBe(true);
    await until('the stream has ended', () => client.ended !== undefined);
    const again = await connected(running.address, token);
    // A verified token is used again for a while.
    const refused = async () => (await again.subscribe('revoked')).body.errorCode === 403;
    await until('the token is refused', refused, 120_000);
  });

  it('[NG4] registers again after its connection was cut before the answer, without a duplicate', async () => {
    const [host, port] = running.address.split(':');
    const sockets = new Set<Socket>();
    /** True: what the server sends is dropped, and then the connection. */
    let isCut = false;
    const proxy = createServer((socket) => {
      const upstream = connect(Number(port), host);
      sockets.add(socket);
      socket.on('data', (bytes) => upstream.write(bytes)).on('error', () => {});
      upstream.on('data', (bytes) => isCut || socket.write(bytes)).on('error', () => {});
      socket.on('close', () => upstream.destroy());
      upstream.on('close', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port: proxyPort } = proxy.address() as { port: number }; // `as`: it listens on a port
    const first = await connected(`127.0.0.1:${proxyPort}`);
    isCut = true;
    const unanswered = first.register('cut', A).catch((error: Error) => error.message);
    await until('the registry has it', async () => (await ids('cut')).length === 1);
    const causes = await removals('cut');
    // As Java does: it connects again first, then leaves, and then registers again.
    const second = await connected();
    await second.register('cut', A);
    for (const socket of sockets) socket.destroy();
    expect(await unanswered).toContain('UNAVAILABLE');
    const third = await connected();
    expect(hostsOf(await third.query('cut'))).toEqual([ID_A]);
    await sleep(500);
    expect([await ids('cut'), causes]).toEqual([[ID_A], []]);
    proxy.close();
  });

  it('[NG4] moves to another gateway with its instances', async () => {
    const other = await running.another?.();
    const [first, subscriber] = [await connected(), await connected()];
    await first.register('moved', A);
    await subscriber.subscribe('moved');
    const causes = await removals('moved');
    const second = await connected(other?.address ?? running.address);
    expect((await second.register('moved', A)).body.resultCode).toBe(200);
    first.close();
    await sleep(500);
    expect([await ids('moved'), causes]).toEqual([[ID_A], []]);
    // The new connection holds it: its end is the end of the instance.
    second.close();
    expect(await subscriber.nextHosts((hosts) => hosts.length === 0)).toEqual([]);
    await other?.stop();
  });

  it('[NG4] keeps its instance while the server is frozen for half a minute', async () => {
    const client = await connected();
    await client.register('thawed', A);
    const causes = await removals('thawed');
    process.kill(running.pid(), 'SIGSTOP');
    const health = setInterval(() => client.ask('HealthCheckRequest').catch(() => {}), 5_000);
    await sleep(30_000);
    process.kill(running.pid(), 'SIGCONT');
    await client.ask('HealthCheckRequest');
    await sleep(7_000);
    clearInterval(health);
    expect([await ids('thawed'), causes, client.ended]).toEqual([[ID_A], [], undefined]);
  });

  it(`[NG9] goes on beside ${SILENT.toLocaleString('en')} connections that say nothing`, async () => {
    const [host, port] = running.address.split(':');
    const client = await connected();
    const silent: Socket[] = [];
    const settled: Promise<unknown>[] = [];
    for (let index = 0; index < SILENT; index += 1) {
      const socket = connect(Number(port), host);
      socket.on('error', () => {});
      silent.push(socket);
      settled.push(
        new Promise((resolve) => {
          socket.on('close', resolve);
          socket.on('connect', () => {
            // Half of them begin to speak.
            if (index % 2 === 0) socket.write(PREFACE);
            resolve(undefined);
          });
        }),
      );
      if (index % 500 === 499) await Promise.all(settled);
    }
    expect((await client.register('beside', A)).body.resultCode).toBe(200);
    expect(hostsOf(await client.subscribe('beside'))).toEqual([ID_A]);
    for (const socket of silent) socket.destroy();
    const later = await connected();
    expect(hostsOf(await later.query('beside'))).toEqual([ID_A]);
  });
});
