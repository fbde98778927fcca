import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Answered, NacosClientOptions, NacosGrpcClient } from '../../../test/dialects/nacos/nacos-grpc-client';
import { closeWatched, everything, openWatched, outcome } from '../../../test/fixtures/nacos-outcomes';
import type { NacosPort } from '../../../test/fixtures/nacos-port';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { deferred } from '../../model/deferred';
import type { Grant } from '../../model/grant';
import { METADATA_MAX_BYTES, NACOS_REPLY_MAX_MS, NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT } from '../../model/limits';
import { Pushes } from './pushes';

let port: NacosPort;
/** A client that does nothing wrong, subscribed to `orders`. */
let other: NacosGrpcClient;
beforeEach(async () => {
  ({ port, other } = await openWatched());
});
afterEach(() => closeWatched({ port, other }));

const A = { ip: '10.0.0.1', port: 80 };
const B = { ip: '10.0.0.2', port: 80 };

/** Has tokens that are not known wait for their verification, until the returned function is called. */
function holdTokens(): () => void {
  const gate = deferred<void>();
  port.app.directory.gate = gate.promise;
  return gate.resolve;
}

const registration = (members: object, instance: object = A) => ({
  namespace: 'public',
  serviceName: 'carts',
  groupName: 'DEFAULT_GROUP',
  type: 'registerInstance',
  instance: { ...instance, ...members },
});

const batchOf = (instances: object[]) => ({
  namespace: 'public',
  serviceName: 'carts',
  groupName: 'DEFAULT_GROUP',
  type: 'batchRegisterInstance',
  instances,
});

