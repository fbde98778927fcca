import { create, toBinary } from '@bufbuild/protobuf';
import { AnySchema } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { Answered, NacosGrpcClient, Pushed } from '../../../test/dialects/nacos/nacos-grpc-client';
import { NacosPort } from '../../../test/fixtures/nacos-port';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { MetadataSchema, PayloadSchema } from '../../codecs/nacos/messages/nacos_grpc_service_pb';
import {
  NACOS_NAMES_PER_PUSH_MAX_COUNT,
  NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT,
  NACOS_REPLY_MAX_MS,
  NACOS_SILENCE_MAX_MS,
} from '../../model/limits';
import {
  go23,
  java22,
  java25,
  java31,
  javaFuzzyWatch,
  javaPersistent,
  javaRetained,
  type RecordedClient,
  type RecordedMessage,
} from './recorded-messages';

/**
 * Types of Go's client, whose decoder fails on a member of another JSON type: what it takes, Java's and Rust's take, too. Source:
 * `model/service.go` and `rpc_response.go` of `nacos-sdk-go` 2.3.5.
 */
const unsigned = z.int().nonnegative();
const GoInstance = z.object({
  instanceId: z.string().min(1),
  ip: z.string(),
  port: unsigned,
  weight: z.number(),
  healthy: z.boolean(),
  enabled: z.boolean(),
  ephemeral: z.boolean(),
  clusterName: z.string(),
  serviceName: z.string(),
  metadata: z.record(z.string(), z.string()),
  instanceHeartBeatInterval: z.int().optional(),
  ipDeleteTimeout: z.int().optional(),
  instanceHeartBeatTimeOut: z.int().optional(),
});
const GoService = z.object({
  cacheMillis: unsigned.positive(),
  // Java ignores a list without hosts, or with null: `ServiceInfoHolder.isEmptyOrErrorPush`.
  hosts: z.array(GoInstance),
  checksum: z.string(),
  lastRefTime: unsigned.positive(),
  clusters: z.string(),
  name: z.string().min(1),
  groupName: z.string().min(1),
  valid: z.boolean(),
  allIPs: z.boolean(),
  reachProtectionThreshold: z.boolean(),
});
type GoService = z.output<typeof GoService>;
const GoResponse = z.object({
  resultCode: z.int(),
  errorCode: z.int(),
  // Java derives it, Rust reads the code: Go reads this.
  success: z.boolean(),
  message: z.string().optional(),
  requestId: z.string(),
});

/** Encodes a message as `GrpcUtils.convert` and `convertRequest` do: with the client's address, and an `Any` without a type. */
const encoded = ({ type, headers = {}, body }: RecordedMessage): Uint8Array =>
  toBinary(
    PayloadSchema,
    create(PayloadSchema, {
      metadata: create(MetadataSchema, { type, headers, clientIp: '10.0.0.1' }),
      body: create(AnySchema, { value: Buffer.from(body) }),
    }),
  );

let port: NacosPort;
beforeEach(async () => {
  // The checks of connections happen when a test lets time pass.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  port = await NacosPort.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await port.close();
  vi.useRealTimers();
  expect(port.errors).toEqual([]);
});

/** One connection of a real client: it sends what was recorded, and answers as the client does. */
class Replay {
  readonly recorded: RecordedClient;
  readonly client: NacosGrpcClient;

  constructor(recorded: RecordedClient) {
    this.recorded = recorded;
    this.client = port.client();
    this.client.acknowledges = false;
  }

  /** Connects as the client does, and returns the answer to its first message. */
  static async connected(recorded: RecordedClient): Promise<Replay> {
    const replay = new Replay(recorded);
    await replay.ask(recorded.serverCheck);
    replay.client.open();
    replay.client.sendBytes(encoded(recorded.setup));
    await expect.poll(async () => (await replay.ask(recorded.healthCheck)).body.errorCode).toBe(0);
    return replay;
  }

  ask(message: RecordedMessage): Promise<Answered> {
    return this.client.askBytes(encoded(message));
  }

