import { describe, expect, it, vi } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { InstanceDefinition } from '../../../model/instance';
import { BATCH_OPERATIONS_MAX_COUNT } from '../../../model/limits';
import type { Override } from '../../../model/override';

const INSTANCE = '/nacos/v1/ns/instance';
const LIST = `${INSTANCE}/list?serviceName=orders`;
const A = 'serviceName=orders&ip=10.0.0.7&port=8080';
const KEY = { group: 'DEFAULT_GROUP', service: 'orders', id: '10.0.0.7:8080' };
const OPERATOR = { tokenId: 'root', operates: true };

async function staged(register = `${A}&metadata=v%3D1`): Promise<NacosStage> {
  const stage = new NacosStage();
  expect(await stage.send('POST', `${INSTANCE}?${register}`)).toEqual([200, 'ok']);
  return stage;
}

async function override({ namespace }: NacosStage, said: Override, id = KEY.id): Promise<void> {
  const key = { ...KEY, id };
  await namespace.api.putOverride(OPERATOR, { key, override: said, precondition: {} });
}

describe('PUT by an operator of the service', () => {
  it('[Y9] takes an instance offline until it is put online, despite new registrations and heartbeats', async () => {
    const stage = await staged();
    const whole = `${A}&clusterName=DEFAULT&weight=1&metadata=%7B%22v%22%3A%221%22%7D&ephemeral=true`;
    expect(await stage.send('PUT', `${INSTANCE}?${whole}&enabled=false`)).toEqual([200, 'ok']);
    expect(await stage.hosts(LIST)).toEqual([]);
    await stage.send('POST', `${INSTANCE}?${A}&enable=true`);
    await stage.json('PUT', `${INSTANCE}/beat?${A}`);
    expect(await stage.hosts(LIST)).toEqual([]);
    await stage.send('PUT', `${INSTANCE}?${whole}&enabled=true`);
    expect(await stage.hosts(LIST)).toMatchObject([{ enabled: true }]);
  });

  it('[Y20] is kept for ten minutes after the instance is removed, and no longer', async () => {
    const stage = await staged();
    await stage.send('PUT', INSTANCE, `${A}&enabled=false&weight=5`);
    const restartAfter = async (minutes: number) => {
      await stage.send('DELETE', `${INSTANCE}?${A}`);
      await stage.namespace.pass(minutes * 60_000);
      await stage.send('POST', INSTANCE, A);
      return stage.hosts(LIST);
    };
    expect(await restartAfter(9)).toEqual([]);
    expect(await restartAfter(11)).toMatchObject([{ enabled: true, weight: 1 }]);
  });

  it('[Y9] sets weight and metadata over the registration; omitted ones are reset', async () => {
    const stage = await staged();
    await stage.send('PUT', INSTANCE, `${A}&weight=5&metadata=a%3D1,v%3D2`);
    expect(await stage.hosts(LIST)).toMatchObject([{ weight: 5, metadata: { a: '1', v: '2' } }]);
    await stage.send('POST', `${INSTANCE}?${A}&weight=3&metadata=v%3D3`);
    expect(await stage.hosts(LIST)).toMatchObject([{ weight: 5, metadata: { a: '1', v: '2' } }]);
    await stage.send('PUT', INSTANCE, A);
    expect(await stage.hosts(LIST)).toMatchObject([{ weight: 1, metadata: { v: '3' } }]);
  });

  it.each(['enable=false', 'enabled=false', 'enabled=false&enable=true'])(
    '[Y9] lifts no quarantine, and brings back an instance that registered itself with %s',
    async (disabled) => {
      const stage = await staged(`${A}&${disabled}`);
      expect(await stage.hosts(LIST)).toEqual([]);
      await stage.send('PUT', `${INSTANCE}?${A}&enabled=true`);
      expect(await stage.hosts(LIST)).toHaveLength(1);
      await override(stage, { quarantine: { reason: 'bad disk' } });
      await stage.send('PUT', `${INSTANCE}?${A}&enabled=true&weight=2`);
      expect(await stage.hosts(LIST)).toEqual([]);
      const { body } = await stage.namespace.api.readOverride({ key: KEY });
      expect(JSON.parse(body ?? '')).toMatchObject({ weight: 2, quarantine: { reason: 'bad disk' } });
    },
  );

  it('[Y9] finds an instance of another door by its place', async () => {
    const stage = await staged();
    const lease = { ttlMs: 30_000, removeAfterMs: 30_000, intervalMs: 10_000 };
    await stage.register({ ...KEY, id: 'other' }, { address: '10.0.0.8', port: 1, lease });
    await stage.send('PUT', `${INSTANCE}?serviceName=orders&ip=10.0.0.8&port=1&enabled=false`);
    expect(await stage.hosts(LIST)).toMatchObject([{ ip: '10.0.0.7' }]);
  });

  it('[Y9] loses no concurrent change', async () => {
    const stage = await staged();
    const { registry } = stage.namespace;
    const batch = registry.batch.bind(registry);
    registry.batch = async (caller, operations) => {
      registry.batch = batch;
      await override(stage, { quarantine: {} });
      return batch(caller, operations);
    };
    expect(await stage.send('PUT', `${INSTANCE}?${A}&weight=5`)).toEqual([200, 'ok']);
    const { body } = await registry.readOverride({ key: KEY });
    expect(JSON.parse(body ?? '')).toMatchObject({ weight: 5, quarantine: {} });
  });

  it('[Y9] is ok for an unknown instance, and 400 for an unknown service', async () => {
    const stage = await staged();
    expect(await stage.send('PUT', `${INSTANCE}?serviceName=orders&ip=1.2.3.4&port=1`)).toEqual([200, 'ok']);
    expect(await stage.send('PUT', `${INSTANCE}?serviceName=other&ip=1.2.3.4&port=1`)).toEqual([
      400,
      'service not found, namespace: public, service: DEFAULT_GROUP@@other',
    ]);
  });
});

