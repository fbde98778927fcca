import type { ServiceError } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EtcdClient } from '../../../test/dialects/etcd/etcd-client';
import { EtcdPort } from '../../../test/fixtures/etcd-port';
import {
  KV,
  Lease,
  type LeaseKeepAliveResponse,
  Watch,
  type WatchCreateRequest,
  WatchCreateRequest_FilterType,
  type WatchResponse,
} from '../../codecs/etcd/messages/rpc_pb';
import { bytesOf } from '../../model/bytes';
import { ATTENTION_PASS_MS, ETCD_WATCHES_PER_STREAM_MAX_COUNT } from '../../model/limits';

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const MEBIBYTE = 1024 * 1024;

let port: EtcdPort;
beforeEach(async () => {
  port = await EtcdPort.open();
});
afterEach(async () => {
  await port.close();
});

/** A stream of watches, with what came. */
class Watching {
  readonly responses: WatchResponse[] = [];
  readonly stream: ReturnType<typeof openWatch>;
  /** Code and text of its end. */
  end: string | undefined;

  constructor(client: EtcdClient) {
    this.stream = openWatch(client);
    this.stream.on('data', (response: WatchResponse) => this.responses.push(response));
    this.stream.on('error', ({ code, details }: ServiceError) => {
      this.end = `${code} ${details}`;
    });
  }

  create(request: Partial<WatchCreateRequest>): void {
    const { $typeName: _, $unknown: __, ...value } = { key: bytesOf('w'), ...request };
    this.stream.write({ requestUnion: { case: 'createRequest', value } });
  }

  cancel(watchId: bigint): void {
    this.stream.write({ requestUnion: { case: 'cancelRequest', value: { watchId } } });
  }

  askForProgress(): void {
    this.stream.write({ requestUnion: { case: 'progressRequest', value: {} } });
  }

  /** Waits for a number of responses. */
  async has(count: number): Promise<WatchResponse[]> {
    const enough = async () => {
      // What a socket had no room for is sent when time passes.
      await port.resident.pass(ATTENTION_PASS_MS);
      return this.responses.length;
    };
    await expect.poll(enough, { timeout: 50_000 }).toBeGreaterThanOrEqual(count);
    return this.responses;
  }
}

const openWatch = (client: EtcdClient) => client.stream(Watch.method.watch);

/** Checks that another client is served, and that no call has failed without a refusal. */
async function assertServes(): Promise<void> {
  const client = port.client();
  const watching = new Watching(client);
  watching.create({ key: bytesOf('still') });
  await watching.has(1);
  await client.call(KV.method.put, { key: bytesOf('still') });
  expect((await watching.has(2))[1]?.events).toHaveLength(1);
  watching.stream.cancel();
  expect(port.errors).toEqual([]);
}