  /** Sends a message, and checks that its answer is one of success of a type. */
  async succeed(message: RecordedMessage, type: string): Promise<Answered> {
    const answer = await this.ask(message);
    expect(answer.type).toBe(type);
    expect(GoResponse.parse(answer.body)).toMatchObject({ resultCode: 200, errorCode: 0, success: true });
    return answer;
  }

  /** Takes the next push of a type, and acknowledges it. */
  async take(type: string): Promise<Pushed> {
    const pushed = await this.client.next(type);
    const id: unknown = pushed.body.requestId;
    expect(id).toMatch(/^\d+$/);
    this.client.sendBytes(encoded(this.recorded.answer(type, String(id))));
    return pushed;
  }

  /** Takes the next list. */
  async takeList(): Promise<GoService> {
    const { body } = await this.take('NotifySubscriberRequest');
    return GoService.parse(body.serviceInfo);
  }
}

/** Returns the instances of a service by the native API, with all that a registration sets. */
async function stored(service: string): Promise<{ id: string; revision: number }[]> {
  const answer = await port.app.ask('GET', `/api/v1/ns/public/groups/DEFAULT_GROUP/services/${service}/instances`);
  const { instances } = (await answer.json()) as { instances: { id: string; revision: number }[] }; // `as`: the native API
  return instances.map(({ id, revision }) => ({ id, revision }));
}

const places = ({ hosts }: GoService): string[] => hosts.map(({ ip, port: at }) => `${ip}:${at}`).sort();