describe('PUT by a token that may only register', () => {
  it('[Y9] edits its own registration, like a process that takes itself offline', async () => {
    const stage = await staged(A.replace('orders', 'seed'));
    const register = { scope: 'register', ns: 'public' } as const;
    const own = new NacosStage([register, { scope: 'read', ns: 'public' }]);
    await own.send('POST', `${INSTANCE}?${A}&metadata=v%3D1,w%3D2`);
    expect(await own.send('PUT', `${INSTANCE}?${A}&enabled=false&metadata=v%3D3`)).toEqual([200, 'ok']);
    expect(await own.hosts(LIST)).toEqual([]);
    expect(await own.send('PUT', `${INSTANCE}?${A}&enabled=true&weight=2&metadata=v%3D3`)).toEqual([200, 'ok']);
    expect(await own.hosts(LIST)).toMatchObject([{ weight: 2, metadata: { v: '3' } }]);
    await expect(own.namespace.api.readOverride({ key: KEY })).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    await own.send('PUT', `${INSTANCE}?${A}&enabled=false`);
    await own.send('POST', `${INSTANCE}?${A}`);
    expect(await own.hosts(LIST)).toHaveLength(1);
    own.token = own.give([register]);
    expect((await own.send('PUT', `${INSTANCE}?${A}&enabled=false`))[0]).toBe(403);
    expect(await stage.ids('DEFAULT_GROUP', 'seed')).toHaveLength(1);
  });
});

describe('PATCH', () => {
  it('[Y9] changes the given members, and is 404 if there is no instance', async () => {
    const stage = await staged();
    await stage.send('PATCH', INSTANCE, `${A}&weight=5&metadata=a%3D1`);
    await stage.send('PATCH', INSTANCE, `${A}&metadata=b%3D2`);
    const merged = { a: '1', b: '2', v: '1' };
    expect(await stage.hosts(LIST)).toMatchObject([{ weight: 5, enabled: true, metadata: merged }]);
    await stage.send('PATCH', INSTANCE, `${A}&enabled=false`);
    expect(await stage.hosts(LIST)).toEqual([]);
    expect(await stage.send('PATCH', INSTANCE, 'serviceName=orders&ip=1.2.3.4&port=1')).toEqual([
      404,
      'instance not found',
    ]);
  });
});

