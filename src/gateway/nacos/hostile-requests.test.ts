import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsOf, type NacosGrpcClient } from '../../../test/dialects/nacos/nacos-grpc-client';
import { closeWatched, everything, openWatched, outcome } from '../../../test/fixtures/nacos-outcomes';
import type { NacosPort } from '../../../test/fixtures/nacos-port';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { encodeRequest } from '../../codecs/nacos/payload';
import {
  GRPC_MESSAGE_MAX_BYTES,
  METADATA_MAX_BYTES,
  METADATA_MAX_COUNT,
  NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT,
  NACOS_MESSAGE_MAX_BYTES,
  WEIGHT_MAX,
} from '../../model/limits';

let port: NacosPort;
/** A client that does nothing wrong, subscribed to `orders`. */
let other: NacosGrpcClient;
beforeEach(async () => {
  ({ port, other } = await openWatched());
});
afterEach(() => closeWatched({ port, other }));

const A = { ip: '10.0.0.1', port: 80 };
const B = { ip: '10.0.0.2', port: 80 };

/** Encodes a message with a body of any bytes. */
const message = (type: string, body: string | Uint8Array): Uint8Array =>
  encodeRequest({
    type,
    headers: { accessToken: ROOT_TOKEN },
    body: typeof body === 'string' ? Buffer.from(body) : body,
  });

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