describe.each([
  ['Java 2.2', java22(ROOT_TOKEN), false],
  ['Java 2.5', java25(ROOT_TOKEN), true],
  ['Java 3.1', java31(ROOT_TOKEN), true],
  ['Go 2.3', go23(ROOT_TOKEN), false],
])('%s', (_name, recorded, negotiates) => {
  it('[NG2] connects: checks the server, introduces itself, and gives signs of life', async () => {
    const replay = new Replay(recorded);
    const checked = await replay.succeed(recorded.serverCheck, 'ServerCheckResponse');
    expect(checked.body).toMatchObject({ connectionId: expect.stringMatching(/./), supportAbilityNegotiation: true });
    replay.client.open();
    replay.client.sendBytes(encoded(recorded.setup));
    if (negotiates) {
      const { body } = await replay.client.next('SetupAckRequest');
      expect(body.abilityTable).toEqual({ supportPersistentInstanceByGrpc: true, fuzzyWatch: true });
    }
    await expect.poll(async () => (await replay.ask(recorded.healthCheck)).body.errorCode).toBe(0);
    await replay.succeed(recorded.healthCheck, 'HealthCheckResponse');
    await replay.succeed(recorded.query, 'QueryServiceResponse');
    // Clients without a table don't know that push.
    expect(replay.client.pushed).toEqual([]);
    expect(port.listener.connections).toBe(1);
  });

  it('[NG3] registers, repeats that without a change, lists, queries and deregisters', async () => {
    const replay = await Replay.connected(recorded);
    const registered = await replay.succeed(recorded.register, 'InstanceResponse');
    expect(registered.body.type).toBe('registerInstance');
    const before = await stored('orders');
    expect(before).toMatchObject([{ id: '10.0.0.1:8080' }]);
    await replay.succeed(recorded.register, 'InstanceResponse');
    expect(await stored('orders')).toEqual(before);
    const list = await replay.succeed(recorded.list, 'ServiceListResponse');
    expect(list.body).toMatchObject({ count: 1, serviceNames: ['orders'] });
    const { body } = await replay.succeed(recorded.query, 'QueryServiceResponse');
    const service = GoService.parse(body.serviceInfo);
    expect(service).toMatchObject({ name: 'orders', groupName: 'DEFAULT_GROUP', clusters: '', valid: true });
    const sent: { instance: { weight: number; metadata: object } } = JSON.parse(recorded.register.body);
    expect(service.hosts).toMatchObject([
      {
        instanceId: '10.0.0.1#8080#DEFAULT#DEFAULT_GROUP@@orders',
        ip: '10.0.0.1',
        port: 8080,
        weight: sent.instance.weight,
        healthy: true,
        enabled: true,
        ephemeral: true,
        clusterName: 'DEFAULT',
        serviceName: 'DEFAULT_GROUP@@orders',
        metadata: sent.instance.metadata,
      },
    ]);
    await replay.succeed(recorded.deregister, 'InstanceResponse');
    expect(await stored('orders')).toEqual([]);
    // The redo task of Java repeats it if the first answer was lost.
    const again = await replay.succeed(recorded.deregister, 'InstanceResponse');
    expect(again.body.type).toBe('deregisterInstance');
  });

  it('[NG5] subscribes, is sent each list, acknowledges it, and unsubscribes', async () => {
    const [replay, other] = [await Replay.connected(recorded), await Replay.connected(recorded)];
    const { body } = await replay.succeed(recorded.subscribe, 'SubscribeServiceResponse');
    const first = GoService.parse(body.serviceInfo);
    expect(first).toMatchObject({ name: 'orders', groupName: 'DEFAULT_GROUP', clusters: '', hosts: [] });
    await other.ask(recorded.register);
    const second = await replay.takeList();
    expect(places(second)).toEqual(['10.0.0.1:8080']);
    // Go drops a list that is only as new as the one it has; Java one that is older.
    expect(second.lastRefTime).toBeGreaterThan(first.lastRefTime);
    expect(second).toMatchObject({ name: 'orders', groupName: 'DEFAULT_GROUP', clusters: '' });
    await other.ask(recorded.deregister);
    let third = await replay.takeList();
    // A push soon after a subscription is repeated.
    while (places(third).length > 0) third = await replay.takeList();
    expect(places(third)).toEqual([]);
    expect(third.lastRefTime).toBeGreaterThan(second.lastRefTime);
    await replay.succeed(recorded.unsubscribe, 'SubscribeServiceResponse');
    replay.client.pushed.length = 0;
    await other.ask(recorded.register);
    const { body: again } = await replay.succeed(recorded.subscribe, 'SubscribeServiceResponse');
    expect(places(GoService.parse(again.serviceInfo))).toEqual(['10.0.0.1:8080']);
    expect(replay.client.pushed).toEqual([]);
  });

  it('[NG3] registers a batch, which deregistering any of its instances removes', async () => {
    const replay = await Replay.connected(recorded);
    const { body } = await replay.succeed(recorded.registerBatch, 'BatchInstanceResponse');
    expect(body.type).toBe('batchRegisterInstance');
    const before = await stored('carts');
    expect(before.map(({ id }) => id)).toEqual(['10.0.0.1:1', '10.0.0.1:2']);
    await replay.succeed(recorded.registerBatch, 'BatchInstanceResponse');
    expect(await stored('carts')).toEqual(before);
    const removal = recorded.deregister.body.replace('"orders"', '"carts"').replace('8080', '1');
    await replay.succeed({ ...recorded.deregister, body: removal }, 'InstanceResponse');
    expect(await stored('carts')).toEqual([]);
  });

  it('[NG4] repeats everything on a new connection, without a duplicate', async () => {
    const [before, watcher] = [await Replay.connected(recorded), await Replay.connected(recorded)];
    await before.ask(recorded.register);
    await before.ask(recorded.registerBatch);
    await before.ask(recorded.subscribe);
    await watcher.ask(recorded.subscribe);
    // The old connection is closed only when the new one is there: `RpcClient.reconnect`.
    const after = await Replay.connected(recorded);
    before.client.close();
    await expect.poll(() => port.listener.connections).toBe(2);
    await after.succeed(recorded.register, 'InstanceResponse');
    await after.succeed(recorded.registerBatch, 'BatchInstanceResponse');
    const { body } = await after.succeed(recorded.subscribe, 'SubscribeServiceResponse');
    expect(places(GoService.parse(body.serviceInfo))).toEqual(['10.0.0.1:8080']);
    expect((await stored('orders')).map(({ id }) => id)).toEqual(['10.0.0.1:8080']);
    expect((await stored('carts')).map(({ id }) => id)).toEqual(['10.0.0.1:1', '10.0.0.1:2']);
    for (;;) if (places(await watcher.takeList()).length === 1) break;
  });

  it('[NG10] is asked to go elsewhere, and keeps its instances', async () => {
    const replay = await Replay.connected(recorded);
    await replay.ask(recorded.register);
    const before = await stored('orders');
    const closed = port.listener.close(600_000);
    const { body } = await replay.take('ConnectResetRequest');
    // Java takes another server of its list unless this one names a server; Go, too.
    expect(body).toMatchObject({ requestId: expect.any(String) });
    expect([body.serverIp, body.serverPort]).toEqual([undefined, undefined]);
    replay.client.close();
    await closed;
    expect(await stored('orders')).toEqual(before);
  });

  it('[NG4] answers a request for a sign of life', async () => {
    const replay = await Replay.connected(recorded);
    await replay.ask(recorded.register);
    vi.advanceTimersByTime(NACOS_SILENCE_MAX_MS + 1_000);
    await replay.take('ClientDetectionRequest');
    // Comes after that answer, and is no sign of life.
    await replay.ask(recorded.serverCheck);
    vi.advanceTimersByTime(NACOS_SILENCE_MAX_MS - 1_000);
    expect(port.listener.connections).toBe(1);
    expect(await stored('orders')).toHaveLength(1);
    // A client that answers nothing is gone.
    vi.advanceTimersByTime(1_000 + NACOS_REPLY_MAX_MS);
    await expect.poll(() => stored('orders')).toEqual([]);
    expect(replay.client.ended).toBeDefined();
  });

  it('[NG2] gets 301 on a connection that has not been introduced, upon which it connects again', async () => {
    const replay = new Replay(recorded);
    await replay.ask(recorded.serverCheck);
    for (const message of [recorded.register, recorded.subscribe, recorded.query, recorded.list]) {
      const { type, body } = await replay.ask(message);
      expect(type).toBe('ErrorResponse');
      expect(GoResponse.parse(body)).toMatchObject({ resultCode: 500, errorCode: 301, success: false });
    }
  });

  it('[NG6] reads a refusal as the answer to its request, not as a fault of the connection', async () => {
    const replay = await Replay.connected(recorded);
    const kinds = [
      [recorded.register, 'InstanceResponse'],
      [recorded.registerBatch, 'BatchInstanceResponse'],
      [recorded.deregister, 'InstanceResponse'],
      [recorded.query, 'QueryServiceResponse'],
      [recorded.subscribe, 'SubscribeServiceResponse'],
      [recorded.unsubscribe, 'SubscribeServiceResponse'],
      [recorded.list, 'ServiceListResponse'],
    ] as const;
    for (const [message, type] of kinds) {
      const answer = await replay.ask({ ...message, headers: {} });
      // `RpcClient.request` repeats a request that gets an `ErrorResponse` three times, and then doubts its connection;
      // `NamingGrpcClientProxy.requestToServer` logs in again upon 403 in an answer of the type that it expects.
      expect(answer.type).toBe(type);
      expect(GoResponse.parse(answer.body)).toMatchObject({ resultCode: 500, errorCode: 403, success: false });
    }
    const wrong = { ...recorded.register, body: recorded.register.body.replace('8080', '80800') };
    expect(await replay.ask(wrong)).toMatchObject({ type: 'InstanceResponse', body: { errorCode: 400 } });
    expect(await stored('orders')).toEqual([]);
  });
});