describe('metadata added to an override', () => {
  const entries = (begin: string) =>
    encodeURIComponent(Array.from({ length: 40 }, (_, entry) => `${begin}${entry}=1`).join(','));

  it.each(['PATCH /nacos/v1/ns/instance', 'PUT /nacos/v1/ns/instance/metadata/batch'])(
    '[Y9] stays within the limit of an instance, by %s',
    async (call) => {
      const [method = '', path = ''] = call.split(' ');
      const stage = await staged();
      const add = (begin: string) => stage.send(method, path, `${A}&metadata=${entries(begin)}`);
      expect((await add('a'))[0]).toBe(200);
      expect(await add('b')).toEqual([400, expect.stringContaining("Param 'Metadata' is illegal")]);
      const { body } = await stage.namespace.api.readOverride({ key: KEY });
      expect(Object.keys(JSON.parse(body ?? '').metadata)).toHaveLength(40);
    },
  );
});

it('[Y9] metadata of a batch ignores an entry named like an inherited property of an object', async () => {
  const stage = await staged();
  await override(stage, { metadata: Object.fromEntries([['constructor', '0']]) });
  await stage.json('PUT', `${INSTANCE}/metadata/batch`, 'serviceName=orders&metadata=a%3D1');
  const { body } = await stage.namespace.api.readOverride({ key: KEY });
  expect(body).toContain('"metadata":{"constructor":"0","a":"1"}');
});

it('[Y9] metadata of a batch is limited to what fits into one batch', async () => {
  const stage = await staged();
  const operations = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => ({
      op: 'register' as const,
      key: { ...KEY, id: `other-${from + index}` },
      definition: InstanceDefinition.parse({ address: '10.1.0.1', port: from + index + 1 }),
      precondition: {},
    }));
  const all = `serviceName=orders&metadata=a%3D1&consistencyType=ephemeral`;
  await stage.namespace.api.batch({ tokenId: 'other' }, operations(0, BATCH_OPERATIONS_MAX_COUNT - 1));
  expect((await stage.send('PUT', `${INSTANCE}/metadata/batch`, all))[0]).toBe(200);
  await stage.namespace.api.batch({ tokenId: 'other' }, operations(5_000, 5_001));
  expect(await stage.send('PUT', `${INSTANCE}/metadata/batch`, all)).toEqual([
    400,
    "Param 'instances' is illegal, 1001 instances are more than the 1000 that are allowed at once.",
  ]);
});