describe('tokens', () => {
  /** Names of tokens that were not issued. An address that sends many of those is refused for a while, which is 503. */
  const WRONG = ['wrong', 'long', 'hostile'];

  it('[NG6] that are missing, wrong or not enough get 403, and change nothing', async () => {
    await other.register('carts', B);
    const before = await everything(port);
    const tokens = {
      missing: undefined,
      empty: '',
      none: port.give().token,
      elsewhere: port.give({ scope: 'admin', ns: 'elsewhere' }).token,
      others: port.give(
        { scope: 'admin', ns: 'elsewhere' },
        { scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@x'] },
      ).token,
      wrong: `${ROOT_TOKEN.slice(0, -1)}x`,
      long: 'x'.repeat(10_000),
      hostile: 'public.__proto__',
    };
    for (const [name, token] of Object.entries(tokens)) {
      const asks: ((client: NacosGrpcClient) => Promise<Answered>)[] = [
        (client) => client.register('carts', A),
        (client) => client.deregister('carts', B),
        (client) => client.ask('BatchInstanceRequest', batchOf([A])),
        (client) => client.ask('PersistentInstanceRequest', registration({})),
        (client) => client.ask('PersistentInstanceRequest', { ...registration({}, B), type: 'deregisterInstance' }),
        (client) => client.query('carts'),
        (client) => client.subscribe('carts'),
        (client) => client.ask('NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>*>>*', watchType: 'WATCH' }),
      ];
      for (const [index, ask] of asks.entries()) {
        // The socket of a connection that was refused opens again only later.
        const client = await port.connected({ token } as Partial<NacosClientOptions>); // `as`: a member may be undefined here
        const code = await outcome(ask(client));
        // Without a grant, nothing was registered that could be removed.
        const isNone = code === 0 && index === 1 && !WRONG.includes(name);
        if (!isNone) expect(WRONG.includes(name) ? [403, 503] : [403], `${name} ${index}`).toContain(code);
        expect(client.pushed, name).toEqual([]);
        client.close();
      }
      expect(await everything(port), name).toBe(before);
    }
  });

  it('[NG6] that may only read register nothing, and that may only register a service nothing else', async () => {
    const reader = await port.connected({ token: port.give({ scope: 'read', ns: 'public' }).token });
    expect(await outcome(reader.register('carts', A))).toBe(403);
    expect(await outcome(reader.subscribe('carts'))).toBe(0);
    const grants: Grant = { scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@carts'] };
    const writer = await port.connected({ token: port.give(grants).token });
    expect(await outcome(writer.register('carts', A))).toBe(0);
    expect(await outcome(writer.register('other', A))).toBe(403);
    expect(await reader.nextHosts()).toEqual(['10.0.0.1:80']);
    expect(await everything(port)).toMatch(/^DEFAULT_GROUP carts 10\.0\.0\.1:80 \d+$/);
  });
});

describe('clients that ask too much', () => {
  it('[NG9] with more requests under way than are allowed have the others refused, and answer all', async () => {
    const { token } = port.give({ scope: 'read', ns: 'public' });
    const client = await port.connected({ token });
    const open = holdTokens();
    const asked = Array.from({ length: NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT }, () =>
      outcome(client.query('orders')),
    );
    const more = [outcome(client.query('orders')), outcome(client.register('carts', A))];
    expect(await Promise.all(more)).toEqual([503, 503]);
    // Others are served meanwhile.
    expect(await outcome(other.query('orders'))).toBe(0);
    open();
    expect(new Set(await Promise.all(asked))).toEqual(new Set([0]));
    expect(await outcome(client.query('orders'))).toBe(0);
  });
});

describe('subscribers', () => {
  /** Largest number of requests without an answer, by the requests of a connection. */
  function watchPushes(): Map<Pushes, number> {
    const most = new Map<Pushes, number>();
    const { push } = Pushes.prototype;
    vi.spyOn(Pushes.prototype, 'push').mockImplementation(function (this: Pushes, ...given) {
      push.apply(this, given);
      most.set(this, Math.max(this.size, most.get(this) ?? 0));
    });
    return most;
  }

  it('[NG5] that acknowledge nothing have one list on its way, and then the newest', async () => {
    const client = await port.connected();
    await client.subscribe('carts');
    client.acknowledges = false;
    const most = watchPushes();
    const changes = 60;
    for (let change = 1; change <= changes; change += 1) {
      await other.register('carts', { ...A, metadata: { change: String(change) } });
    }
    const first = await client.next('NotifySubscriberRequest');
    expect(client.pushed).toEqual([]);
    expect([...most.values()]).toEqual([1]);
    // Answers to what was never asked, and of all kinds.
    for (const requestId of ['', '0', '-1', '999999', 'x', '__proto__'])
      client.send('NotifySubscriberResponse', { requestId });
    client.send('ErrorResponse', {});
    await client.ask('ServerCheckRequest');
    expect(client.pushed).toEqual([]);
    client.send('NotifySubscriberResponse', { requestId: first.body.requestId });
    const second = await client.next('NotifySubscriberRequest');
    expect(second.body.serviceInfo.hosts[0].metadata).toEqual({ change: String(changes) });
    expect(second.body.serviceInfo.lastRefTime).toBeGreaterThan(first.body.serviceInfo.lastRefTime);
    // The same answer again answers nothing.
    client.send('NotifySubscriberResponse', { requestId: first.body.requestId });
    await client.ask('ServerCheckRequest');
    // A push soon after a subscription is repeated.
    const others = client.pushed.filter(({ body }) => body.serviceInfo.hosts[0].metadata.change !== String(changes));
    expect(others).toEqual([]);
  });

  it('[NG9] that read nothing are sent nothing more, until they read', async () => {
    const client = await port.connected();
    const text = { text: 'x'.repeat(METADATA_MAX_BYTES - 100) };
    const instances = Array.from({ length: 30 }, (_, index) => ({ ip: '10.0.0.1', port: index + 1, metadata: text }));
    await client.subscribe('carts');
    client.acknowledges = false;
    client.pause();
    await other.ask('BatchInstanceRequest', batchOf(instances));
    const rounds = 60;
    const now = performance.now.bind(performance);
    for (let round = 1; round <= rounds; round += 1) {
      vi.spyOn(performance, 'now').mockImplementation(() => now() + round * NACOS_REPLY_MAX_MS);
      vi.advanceTimersByTime(NACOS_REPLY_MAX_MS);
      expect(await outcome(client.ask('HealthCheckRequest'))).toBe(0);
      expect(await outcome(other.ask('HealthCheckRequest'))).toBe(0);
    }
    expect(client.ended).toBeUndefined();
    await other.register('carts', A);
    client.acknowledges = true;
    client.resume();
    expect(await client.nextHosts((hosts) => hosts.length === 1)).toEqual(['10.0.0.1:80']);
    // The stream takes some before it is full.
    expect(client.received).toBeLessThan(rounds / 2);
  });
});

describe('clients that leave', () => {
  const requests: [string, object][] = [
    ['InstanceRequest', registration({})],
    ['BatchInstanceRequest', batchOf([A, B])],
    ['InstanceRequest', { ...registration({}), type: 'deregisterInstance' }],
    ['ServiceQueryRequest', { serviceName: 'carts' }],
    ['SubscribeServiceRequest', { serviceName: 'carts', subscribe: true }],
    ['SubscribeServiceRequest', { serviceName: 'carts', subscribe: false }],
    ['ServiceListRequest', {}],
    ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>*>>*', watchType: 'WATCH', initializing: true }],
  ];

  it('[NG9] in the middle of a request leave nothing behind', async () => {
    for (const [type, body] of requests) {
      for (const waits of [false, true]) {
        const { token } = port.give({ scope: 'admin', ns: 'public' });
        const client = await port.connected({ token });
        const asked = outcome(client.ask(type, body));
        // Either before it has arrived, or while its token is verified.
        if (waits) await outcome(other.ask('ServerCheckRequest'));
        client.close();
        await asked;
      }
    }
    await expect.poll(() => port.listener.connections).toBe(1);
    await expect.poll(() => everything(port)).toBe('');
  });

  it('[NG9] while their token is verified register nothing', async () => {
    for (const [type, body] of requests) {
      const { token, id } = port.give({ scope: 'admin', ns: 'public' });
      const client = await port.connected({ token });
      const open = holdTokens();
      const asked = outcome(client.ask(type, body));
      await expect.poll(() => port.app.directory.asked).toContain(id);
      client.close();
      await expect.poll(() => port.listener.connections).toBe(1);
      open();
      await asked;
    }
    // Later than what they have left behind, if anything.
    await other.register('last', A);
    expect(await everything(port)).toMatch(/^DEFAULT_GROUP last \S+ \d+$/);
  });

  it('[NG9] a subscription before it has begun have it answered', async () => {
    const client = await port.connected();
    for (let round = 0; round < 20; round += 1) {
      const asked = [client.subscribe('carts'), client.subscribe('carts', '', false)];
      const [first, second] = await Promise.all(asked.map(outcome));
      expect([0, 500]).toContain(first);
      expect(second).toBe(0);
    }
    expect(await outcome(client.subscribe('carts'))).toBe(0);
  });
});