describe('lists', () => {
  it('[NG5] of a query are older than a push with a later change, even in the same millisecond', async () => {
    const recorded = go23(ROOT_TOKEN);
    const replay = await Replay.connected(recorded);
    await replay.ask(recorded.subscribe);
    const now = Date.now() + 5;
    vi.spyOn(Date, 'now').mockReturnValue(now);
    const { body } = await replay.ask(recorded.query);
    await replay.ask(recorded.register);
    // `ServiceInfoHolder.ProcessService` of Go: a list is dropped unless it is newer.
    expect((await replay.takeList()).lastRefTime).toBeGreaterThan(GoService.parse(body.serviceInfo).lastRefTime);
  });

  it('[NG5] have the clusters as the client names them, which is the key of its cache', async () => {
    const recorded = java22(ROOT_TOKEN);
    const replay = await Replay.connected(recorded);
    const named = {
      ...recorded.subscribe,
      body: recorded.subscribe.body.replace('"clusters":""', '"clusters":"b,DEFAULT"'),
    };
    const { body } = await replay.ask(named);
    expect(body.serviceInfo.clusters).toBe('b,DEFAULT');
    await replay.ask(recorded.register);
    const list = await replay.takeList();
    expect(list.clusters).toBe('b,DEFAULT');
    expect(places(list)).toEqual(['10.0.0.1:8080']);
  });

  it('[NG3] keep what each client sends as null, or not at all', async () => {
    const recorded = go23(ROOT_TOKEN);
    const replay = await Replay.connected(recorded);
    await replay.ask(recorded.registerBatch);
    const { body } = await replay.ask({ ...recorded.query, body: recorded.query.body.replace('"orders"', '"carts"') });
    const service = GoService.parse(body.serviceInfo);
    expect(service.hosts.map(({ metadata, weight, clusterName }) => [metadata, weight, clusterName])).toEqual([
      [{}, 10, 'DEFAULT'],
      [{}, 10, 'DEFAULT'],
    ]);
  });
});