it('[Y9] metadata of a batch reads the overrides once, whatever their number', async () => {
  const stage = await staged();
  for (let port = 1; port <= 20; port++) {
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.9&port=${port}`);
    await override(stage, { weight: port }, `10.0.0.9:${port}`);
  }
  const before = stage.namespace.state.counters.requests;
  await stage.json('PUT', `${INSTANCE}/metadata/batch`, 'serviceName=orders&metadata=a%3D1');
  expect(stage.namespace.state.counters.requests - before).toBeLessThanOrEqual(3);
  const hosts = (await stage.hosts(LIST)).filter(({ ip }) => ip === '10.0.0.9');
  expect(hosts.every(({ port, weight, metadata }) => weight === port && metadata.a === '1')).toBe(true);
});

it.each(['PUT', 'PATCH', 'GET', 'DELETE'])('[Y9] %s of an instance lists only its place', async (method) => {
  const stage = await staged();
  const lists = vi.spyOn(stage.namespace.api, 'listInstances');
  expect((await stage.send(method, `${INSTANCE}?${A}&weight=2`))[0]).toBe(200);
  expect(lists).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ place: { address: '10.0.0.7', port: 8080 } }),
  );
});

it('[Y9] PUT finds an instance of another door by its place', async () => {
  const stage = await staged(`${A}&weight=3`);
  await stage.register({ ...KEY, id: 'native-1' }, { address: '10.0.0.8', port: 80 });
  // Its id names another place than its own.
  await stage.register({ ...KEY, id: '10.0.0.9:80' }, { address: '10.0.0.10', port: 80 });
  await stage.send('PUT', `${INSTANCE}?serviceName=orders&ip=10.0.0.8&port=80&weight=5`);
  await stage.send('PUT', `${INSTANCE}?serviceName=orders&ip=10.0.0.9&port=80&weight=7`);
  await stage.send('PUT', `${INSTANCE}?serviceName=orders&ip=10.0.0.10&port=80&weight=8`);
  expect((await stage.hosts(LIST)).map(({ ip, weight }) => [ip, weight])).toEqual([
    ['10.0.0.7', 3],
    ['10.0.0.10', 8],
    ['10.0.0.8', 5],
  ]);
});

describe('reading one', () => {
  it('[Y6] shows it, or is 404 in two forms', async () => {
    const stage = await staged();
    expect(await stage.read(`${INSTANCE}?${A}`)).toEqual({
      service: 'DEFAULT_GROUP@@orders',
      ip: '10.0.0.7',
      port: 8080,
      clusterName: 'DEFAULT',
      weight: 1,
      healthy: true,
      instanceId: '10.0.0.7#8080#DEFAULT#DEFAULT_GROUP@@orders',
      metadata: { v: '1' },
    });
    expect(await stage.send('GET', `${INSTANCE}?${A}&clusterName=c`)).toEqual([
      404,
      'no ips found for cluster c in service DEFAULT_GROUP@@orders',
    ]);
    expect(await stage.send('GET', `${INSTANCE}?serviceName=orders&ip=1.2.3.4&port=1`)).toEqual([
      404,
      'no matched ip found!',
    ]);
  });

  it('[Y6] statuses list all, and which are healthy', async () => {
    const stage = await staged();
    const path = `${INSTANCE}/statuses?key=`;
    expect(await stage.read(`${path}public%23%23DEFAULT_GROUP%40%40orders`)).toEqual({ ips: ['10.0.0.7:8080_true'] });
    await stage.namespace.pass(16_000);
    expect(await stage.json('POST', `${path}DEFAULT_GROUP%40%40orders`)).toEqual({ ips: ['10.0.0.7:8080_false'] });
  });
});

describe('metadata of a batch', () => {
  it('[Y9] is merged into the overrides, in one revision, and removed again', async () => {
    const stage = await staged();
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.8&port=1&clusterName=c`);
    await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.9&port=1&ephemeral=false`);
    await override(stage, { weight: 5, metadata: { x: '0' } });
    const path = `${INSTANCE}/metadata/batch`;
    const all = await stage.json('PUT', path, 'serviceName=orders&metadata=a%3D1');
    expect(all).toEqual({
      updated: ['10.0.0.7:8080:unknown:DEFAULT:ephemeral', '10.0.0.8:1:unknown:c:ephemeral'],
    });
    expect(await stage.hosts(LIST)).toMatchObject([
      { weight: 5, metadata: { a: '1', v: '1', x: '0' } },
      { metadata: { a: '1' } },
      { metadata: {} },
    ]);
    const some = encodeURIComponent(
      '[{"ip":"10.0.0.7","port":8080,"clusterName":"DEFAULT"},{"ip":"10.0.0.8","port":1}]',
    );
    await stage.json('DELETE', `${path}?serviceName=orders&instances=${some}&metadata=%7B%22a%22%3A%22%22%7D`);
    expect((await stage.hosts(LIST)).map(({ metadata }) => metadata)).toEqual([{ v: '1', x: '0' }, { a: '1' }, {}]);
    const persistent = await stage.json('PUT', path, 'serviceName=orders&metadata=a%3D1&consistencyType=persist');
    expect(persistent).toEqual({ updated: ['10.0.0.9:1:unknown:DEFAULT:persist'] });
  });
});
