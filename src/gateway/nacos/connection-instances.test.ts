import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostsOf, type NacosGrpcClient } from '../../../test/dialects/nacos/nacos-grpc-client';
import { NacosPort } from '../../../test/fixtures/nacos-port';
import { until } from '../../../test/watch-proofs/until';

let port: NacosPort;
beforeEach(async () => {
  port = await NacosPort.open();
});
afterEach(async () => {
  await port.close();
  expect(port.errors).toEqual([]);
});

const instance = (index: number) => ({ ip: `10.0.${index >> 8}.${index & 255}`, port: 80 });
const placeOf = (index: number): string => `${instance(index).ip}:80`;
const A = instance(1);

const batch = (client: NacosGrpcClient, service: string, instances: object[]) =>
  client.ask('BatchInstanceRequest', client.named(service, { type: 'batchRegisterInstance', instances }));

/** Waits until a service has these hosts. */
const shows = (client: NacosGrpcClient, service: string, hosts: string[]) =>
  until(`${service} has ${hosts}`, async () => String(hostsOf(await client.query(service))) === String(hosts));

describe('an instance of two connections', () => {
  it.each(['ends', 'removes it'])('[NG4] is that of the other one when the last one %s', async (way) => {
    const [one, two, reader] = [await port.connected(), await port.connected(), await port.connected()];
    await one.register('orders', { ...A, metadata: { by: 'one' } });
    await two.register('orders', { ...A, metadata: { by: 'two' } });
    if (way === 'ends') two.close();
    else expect((await two.deregister('orders', A)).body.resultCode).toBe(200);
    await until('it is the first one', async () => {
      const { hosts } = (await reader.query('orders')).body.serviceInfo;
      return hosts[0]?.metadata.by === 'one';
    });
    one.close();
    await shows(reader, 'orders', []);
  });

  it('[NG4] stays with the last one when the first one ends or removes it', async () => {
    const [one, two, three] = [await port.connected(), await port.connected(), await port.connected()];
    for (const client of [one, two, three]) await client.register('orders', A);
    expect((await one.deregister('orders', A)).body.resultCode).toBe(200);
    two.close();
    await sleep(100);
    expect(hostsOf(await three.query('orders'))).toEqual([placeOf(1)]);
    expect((await three.deregister('orders', A)).body.resultCode).toBe(200);
    expect(hostsOf(await three.query('orders'))).toEqual([]);
  });

  it('[NG6] is not that of a token which may not have it', async () => {
    const owner = port.give({ scope: 'register', ns: '*' }, { scope: 'read', ns: '*' });
    const other = port.give({ scope: 'register', ns: '*' }, { scope: 'read', ns: '*' });
    const [one, two] = [await port.connected({ token: owner.token }), await port.connected({ token: other.token })];
    await one.register('orders', A);
    expect((await two.register('orders', A)).body).toMatchObject({ resultCode: 500, errorCode: 403 });
    expect((await one.deregister('orders', A)).body.resultCode).toBe(200);
    expect(hostsOf(await one.query('orders'))).toEqual([]);
  });
});