describe('Java 3.1', () => {
  const recorded = java31(ROOT_TOKEN);

  it('[NG3] deregisters a part of a batch by registering the rest', async () => {
    const replay = await Replay.connected(recorded);
    await replay.ask(recorded.registerBatch);
    const kept = (await stored('carts')).filter(({ id }) => id === '10.0.0.1:2');
    const { body } = await replay.succeed(javaRetained(ROOT_TOKEN), 'BatchInstanceResponse');
    expect(body.type).toBe('batchRegisterInstance');
    expect(await stored('carts')).toEqual(kept);
    // The last part leaves an empty list.
    const none = {
      ...recorded.registerBatch,
      body: recorded.registerBatch.body.replace(/"instances":\[.*\]/, '"instances":[]'),
    };
    await replay.succeed(none, 'BatchInstanceResponse');
    expect(await stored('carts')).toEqual([]);
  });

  it('[NG8] registers a persistent instance, which stays, and removes it from another connection', async () => {
    const replay = await Replay.connected(recorded);
    const { body } = await replay.succeed(javaPersistent('registerInstance', ROOT_TOKEN), 'InstanceResponse');
    expect(body.type).toBe('registerInstance');
    const before = await stored('disks');
    expect(before).toHaveLength(1);
    replay.client.close();
    await expect.poll(() => port.listener.connections).toBe(0);
    expect(await stored('disks')).toEqual(before);
    const next = await Replay.connected(recorded);
    const query = { ...recorded.query, body: recorded.query.body.replace('"orders"', '"disks"') };
    const service = GoService.parse((await next.ask(query)).body.serviceInfo);
    expect(service.hosts).toMatchObject([{ ip: '10.0.0.9', port: 9, ephemeral: false, healthy: true }]);
    await next.succeed(javaPersistent('deregisterInstance', ROOT_TOKEN), 'InstanceResponse');
    expect(await stored('disks')).toEqual([]);
    await next.succeed(javaPersistent('deregisterInstance', ROOT_TOKEN), 'InstanceResponse');
  });

  it('[NG7] watches names of services: batches, the end of them, changes, and the comparison every three minutes', async () => {
    const [replay, other] = [await Replay.connected(recorded), await port.connected()];
    const names = Array.from({ length: NACOS_NAMES_PER_PUSH_MAX_COUNT + 1 }, (_, index) => `shop-${index}`);
    await Promise.all(names.map((name) => other.register(name, { ip: '10.0.0.7', port: 80 })));
    await other.register('orders', { ip: '10.0.0.1', port: 80 });

    // What `NamingFuzzyWatchContext` keeps, and `NamingFuzzyWatchNotifyRequestHandler` does with each push.
    const received = new Set<string>();
    const takeBatch = async (): Promise<string> => {
      const { body } = await replay.take('NamingFuzzyWatchSyncRequest');
      expect(body.groupKeyPattern).toBe('public>>DEFAULT_GROUP>>shop-*');
      for (const { serviceKey, changedType } of body.contexts) {
        expect(changedType).toBe('ADD_SERVICE');
        received.add(serviceKey);
      }
      return body.syncType;
    };
    await replay.succeed(javaFuzzyWatch({ initializing: true, received: [] }, ROOT_TOKEN), 'NamingFuzzyWatchResponse');
    expect(await takeBatch()).toBe('FUZZY_WATCH_INIT_NOTIFY');
    expect(received.size).toBe(NACOS_NAMES_PER_PUSH_MAX_COUNT);
    expect(await takeBatch()).toBe('FUZZY_WATCH_INIT_NOTIFY');
    expect(received).toEqual(new Set(names.map((name) => `public@@DEFAULT_GROUP@@${name}`)));
    expect(await takeBatch()).toBe('FINISH_FUZZY_WATCH_INIT_NOTIFY');

    const takeChange = async (): Promise<unknown> => {
      const { body } = await replay.take('NamingFuzzyWatchChangeNotifyRequest');
      expect(body.syncType).toBe('FUZZY_WATCH_RESOURCE_CHANGED');
      return [body.changedType, body.serviceKey];
    };
    const added = { ip: '10.0.0.1', port: 81 };
    await other.register('shop-new', added);
    expect(await takeChange()).toEqual(['ADD_SERVICE', 'public@@DEFAULT_GROUP@@shop-new']);
    await other.deregister('shop-new', added);
    expect(await takeChange()).toEqual(['DELETE_SERVICE', 'public@@DEFAULT_GROUP@@shop-new']);

    // Equal: nothing is sent. The next change is the first push.
    const all = { initializing: false, received: [...received] };
    await replay.succeed(javaFuzzyWatch(all, ROOT_TOKEN), 'NamingFuzzyWatchResponse');
    const [lost = ''] = received;
    const differs = { initializing: false, received: [...[...received].slice(1), 'public@@DEFAULT_GROUP@@shop-gone'] };
    await replay.succeed(javaFuzzyWatch(differs, ROOT_TOKEN), 'NamingFuzzyWatchResponse');
    expect([await takeChange(), await takeChange()]).toEqual(
      expect.arrayContaining([
        ['DELETE_SERVICE', 'public@@DEFAULT_GROUP@@shop-gone'],
        ['ADD_SERVICE', lost],
      ]),
    );

    // After a reconnect, the same on a new connection: only what happened meanwhile.
    const next = await Replay.connected(recorded);
    replay.client.close();
    await other.register('shop-new', added);
    await next.succeed(javaFuzzyWatch(all, ROOT_TOKEN), 'NamingFuzzyWatchResponse');
    expect((await next.take('NamingFuzzyWatchChangeNotifyRequest')).body.serviceKey).toContain('@@shop-new');
    const cancelled = { initializing: false, received: [], watchType: 'CANCEL_WATCH' as const };
    await next.succeed(javaFuzzyWatch(cancelled, ROOT_TOKEN), 'NamingFuzzyWatchResponse');
    await other.deregister('shop-new', added);
    await next.ask(recorded.subscribe);
    await other.deregister('orders', { ip: '10.0.0.1', port: 80 });
    expect(places(await next.takeList())).toEqual([]);
    expect(next.client.pushed.filter(({ type }) => type !== 'NotifySubscriberRequest')).toEqual([]);
  });

  it('[NG7] gets the code of too many patterns, which its watchers know', async () => {
    const replay = await Replay.connected(recorded);
    const pattern = (name: string): RecordedMessage => {
      const message = javaFuzzyWatch({ initializing: true, received: [] }, ROOT_TOKEN);
      return { ...message, body: message.body.replace('shop-*', name) };
    };
    for (let index = 0; index < NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT; index += 1) {
      await replay.succeed(pattern(`a${index}`), 'NamingFuzzyWatchResponse');
    }
    const refused = await replay.ask(pattern('b'));
    expect(refused).toMatchObject({ type: 'NamingFuzzyWatchResponse', body: { resultCode: 500, errorCode: 50_310 } });
  });
});