describe('watches', () => {
  it('may have any id, but each only once', async () => {
    const watching = new Watching(port.client());
    const ids = [5n, INT64_MAX, INT64_MIN, -7n];
    for (const watchId of [...ids, ...ids, 0n]) watching.create({ watchId });
    const responses = await watching.has(9);
    expect(responses.slice(0, 4).map(({ watchId, created, canceled }) => [watchId, created, canceled])).toEqual(
      ids.map((id) => [id, true, false]),
    );
    for (const { watchId, canceled, cancelReason } of responses.slice(4, 8)) {
      expect([watchId, canceled, cancelReason]).toEqual([
        -1n,
        true,
        'mvcc: duplicate watch ID provided on the WatchStream',
      ]);
    }
    expect(responses[8]).toMatchObject({ created: true, canceled: false });
    await assertServes();
  });

  it('of the same keys get the same events, each with its id and its options', async () => {
    const client = port.client();
    const watching = new Watching(client);
    const { NOPUT } = WatchCreateRequest_FilterType;
    watching.create({});
    watching.create({ watchId: -3n });
    watching.create({ watchId: INT64_MAX, prevKv: true });
    watching.create({ watchId: 7n, fragment: true });
    watching.create({ watchId: 8n, filters: [NOPUT] });
    await watching.has(5);
    for (const value of ['1', '2']) await client.call(KV.method.put, { key: bytesOf('w'), value: bytesOf(value) });
    const { header } = await client.call(KV.method.deleteRange, { key: bytesOf('w') });
    const all = (await watching.has(5 + 4 * 2 + 5)).slice(5);
    const seen = (id: bigint) =>
      all
        .flatMap(({ watchId, events }) => (watchId === id ? events : []))
        .map(({ kv, prevKv }) => {
          const value = Buffer.from(kv?.value ?? []).toString();
          return prevKv === undefined ? value : `${value} after ${Buffer.from(prevKv.value).toString()}`;
        });
    expect([0n, -3n, INT64_MAX, 7n, 8n].map(seen)).toEqual([
      ['1', '2', ''],
      ['1', '2', ''],
      ['1', '2 after 1', ' after 2'],
      ['1', '2', ''],
      [''],
    ]);
    expect(all.map((each) => each.header?.revision)).toEqual(all.map(({ events }) => events[0]?.kv?.modRevision));
    expect(all.at(-1)?.header).toEqual(header);
    await assertServes();
  });

  it.each([-1n, INT64_MIN, INT64_MAX, 2n ** 53n, 1_000n])('may begin at the revision %s', async (startRevision) => {
    const client = port.client();
    const watching = new Watching(client);
    watching.create({ startRevision });
    expect((await watching.has(1))[0]).toMatchObject({ created: true, canceled: false });
    await client.call(KV.method.put, { key: bytesOf('w') });
    if (startRevision < 0n) expect((await watching.has(2))[1]?.events).toHaveLength(1);
    else {
      watching.askForProgress();
      expect((await watching.has(2))[1]).toMatchObject({ watchId: -1n, events: [] });
    }
    await assertServes();
  });

  it('of nothing are cancelled, and those of the first key are not', async () => {
    const watching = new Watching(port.client());
    watching.create({ key: bytesOf('z'), rangeEnd: bytesOf('a') });
    watching.create({ key: new Uint8Array(0) });
    watching.create({ key: new Uint8Array(0), rangeEnd: Uint8Array.of(0) });
    watching.create({ key: Uint8Array.of(0xff, 0xfe), rangeEnd: Uint8Array.of(0) });
    // `as`: numbers that are none of the type, which a client of another maker can send.
    watching.create({ filters: [99, -1] as unknown as WatchCreateRequest_FilterType[] });
    const responses = await watching.has(5);
    expect(responses.map(({ canceled }) => canceled)).toEqual([true, false, false, false, false]);
    await assertServes();
  });

  it('that do not exist may be cancelled, and messages may be empty', async () => {
    const watching = new Watching(port.client());
    for (const id of [0n, -1n, INT64_MAX, INT64_MIN]) watching.cancel(id);
    watching.stream.write({});
    watching.create({});
    watching.cancel(0n);
    watching.cancel(0n);
    const responses = await watching.has(2);
    expect(responses.map(({ created, canceled }) => [created, canceled])).toEqual([
      [true, false],
      [false, true],
    ]);
    await assertServes();
  });

  it('of a message that is none end with its refusal', async () => {
    const watching = new Watching(port.client());
    watching.create({});
    await watching.has(1);
    const hostile = port.client().rawStream('/etcdserverpb.Watch/Watch');
    const ended = new Promise<string>((resolve) => {
      hostile.on('error', ({ code, details }: ServiceError) => resolve(`${code} ${details}`));
      hostile.on('data', () => {});
    });
    hostile.write(Uint8Array.of(255, 255, 255));
    expect(await ended).toMatch(/^13 grpc: error unmarshalling request: /);
    expect(watching.end).toBeUndefined();
    await assertServes();
  });

  it(`are ${ETCD_WATCHES_PER_STREAM_MAX_COUNT} on a stream at most`, { timeout: 120_000 }, async () => {
    const watching = new Watching(port.client());
    for (let count = 0; count <= ETCD_WATCHES_PER_STREAM_MAX_COUNT; count++) watching.create({});
    const responses = await watching.has(ETCD_WATCHES_PER_STREAM_MAX_COUNT + 1);
    const refused = responses.filter(({ canceled }) => canceled);
    expect(refused.map(({ cancelReason }) => cancelReason)).toEqual(['etcdserver: too many requests']);
    expect(responses.at(-1)).toBe(refused[0]);
    await assertServes();
  });

  it('answer a flood of requests for progress, one after another or together', async () => {
    const watching = new Watching(port.client());
    for (let count = 0; count < 20; count++) watching.create({});
    await watching.has(20);
    for (let count = 0; count < 5_000; count++) watching.askForProgress();
    await assertServes();
    await watching.has(21);
    expect(watching.responses.slice(20).every(({ watchId }) => watchId === -1n)).toBe(true);
    expect(watching.end ?? '8 ').toMatch(/^8 /);
  });
});