describe('a request for instances', () => {
  it('[NG9] changes nothing if one of them is refused', async () => {
    const [owner, other] = [1, 2].map(() => port.give({ scope: 'register', ns: '*' }, { scope: 'read', ns: '*' }));
    const [one, two] = [await port.connected({ token: owner?.token }), await port.connected({ token: other?.token })];
    await one.register('orders', instance(7));
    await two.register('orders', { ...A, metadata: { is: 'old' } });
    expect((await two.register('orders', instance(7))).body.errorCode).toBe(403);
    const all = [
      { ...A, metadata: { is: 'new' } },
      ...Array.from({ length: 300 }, (_, index) => instance(300 + index)),
    ];
    expect((await batch(two, 'orders', [...all, instance(7)])).body.errorCode).toBe(403);
    const { hosts } = (await two.query('orders')).body.serviceInfo;
    const found = new Map(hosts.map(({ ip, metadata }: { ip: string; metadata: object }) => [ip, metadata]));
    expect(found).toEqual(
      new Map([
        [A.ip, { is: 'old' }],
        [instance(7).ip, {}],
      ]),
    );
    expect((await batch(two, 'orders', all)).body.resultCode).toBe(200);
    expect(hostsOf(await two.query('orders')).length).toBe(302);
  });

  it('[NG3] removes thousands of them at once', async () => {
    const client = await port.connected();
    const many = Array.from({ length: 2_000 }, (_, index) => instance(index));
    expect((await batch(client, 'orders', many)).body.resultCode).toBe(200);
    expect(hostsOf(await client.query('orders')).length).toBe(2_000);
    expect((await batch(client, 'orders', [A])).body.resultCode).toBe(200);
    expect(hostsOf(await client.query('orders'))).toEqual([placeOf(1)]);
    expect((await client.deregister('orders', A)).body.resultCode).toBe(200);
  });

  it('[NG3] removes what an operator has removed already', async () => {
    const client = await port.connected();
    await batch(client, 'orders', [A, instance(2)]);
    const path = `/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/${encodeURIComponent(placeOf(1))}`;
    expect((await port.app.ask('DELETE', path)).status).toBe(204);
    expect((await client.deregister('orders', A)).body.resultCode).toBe(200);
    expect(hostsOf(await client.query('orders'))).toEqual([]);
  });

  it('[NG4, NG9] leaves nothing behind if its client leaves before the answer', async () => {
    const reader = await port.connected();
    for (let round = 0; round < 20; round += 1) {
      const client = await port.connected();
      await client.register('orders', A);
      const removed = client.deregister('orders', A).catch(() => {});
      const registered = client.register('others', A).catch(() => {});
      if (round % 2 === 1) await sleep(round / 10);
      client.close();
      await Promise.all([removed, registered]);
    }
    await shows(reader, 'orders', []);
    await shows(reader, 'others', []);
    await until('all sockets but those of the reader are closed', async () => {
      const answer = await port.app.ask('GET', '/api/v1/ns/public/stats');
      return ((await answer.json()) as { sockets: number }).sockets === 0; // `as`: the statistics
    });
  });
});

describe('a subscription', () => {
  it('[NG3] to a service whose list comes in parts has all of it', async () => {
    const client = await port.connected();
    const metadata = { text: 'x'.repeat(900) };
    const large = Array.from({ length: 1_000 }, (_, index) => ({ ...instance(index), metadata }));
    await batch(client, 'large', large);
    const [one, two] = [await port.connected(), await port.connected()];
    expect(hostsOf(await one.subscribe('large')).length).toBe(1_000);
    await client.register('other', A);
    expect(hostsOf(await two.subscribe('large')).length).toBe(1_000);
    await batch(client, 'large', large.slice(1));
    for (const each of [one, two]) expect((await each.nextHosts()).length).toBe(999);
  });

  it('[NG5] in more clusters than lists are kept for is sent each change, and not again and again', async () => {
    const clients: NacosGrpcClient[] = [];
    for (let index = 0; index < 20; index += 1) {
      const client = await port.connected();
      clients.push(client);
      await client.subscribe('orders', `DEFAULT,c${index}`);
    }
    const [first] = clients;
    if (first === undefined) throw new Error('there are clients');
    await first.register('orders', A);
    for (const client of clients) expect(await client.nextHosts()).toEqual([placeOf(1)]);
    await sleep(1_000);
    // A push soon after a subscription is repeated.
    expect(clients.filter(({ pushed }) => pushed.length > 1)).toEqual([]);
  });

  it('[NG3] is answered for the clusters of its request', async () => {
    const [client, other] = [await port.connected(), await port.connected()];
    await client.register('orders', { ...A, clusterName: 'a' });
    await other.register('orders', { ...instance(2), clusterName: 'b' });
    const answers = await Promise.all([client.subscribe('orders', 'a'), client.subscribe('orders', 'b')]);
    expect(answers.map(hostsOf)).toEqual([[placeOf(1)], [placeOf(2)]]);
  });
});

it('[NG8] persistent instances are apart from those of connections', async () => {
  const [client, other] = [await port.connected(), await port.connected()];
  const persistent = (type: string, place: object) =>
    client.ask('PersistentInstanceRequest', client.named('orders', { type, instance: place }));
  expect((await persistent('registerInstance', A)).body).toMatchObject({ resultCode: 200, type: 'registerInstance' });
  await other.register('orders', instance(2));
  expect((await persistent('registerInstance', instance(2))).body.errorCode).toBe(400);
  expect((await persistent('deregisterInstance', instance(2))).body.resultCode).toBe(200);
  client.close();
  await sleep(100);
  expect(hostsOf(await other.query('orders'))).toEqual([placeOf(1), placeOf(2)]);
});
