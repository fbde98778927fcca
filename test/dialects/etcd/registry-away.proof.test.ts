import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { KV, Lease, Watch, type WatchResponse } from '../../../src/codecs/etcd/messages/rpc_pb';
import { freePort } from '../../../src/launcher/listening-address';
import { bytesOf } from '../../../src/model/bytes';
import { endGateway, startGateway } from '../../programs/gateway-process';
import { startOn } from '../../programs/host';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';
import { call } from '../../watch-proofs/registry-calls';
import { until } from '../../watch-proofs/until';
import { EtcdClient, refusalOf } from './etcd-client';

/** A gateway whose registry is away for a minute, and clients that do what etcd's own do: they try again. */

const AWAY_MS = 60_000;
const TTL_SECONDS = 8n;
/** Time within which every call of a client is answered, also while the registry is away. */
const ANSWERED_MS = 20_000;

/** Folders of the data, which concurrent tests can't make for themselves. */
const FOLDERS = { frozen: temporaryFolderOfFile(), stopped: temporaryFolderOfFile() };

/** Sends keepalives of a lease, on a stream that is opened again whenever it ends. Returns a function that stops it. */
function keepAlive(client: EtcdClient, ID: bigint): () => void {
  let isOver = false;
  const opened = () => {
    const made = client.stream(Lease.method.leaseKeepAlive);
    made.on('error', () => {
      if (!isOver) setTimeout(() => (stream = opened()), 300);
    });
    return made.resume();
  };
  let stream = opened();
  const timer = setInterval(() => stream.writable && stream.write({ ID }), 1_000);
  return () => {
    isOver = true;
    clearInterval(timer);
    stream.cancel();
  };
}

/** Watches a key from a revision on, and begins again after the last change whenever the stream ends. */
class ResumedWatch {
  readonly values: string[] = [];
  /** Codes with which streams ended. */
  readonly ends: number[] = [];
  /** True if the server has canceled a watch, after which clients don't begin it again. */
  isCanceled = false;
  readonly #client: EtcdClient;
  readonly #key: string;
  #next: bigint;
  #isOver = false;

  constructor(client: EtcdClient, key: string, from: bigint) {
    this.#client = client;
    this.#key = key;
    this.#next = from;
    this.#open();
  }

  stop(): void {
    this.#isOver = true;
  }

  #open(): void {
    if (this.#isOver) return;
    const stream = this.#client.stream(Watch.method.watch);
    stream.on('data', (response: WatchResponse) => {
      this.isCanceled ||= response.canceled;
      for (const { kv } of response.events) {
        this.values.push(Buffer.from(kv?.value ?? []).toString());
        this.#next = (kv?.modRevision ?? 0n) + 1n;
      }
    });
    stream.on('error', ({ code }: { code: number }) => {
      this.ends.push(code);
      setTimeout(() => this.#open(), 300);
    });
    const value = { key: bytesOf(this.#key), startRevision: this.#next };
    stream.write({ requestUnion: { case: 'createRequest', value } });
  }
}

it.concurrent.each(['frozen', 'stopped'] as const)(
  '[EW4, KL8, KL10] a registry that is %s for a minute behind a gateway costs no lease, no event, and no read is stale',
  async (how) => {
    const data = FOLDERS[how];
    let registry = await startOn('workerd', { data });
    const { url, rootToken: token } = registry;
    const port = await freePort();
    const gateway = await startGateway({ url, token, port });
    const address = `127.0.0.1:${port}`;
    const client = new EtcdClient({ address, token });
    const leave: (() => unknown)[] = [];
    try {
      const { ID } = await client.call(Lease.method.leaseGrant, { TTL: TTL_SECONDS });
      leave.push(keepAlive(client, ID));
      await client.call(KV.method.put, { key: bytesOf('held'), value: bytesOf('1'), lease: ID });
      const { header } = await client.call(KV.method.put, { key: bytesOf('seen'), value: bytesOf('0') });
      const watch = new ResumedWatch(client, 'seen', header?.revision ?? 0n);
      leave.push(() => watch.stop());
      await until('the watch has begun', () => watch.values.length === 1);

      if (how === 'frozen') process.kill(registry.pid, 'SIGSTOP');
      else await registry.stop();
      const awayUntil = performance.now() + AWAY_MS;
      const refusals = new Set<string>();
      while (performance.now() < awayUntil) {
        const range = client.call(KV.method.range, { key: bytesOf('seen') }, { deadlineMs: ANSWERED_MS });
        refusals.add((await refusalOf(range)).split(' ', 1)[0] ?? '');
        await sleep(500);
      }
      if (how === 'frozen') process.kill(registry.pid, 'SIGCONT');
      else registry = await startOn('workerd', { data, port: Number(new URL(url).port), rootToken: token });

      // UNAVAILABLE is what makes clients come back; DEADLINE_EXCEEDED is the client's own, before the gateway gives up.
      expect([...refusals].filter((code) => code !== '14' && code !== '4')).toEqual([]);
      const written = Array.from({ length: 20 }, (_, index) => String(index + 1));
      for (const value of written) {
        await until('the registry is written', async () => {
          await call(registry, 'PUT', '/kv/seen', value);
          return true;
        });
        let read = '';
        await until('the gateway reads', async () => {
          const range = client.call(KV.method.range, { key: bytesOf('seen') }, { deadlineMs: ANSWERED_MS });
          const found = await range.catch(() => undefined);
          read = Buffer.from(found?.kvs[0]?.value ?? []).toString();
          return found !== undefined;
        });
        expect(JSON.parse(read)).toBe(value);
      }
      await until('the watch has everything', () => watch.isCanceled || watch.values.length >= written.length + 1);
      expect(watch.isCanceled).toBe(false);
      expect(watch.values).toEqual(['0', ...written.map((value) => JSON.stringify(value))]);
      expect(watch.ends.filter((code) => code !== 14)).toEqual([]);
      expect(watch.ends.length).toBeGreaterThan(0);
      // Longer than any delay after which the lease would end if nothing kept it.
      await sleep(4 * Number(TTL_SECONDS) * 1_000);
      const { kvs } = await client.call(KV.method.range, { key: bytesOf('held') });
      expect(kvs.map(({ lease }) => lease)).toEqual([ID]);
    } finally {
      for (const each of leave) each();
      client.close();
      if (how === 'frozen') process.kill(registry.pid, 'SIGCONT');
      await endGateway(gateway, 'SIGTERM');
      await registry.stop();
    }
  },
);