describe('a client that reads nothing', () => {
  it('while 20 MB of events come leaves others unaffected, and resumes', { timeout: 120_000 }, async () => {
    const [writer, lazy, quick] = [port.client(), port.client(), port.client()];
    const watching = new Watching(lazy);
    watching.create({ key: bytesOf('big') });
    await watching.has(1);
    watching.stream.pause();
    const other = new Watching(quick);
    other.create({ key: bytesOf('big') });
    await other.has(1);
    global.gc?.();
    const before = process.memoryUsage().rss;
    const value = new Uint8Array(MEBIBYTE / 4).fill(120);
    for (let count = 1; count <= 80; count++) {
      await writer.call(KV.method.put, { key: bytesOf('big'), value });
      // One that reads keeps pace, in a process that it shares with the writer.
      await other.has(count + 1);
    }
    // The events, the registry's own copies, and what is not collected yet.
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * MEBIBYTE);
    await assertServes();
    watching.stream.resume();
    await expect
      .poll(
        async () => {
          await port.resident.pass(ATTENTION_PASS_MS);
          return watching.end ?? watching.responses.at(-1)?.events.at(-1)?.kv?.version;
        },
        { timeout: 50_000 },
      )
      .toSatisfy((is: unknown) => is === 80n || /^(8|14) /.test(String(is)));
    const last = watching.responses.at(-1)?.events.at(-1)?.kv?.modRevision ?? 1n;
    const again = new Watching(port.client());
    again.create({ key: bytesOf('big'), startRevision: last + 1n });
    const { events } = watching.end === undefined ? { events: [] } : ((await again.has(2))[1] ?? { events: [] });
    if (events[0] !== undefined) expect(events[0].kv?.modRevision).toBe(last + 1n);
    expect(port.errors).toEqual([]);
  });

  it('of renewals is bounded', { timeout: 120_000 }, async () => {
    const client = port.client();
    const { ID } = await client.call(Lease.method.leaseGrant, { TTL: 600n });
    const stream = client.stream(Lease.method.leaseKeepAlive);
    const answers: LeaseKeepAliveResponse[] = [];
    let end: string | undefined;
    stream.on('error', ({ code, details }: ServiceError) => {
      end = `${code} ${details}`;
    });
    stream.pause();
    for (let count = 0; count < 20_000; count++) stream.write({ ID });
    await assertServes();
    stream.on('data', (answer: LeaseKeepAliveResponse) => answers.push(answer));
    stream.resume();
    await expect
      .poll(() => end ?? answers.length, { timeout: 50_000 })
      .toSatisfy((is: unknown) => is === 20_000 || /^8 /.test(String(is)));
    expect(answers.every(({ TTL }) => TTL > 0n)).toBe(true);
    await assertServes();
  });
});

describe('streams', () => {
  it('may be 2,000 on a connection', { timeout: 120_000 }, async () => {
    const client = port.client();
    const streams = Array.from({ length: 2_000 }, () => new Watching(client));
    for (const each of streams) each.create({});
    for (const each of streams) await each.has(1);
    await client.call(KV.method.put, { key: bytesOf('w') });
    for (const each of streams) await each.has(2);
    expect(streams.every(({ end }) => end === undefined)).toBe(true);
    for (const { stream } of streams) stream.cancel();
    await assertServes();
  });

  it('with a wrong token end with its refusal', async () => {
    for (const [client, refusal] of [
      [port.client('wrong'), '16 etcdserver: invalid auth token'],
      [port.stranger(), '3 etcdserver: user name is empty'],
    ] as const) {
      const watching = new Watching(client);
      watching.create({});
      await expect.poll(() => watching.end).toBe(refusal);
    }
    await assertServes();
  });

  it('end with the refusal of a token that is revoked while they are open, at their next message', async () => {
    const given = port.give({ scope: 'operate', ns: '*' }, { scope: 'register', ns: '*' }, { scope: 'read', ns: '*' });
    const client = port.client(given.token);
    const { ID } = await client.call(Lease.method.leaseGrant, { TTL: 600n });
    const watching = new Watching(client);
    watching.create({});
    await watching.has(1);
    const stream = client.stream(Lease.method.leaseKeepAlive);
    const answers: LeaseKeepAliveResponse[] = [];
    let end = '';
    stream.on('data', (answer: LeaseKeepAliveResponse) => answers.push(answer));
    stream.on('error', ({ code, details }: ServiceError) => {
      end = `${code} ${details}`;
    });
    stream.write({ ID });
    await expect.poll(() => answers.length).toBe(1);
    port.revoke(given);
    stream.write({ ID });
    watching.create({});
    await expect.poll(() => [end, watching.end]).toEqual(Array(2).fill('16 etcdserver: invalid auth token'));
    expect([answers.length, watching.responses.length]).toEqual([1, 1]);
    await assertServes();
  });

  it('that renew leases of any id answer that there is none', async () => {
    const stream = port.client().stream(Lease.method.leaseKeepAlive);
    const answers: LeaseKeepAliveResponse[] = [];
    stream.on('data', (answer: LeaseKeepAliveResponse) => answers.push(answer));
    stream.on('error', () => {});
    const ids = [0n, -1n, INT64_MAX, INT64_MIN, 77n];
    for (const ID of ids) stream.write({ ID });
    await expect.poll(() => answers.length).toBe(5);
    expect(answers.map(({ ID, TTL }) => [ID, TTL])).toEqual(ids.map((id) => [id, 0n]));
    stream.cancel();
    await assertServes();
  });
});