describe('bytes', () => {
  it('[NG9] that are not a message end their call', async () => {
    const client = await port.connected();
    const whole = message('InstanceRequest', JSON.stringify(registration({})));
    const broken = [
      Uint8Array.of(0xff, 0xff, 0xff, 0xff),
      // Metadata as a number, and a body as one.
      Uint8Array.of(0x10, 0x01, 0x18),
      Uint8Array.of(0x12, 0x7f, 0x01),
      whole.subarray(0, whole.length - 1),
      whole.subarray(0, 10),
    ];
    for (const bytes of broken) expect(await outcome(client.askBytes(bytes))).toBe('INVALID_ARGUMENT');
    for (let round = 0; round < 50; round += 1) {
      const bytes = randomBytes(1 + (round % 50));
      // Some happen to be an empty message.
      expect(['INVALID_ARGUMENT', 302], bytes.toString('hex')).toContain(await outcome(client.askBytes(bytes)));
    }
    expect(await outcome(client.query('orders'))).toBe(0);
    expect(await everything(port)).toBe('');
  });

  it('[NG9] that are not a message on the stream end the connection, and its instances', async () => {
    for (const bytes of [Uint8Array.of(0xff, 0xff), message('NotifySubscriberResponse', '[]')]) {
      const client = await port.connected();
      await client.register('carts', A);
      client.sendBytes(bytes);
      await expect.poll(() => client.ended).toMatch(/^3 /);
      expect(await outcome(client.query('carts'))).toBe(301);
      await expect.poll(() => everything(port)).toBe('');
    }
  });

  it('[NG1] that are not JSON in UTF-8 are refused', async () => {
    const client = await port.connected();
    const bodies = ['{', 'null', '[]', '"text"', '7', 'true', '{"requestId":7}', 'NaN', '{}{}', "{'a':1}"];
    const bytes = [
      ...bodies.map((body) => Buffer.from(body)),
      Buffer.from('{"requestId":"\xff"}', 'latin1'),
      Buffer.from([0xef]),
    ];
    for (const body of bytes) {
      for (const type of [
        'InstanceRequest',
        'BatchInstanceRequest',
        'ServiceQueryRequest',
        'NamingFuzzyWatchRequest',
      ]) {
        expect(await outcome(client.askBytes(message(type, body))), `${type} ${body}`).toBe(400);
      }
      expect(await outcome(client.askBytes(message('ServerCheckRequest', body)))).toBe('INVALID_ARGUMENT');
      expect(await outcome(client.askBytes(message('HealthCheckRequest', body)))).toBe('INVALID_ARGUMENT');
    }
    expect(await everything(port)).toBe('');
  });

  it('[NG9] of a message over the limit end their call', async () => {
    const client = await port.connected();
    const long = JSON.stringify(registration({ metadata: { text: 'x'.repeat(NACOS_MESSAGE_MAX_BYTES) } }));
    expect(await outcome(client.askBytes(message('InstanceRequest', long)))).toBe('RESOURCE_EXHAUSTED');
    expect(await outcome(client.query('carts'))).toBe(0);
    client.sendBytes(message('NotifySubscriberResponse', long.slice(0, GRPC_MESSAGE_MAX_BYTES)));
    await expect.poll(() => client.ended).toMatch(/^8 /);
  });

  it('[NG9] nested a hundred thousand levels deep are refused', async () => {
    const client = await port.connected();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const bodies = [
      deep,
      `{"serviceName":${deep}}`,
      `{"serviceName":"carts","type":"registerInstance","instance":{"ip":"10.0.0.1","port":80,"metadata":{"a":${deep}}}}`,
      `{"serviceName":"carts","type":"registerInstance","instance":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
    ];
    for (const body of bodies) expect(await outcome(client.askBytes(message('InstanceRequest', body)))).toBe(400);
    expect(await everything(port)).toBe('');
  });
});

describe('types', () => {
  it('[NG1] that are unknown, empty or of JavaScript have no handler', async () => {
    const client = await port.connected();
    const types = [
      '',
      'ConfigQueryRequest',
      '__proto__',
      'constructor',
      'toString',
      'InstanceResponse',
      'x'.repeat(1_000),
    ];
    for (const type of types) expect(await outcome(client.askBytes(message(type, '{}')))).toBe(302);
    // These belong on the stream.
    expect(await outcome(client.ask('ConnectionSetupRequest', {}))).toBe(302);
  });
});

describe('connections', () => {
  it('[NG2] are unregistered before their introduction, and after their stream', async () => {
    const client = port.client();
    expect(await outcome(client.register('carts', A))).toBe(301);
    client.open();
    expect(await outcome(client.register('carts', A))).toBe(301);
    // Answers before the introduction answer nothing.
    client.send('NotifySubscriberResponse', { requestId: '1' });
    client.send('ConnectionSetupRequest', { clientVersion: 'x', abilityTable: {} });
    await client.next('SetupAckRequest');
    expect(await outcome(client.register('carts', A))).toBe(0);
    client.endStream();
    await expect.poll(() => outcome(client.register('carts', A))).toBe(301);
    await expect.poll(() => everything(port)).toBe('');
  });

  it('[NG2] are introduced once: again on the same stream is ignored, and on another one refused', async () => {
    const client = await port.connected();
    await client.register('carts', A);
    client.send('ConnectionSetupRequest', { clientVersion: 'again', abilityTable: {} });
    expect(await outcome(client.query('carts'))).toBe(0);
    expect(client.pushed).toEqual([]);
    const first = client.open();
    client.send('ConnectionSetupRequest', { clientVersion: 'again', abilityTable: {} });
    await expect.poll(() => client.ended).toMatch(/^14 /);
    expect(hostsOf(await client.query('carts'))).toEqual(['10.0.0.1:80']);
    expect(port.listener.connections).toBe(2);
    first?.cancel();
    await expect.poll(() => everything(port)).toBe('');
  });

  it('[NG9] end with an introduction that is not one', async () => {
    for (const body of [
      '[]',
      '{"clientVersion":7}',
      '{"abilityTable":[]}',
      '{"abilityTable":"x"}',
      '{"requestId":{}}',
    ]) {
      const client = port.client();
      client.open();
      client.sendBytes(message('ConnectionSetupRequest', body));
      await expect.poll(() => client.ended, { message: body }).toMatch(/^3 /);
    }
    const client = port.client();
    client.open();
    client.send('ConnectionSetupRequest', { clientVersion: '\u0000\r\n\u{1f600}'.repeat(1_000), abilityTable: null });
    await expect.poll(() => outcome(client.register('carts', A))).toBe(0);
  });
});

describe('members', () => {
  const wrong: [string, object, object?][] = [
    ['no address', { ip: undefined }],
    ['an empty address', { ip: '' }],
    ['an address that is a number', { ip: 7 }],
    ['an address with blanks', { ip: '10.0.0.1 ' }],
    ['a long address', { ip: 'a'.repeat(200) }],
    ['no port', { port: undefined }],
    ['port 0', { port: 0 }],
    ['a negative port', { port: -1 }],
    ['port 65536', { port: 65_536 }],
    ['a huge port', { port: 1e300 }],
    ['a broken port', { port: 80.5 }],
    ['a port in words', { port: 'http' }],
    ['a port that is an object', { port: {} }],
    ['a negative weight', { weight: -1 }],
    ['a weight over the highest', { weight: WEIGHT_MAX + 1 }],
    ['a weight in words', { weight: '1' }],
    ['a cluster with a comma', { clusterName: 'a,b' }],
    ['a long cluster', { clusterName: 'a'.repeat(65) }],
    ['a cluster that is a list', { clusterName: ['a'] }],
    ['metadata that is a list', { metadata: ['a'] }],
    ['metadata that is text', { metadata: 'a=b' }],
    ['metadata with an object', { metadata: { a: {} } }],
    ['metadata with an empty key', { metadata: { '': 'a' } }],
    ['metadata with a long value', { metadata: { a: 'x'.repeat(METADATA_MAX_BYTES) } }],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: METADATA_MAX_COUNT + 1 }, (_, i) => [i, ''])) },
    ],
    ['health in words', { healthy: 'yes' }],
    ['a service without a name', {}, { serviceName: '' }],
    ['no service', {}, { serviceName: null }],
    ['a service that is a number', {}, { serviceName: 7 }],
    ['a service with a blank', {}, { serviceName: 'a b' }],
    ['a service with two groups', {}, { serviceName: 'a@@b@@c' }],
    ['a service without a group', {}, { serviceName: '@@b' }],
    ['a group without a service', {}, { serviceName: 'a@@' }],
    ['a long service', {}, { serviceName: 's'.repeat(1_000) }],
    ['a group with a slash', {}, { groupName: 'a/b' }],
    ['a namespace with a slash', {}, { namespace: '../public' }],
    ['a long namespace', {}, { namespace: 'n'.repeat(100) }],
    ['a namespace that does not exist', {}, { namespace: 'missing' }],
    ['another type', {}, { type: 'removeInstance' }],
    ['a type that is a number', {}, { type: 7 }],
    ['no type', {}, { type: undefined }],
    ['no instance', {}, { instance: null }],
    ['an instance that is a list', {}, { instance: [] }],
    ['an instance that is text', {}, { instance: 'a' }],
  ];

  it('[NG9] that are wrong refuse a registration of any kind, and change nothing', async () => {
    const client = await port.connected();
    await client.register('carts', B);
    const before = await everything(port);
    for (const [name, instance, members = {}] of wrong) {
      const body = { ...registration(instance), ...members };
      expect(await outcome(client.ask('InstanceRequest', body)), name).toBe(400);
      expect(await outcome(client.ask('PersistentInstanceRequest', body)), name).toBe(400);
      const { instance: one, ...named } = body;
      const type = body.type === 'registerInstance' ? 'batchRegisterInstance' : body.type;
      const batch = { ...named, type, instances: [{ ip: '10.0.0.3', port: 80 }, one] };
      expect(await outcome(client.ask('BatchInstanceRequest', batch)), name).toBe(400);
      expect(await everything(port), name).toBe(before);
    }
  });

  it('[NG1] named after those of every object are no members', async () => {
    const client = await port.connected();
    const body = `{"serviceName":"carts","type":"registerInstance","__proto__":{"namespace":"missing"},"constructor":7,
      "instance":{"ip":"10.0.0.1","port":80,"__proto__":{"weight":7},"metadata":{"constructor":"a","toString":"b"}}}`;
    expect(await outcome(client.askBytes(message('InstanceRequest', body)))).toBe(0);
    const { serviceInfo } = (await client.query('carts')).body;
    expect(serviceInfo.hosts).toMatchObject([{ weight: 1, metadata: { constructor: 'a', toString: 'b' } }]);
    const polluted = body.replace('"constructor":"a"', '"__proto__":"a"').replace('10.0.0.1', '10.0.0.2');
    const before = await everything(port);
    expect(await outcome(client.askBytes(message('InstanceRequest', polluted)))).toBe(400);
    expect(await everything(port)).toBe(before);
  });

  it('[NG9] of a batch over the limit, or of a connection, refuse all of it', async () => {
    const client = await port.connected();
    const many = (count: number, service: string) => ({
      serviceName: service,
      type: 'batchRegisterInstance',
      instances: Array.from({ length: count }, (_, index) => ({ ip: '10.0.0.1', port: index + 1 })),
    });
    const most = NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT;
    expect(await outcome(client.ask('BatchInstanceRequest', many(most + 1, 'carts')))).toBe(400);
    await client.register('orders', A);
    const before = await everything(port);
    expect(await outcome(client.ask('BatchInstanceRequest', many(most, 'carts')))).toBe(503);
    expect(await everything(port)).toBe(before);
    expect(await outcome(client.ask('BatchInstanceRequest', many(0, 'carts')))).toBe(0);
  });

  it('[NG9] of lists and watches that are wrong are refused', async () => {
    const client = await port.connected();
    const named = { serviceName: 'orders', groupName: 'DEFAULT_GROUP', namespace: 'public' };
    const requests: [string, object][] = [
      ['ServiceQueryRequest', { ...named, cluster: 7 }],
      ['ServiceQueryRequest', { ...named, cluster: 'a b' }],
      ['ServiceQueryRequest', { ...named, healthyOnly: 'no' }],
      ['ServiceQueryRequest', { ...named, namespace: 'missing' }],
      ['SubscribeServiceRequest', { ...named, subscribe: 1 }],
      ['SubscribeServiceRequest', { ...named, subscribe: true, clusters: {} }],
      ['SubscribeServiceRequest', { ...named, subscribe: true, clusters: 'ü' }],
      ['SubscribeServiceRequest', { ...named, subscribe: true, namespace: 'missing' }],
      ['ServiceListRequest', { ...named, pageNo: 'x' }],
      ['ServiceListRequest', { ...named, pageSize: 1e300 }],
      ['ServiceListRequest', { ...named, groupName: 'a b' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>a', watchType: 'WATCH' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>a>>b>>c', watchType: 'WATCH' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'mis sing>>a>>b', watchType: 'WATCH' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'missing>>a>>b', watchType: 'WATCH' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>a>>b', watchType: 'LOOK' }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>a>>b', watchType: 'WATCH', receivedGroupKeys: [7] }],
      ['NamingFuzzyWatchRequest', { groupKeyPattern: 'public>>a>>b', watchType: 'WATCH', receivedGroupKeys: 'a' }],
    ];
    for (const [type, body] of requests) {
      expect(await outcome(client.ask(type, body)), JSON.stringify(body)).toBe(400);
    }
    const pages = [
      { pageNo: -5 },
      { pageNo: Number.MAX_SAFE_INTEGER, pageSize: Number.MAX_SAFE_INTEGER },
      { pageSize: -1 },
    ];
    for (const page of pages) expect(await outcome(client.ask('ServiceListRequest', { ...named, ...page }))).toBe(0);
    // Names that the client cannot have.
    const keys = ['', '@@', '@@@@', 'public@@a', 'public@@a@@b@@c', '__proto__', 'x'.repeat(10_000)];
    const watch = { groupKeyPattern: 'public>>*>>*', watchType: 'WATCH', receivedGroupKeys: keys, initializing: true };
    expect(await outcome(client.ask('NamingFuzzyWatchRequest', watch))).toBe(0);
    await client.next('NamingFuzzyWatchSyncRequest');
  });
});

describe('requests with any members', () => {
  const VALID: [string, object][] = [
    ['InstanceRequest', registration({ weight: 1, clusterName: 'DEFAULT', metadata: { a: 'b' }, healthy: true })],
    ['InstanceRequest', { ...registration({}), type: 'deregisterInstance' }],
    ['BatchInstanceRequest', batchOf([A, { ...B, metadata: { a: 'b' } }])],
    ['PersistentInstanceRequest', registration({ metadata: {} })],
    [
      'ServiceQueryRequest',
      { namespace: 'public', serviceName: 'carts', groupName: 'g', cluster: 'a,b', healthyOnly: true },
    ],
    ['SubscribeServiceRequest', { namespace: 'public', serviceName: 'carts', subscribe: true, clusters: 'a' }],
    ['ServiceListRequest', { namespace: 'public', groupName: 'g', pageNo: 1, pageSize: 10, selector: null }],
    [
      'NamingFuzzyWatchRequest',
      { groupKeyPattern: 'public>>*>>a*', watchType: 'WATCH', receivedGroupKeys: ['a@@b@@c'] },
    ],
    ['HealthCheckRequest', { requestId: '7' }],
    ['ServerCheckRequest', { requestId: '7' }],
  ];
  const text = fc.oneof(
    fc.constantFrom(
      '',
      ' ',
      '@@',
      'a@@b',
      '>>',
      '*',
      ',',
      '..',
      '/',
      '\u0000',
      '\ud800',
      '中文',
      '__proto__',
      '0',
      '-1',
      '1e9',
    ),
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.constantFrom(63, 64, 65, 128, 129, 255, 256, 513, 5_000).map((length) => 'n'.repeat(length)),
    fc.constantFrom('10.0.0.1', '::1', '::ffff:10.0.0.1', 'host.example', '999.1.1.1', '[::1]', '10.0.0.1:80'),
  );
  const value = fc.oneof(
    text,
    fc.constantFrom(null, true, false, 0, -0, -1, 0.5, 1e21, 65_535, 65_536, Number.MAX_SAFE_INTEGER, 1e300),
    fc.jsonValue({ maxDepth: 3 }),
    fc.dictionary(text, text, { maxKeys: 5 }),
  );

  /** Replaces a member, at any depth. */
  function replaced(target: unknown, path: readonly number[], by: unknown): unknown {
    const [at, ...rest] = path;
    if (at === undefined || typeof target !== 'object' || target === null) return by;
    const keys = Object.keys(target);
    const key = keys[at % (keys.length + 1)] ?? 'requestId';
    const inner: unknown = Object.entries(target).find(([name]) => name === key)?.[1];
    const next = typeof inner === 'object' && inner !== null ? replaced(inner, rest, by) : by;
    return Array.isArray(target)
      ? target.map((one, index) => (String(index) === key ? next : one))
      : { ...target, [key]: next };
  }
  const request = fc
    .tuple(
      fc.constantFrom(...VALID),
      fc.array(fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 3 }), value), { maxLength: 3 }),
    )
    .map(([[type, body], changes]) => ({
      type,
      body: changes.reduce((changed: unknown, [path, by]) => replaced(changed, path, by), body),
    }));

  it('[NG9] are answered, or end with a status, and change nothing if they are refused', async () => {
    const client = await port.connected();
    await client.register('carts', A);
    let before = await everything(port);
    let refused = 0;
    const statuses = new Set<string | number>();
    const runs = 250;
    await fc.assert(
      fc.asyncProperty(request, async ({ type, body }) => {
        const ask = () => outcome(client.askBytes(message(type, JSON.stringify(body) ?? '')));
        let code = await ask();
        // On a machine that stands still for seconds, an answer comes too late, and clients repeat the request.
        while (code === 500) {
          code = await ask();
          before = await everything(port);
        }
        statuses.add(code);
        expect([0, 302, 400, 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED']).toContain(code);
        const after = await everything(port);
        if (code !== 0) {
          refused += 1;
          expect(after).toBe(before);
        }
        before = after;
      }),
      { numRuns: runs },
    );
    // Neither nearly all nor nearly none.
    expect(refused).toBeGreaterThan(runs / 10);
    expect(refused).toBeLessThan((runs * 9) / 10);
    expect(client.ended).toBeUndefined();
    expect(port.errors).toEqual([]);
  });
});
