import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import type { InstanceDefinitionInput } from '../../../model/instance';
import { readJsonText } from '../../../model/json';
import { SNAPSHOT_PART_MAX_BYTES } from '../../../model/limits';

const V1 = '/nacos/v1/ns/instance';
const NAMED = 'serviceName=orders&ip=10.0.0.7&port=80';
const KEY = { group: 'DEFAULT_GROUP', service: 'orders' };
const LEASE = { ttlMs: 300_000, removeAfterMs: 300_000, intervalMs: 90_000 };
const GRANTS = [
  { scope: 'register', ns: 'public' },
  { scope: 'read', ns: 'public' },
] as const;

type Twin = InstanceDefinitionInput & { id: string };

/** Instances at 10.0.0.7:80 registered through other doors, each with its id as the metadata `id`. */
async function staged(twins: readonly Twin[], stage = new NacosStage()): Promise<NacosStage> {
  for (const { id, ...definition } of twins) {
    const place = { address: '10.0.0.7', port: 80, lease: LEASE, metadata: { id } };
    await stage.register({ ...KEY, id }, { ...place, ...definition });
  }
  return stage;
}

const shownIds = async (stage: NacosStage, path = `${V1}/list?serviceName=orders`) =>
  (await stage.hosts(path)).map(({ metadata }) => metadata.id);

const views = async (stage: NacosStage) => {
  const { body } = await stage.namespace.api.listInstances({ ...KEY, filter: {} });
  return body === null ? [] : readJsonText(body).instances;
};

const revision = async ({ namespace }: NacosStage): Promise<number> =>
  readJsonText((await namespace.api.stats()).body).revision;

describe('instances of the core at one address and port', () => {
  it.each<[string, Twin[], string]>([
    ['the newest', [{ id: 'b' }, { id: 'a' }], 'a'],
    ['the one that takes traffic', [{ id: 'a' }, { id: 'b', status: 'down' }], 'a'],
    [
      'an enabled one',
      [
        { id: 'a', status: 'down' },
        { id: 'b', status: 'out-of-service' },
      ],
      'a',
    ],
    ['one with traffic', [{ id: 'a' }, { id: 'b', weight: 0 }], 'a'],
    [
      'a url at the place',
      [{ id: 'a' }, { id: 'b', address: undefined, port: undefined, url: 'http://10.0.0.7' }],
      'b',
    ],
  ])('[Y18] are one to Nacos, shown as %s', async (_, twins, shown) => {
    const stage = await staged(twins);
    expect(await shownIds(stage)).toEqual([shown]);
  });

  it('[Y18] are one in every read', async () => {
    const stage = await staged([{ id: 'a' }, { id: 'b' }]);
    await stage.send('POST', `${V1}?serviceName=orders&ip=10.0.0.8&port=80`);
    // In the order of the ids that the core has.
    const both = [{ ip: '10.0.0.8' }, { ip: '10.0.0.7' }];
    const data = async (path: string): Promise<unknown> => ((await stage.read(path)) as { data: unknown }).data;
    expect(await stage.read(`${V1}/statuses?key=DEFAULT_GROUP%40%40orders`)).toEqual({
      ips: ['10.0.0.8:80_true', '10.0.0.7:80_true'],
    });
    expect(await stage.read(`${V1}?${NAMED}`)).toMatchObject({ metadata: { id: 'b' } });
    expect(await data('/nacos/v2/ns/instance/list?serviceName=orders')).toMatchObject({ hosts: both });
    expect(await data('/nacos/v3/client/ns/instance/list?serviceName=orders')).toMatchObject(both);
    expect(await data('/nacos/v3/admin/ns/instance/list?serviceName=orders')).toMatchObject(both);
    const catalog = '/nacos/v1/ns/catalog';
    const page = 'serviceName=orders&pageNo=1&pageSize=9';
    expect(await stage.read(`${catalog}/instances?${page}`)).toMatchObject({ count: 2, list: both });
    expect(await data(`/nacos/v2/ns/catalog/instances?${page}`)).toMatchObject({ count: 2, instances: both });
    expect(await stage.read(`${catalog}/services?pageNo=1&pageSize=9`)).toMatchObject({
      serviceList: [{ ipCount: 2, healthyInstanceCount: 2 }],
    });
    const client = '/nacos/v2/ns/client';
    expect(await data(`${client}/service/publisher/list?serviceName=orders`)).toMatchObject(both);
    const id = encodeURIComponent('10.0.0.7:80#true');
    expect(await data(`${client}/publish/list?clientId=${id}`)).toHaveLength(1);
  });

  it('[Y18] count as one toward a protect threshold', async () => {
    const stage = await staged([{ id: 'a', status: 'down' }, { id: 'b' }]);
    await stage.send('POST', '/nacos/v1/ns/service', 'serviceName=orders&protectThreshold=0.5');
    await stage.register({ ...KEY, id: 'c' }, { address: '10.0.0.8', port: 80, lease: LEASE });
    const { reachProtectionThreshold } = (await stage.read(`${V1}/list?serviceName=orders`)) as {
      reachProtectionThreshold: boolean;
    };
    expect(reachProtectionThreshold).toBe(false);
  });

  it('[Y18] are one in the catalog, even if a large service is read in parts', async () => {
    const stage = await staged([{ id: 'a' }, { id: 'zz' }]);
    const metadata = Object.fromEntries(Array.from({ length: 8 }, (_, key) => [`k${key}`, 'v'.repeat(900)]));
    const count = Math.ceil(SNAPSHOT_PART_MAX_BYTES / 7_000);
    for (let port = 1; port <= count; port++) {
      await stage.register({ ...KEY, id: `between-${port}` }, { address: '10.0.0.9', port, lease: LEASE, metadata });
    }
    const { services = [], next } = readJsonText((await stage.namespace.api.snapshot({})).body ?? '{"services":[]}');
    expect([services.length, next]).toEqual([1, expect.any(String)]);
    expect(await stage.read('/nacos/v1/ns/catalog/services?pageNo=1&pageSize=9')).toMatchObject({
      count: 1,
      serviceList: [{ name: 'orders', ipCount: count + 1 }],
    });
  });

  it('[Y18] in several clusters are several, like their ids in Nacos', async () => {
    const stage = await staged([{ id: 'a', cluster: 'EU' }, { id: 'b' }]);
    expect((await stage.hosts(`${V1}/list?serviceName=orders`)).map(({ clusterName }) => clusterName)).toEqual([
      'EU',
      'DEFAULT',
    ]);
    expect(await shownIds(stage, `${V1}/list?serviceName=orders&clusters=EU`)).toEqual(['a']);
  });

  it.each(['PUT', 'PATCH'])('[Y18] are all taken offline and edited by %s, in one revision', async (method) => {
    const stage = await staged([{ id: 'a' }, { id: 'b', cluster: 'EU' }]);
    const before = await revision(stage);
    expect(await stage.send(method, V1, `${NAMED}&enabled=false&weight=3&metadata=x%3D1`)).toEqual([200, 'ok']);
    expect(await revision(stage)).toBe(before + 1);
    expect(await shownIds(stage)).toEqual([]);
    expect(await views(stage)).toMatchObject(Array(2).fill({ enabled: false, weight: 3, metadata: { x: '1' } }));
  });

  it('[Y18] are edited all or none by a token that may only register, if it owns them all', async () => {
    const stage = new NacosStage(GRANTS);
    await stage.send('POST', `${V1}?${NAMED}`);
    await stage.register({ ...KEY, id: 'native' }, { address: '10.0.0.7', port: 80, lease: LEASE });
    const [status, text] = await stage.send('PUT', `${V1}?${NAMED}&enabled=false`);
    expect([status, text]).toEqual([403, expect.stringContaining('native')]);
    expect(await stage.hosts(`${V1}/list?serviceName=orders`)).toMatchObject([{ enabled: true }]);
  });

  it('[Y18] all get the metadata of a batch, and are named once', async () => {
    const stage = await staged([{ id: 'a' }, { id: 'b' }]);
    const updated = await stage.json('PUT', `${V1}/metadata/batch`, 'serviceName=orders&metadata=x%3D1');
    expect(updated).toEqual({ updated: ['10.0.0.7:80:unknown:DEFAULT:ephemeral'] });
    expect(await views(stage)).toMatchObject([{ metadata: { x: '1' } }, { metadata: { x: '1' } }]);
  });

  it('[Y18] all get the health that is set; if one sends heartbeats, none does', async () => {
    const persistent = { ephemeral: false, lease: undefined };
    const stage = await staged([
      { id: 'a', ...persistent },
      { id: 'b', ...persistent },
    ]);
    const set = () => stage.send('PUT', `/nacos/v1/ns/health?${NAMED}&healthy=false`);
    expect(await set()).toEqual([200, 'ok']);
    expect(await views(stage)).toMatchObject([{ status: 'down' }, { status: 'down' }]);
    await staged([{ id: 'c' }], stage);
    expect((await set())[0]).toBe(400);
  });
});

describe('DELETE', () => {
  it('[Y19] by an operator removes everything at the place, in one revision', async () => {
    const stage = await staged([{ id: 'a' }, { id: 'b', cluster: 'EU' }]);
    await stage.send('POST', `${V1}?${NAMED}`);
    const before = await revision(stage);
    expect(await stage.send('DELETE', `${V1}?${NAMED}`)).toEqual([200, 'ok']);
    expect(await views(stage)).toEqual([]);
    expect(await revision(stage)).toBe(before + 1);
  });

  it('[Y19] by a client removes its own registration and leaves those of other doors', async () => {
    const stage = await staged([{ id: 'a' }], new NacosStage(GRANTS));
    await stage.send('POST', `${V1}?${NAMED}`);
    expect(await stage.send('DELETE', `${V1}?${NAMED}`)).toEqual([200, 'ok']);
    expect(await views(stage)).toMatchObject([{ id: 'a' }]);
  });

  it.each(['/nacos/v1/ns/instance', '/nacos/v2/ns/instance', '/nacos/v3/client/ns/instance'])(
    '[Y19] at %s refuses to remove what another token registered elsewhere, with that reason',
    async (path) => {
      const stage = await staged([{ id: 'a' }], new NacosStage(GRANTS));
      const [status, text] = await stage.send('DELETE', `${path}?${NAMED}`);
      expect([status, text]).toEqual([403, expect.stringContaining('was registered by a token other than')]);
      expect(await views(stage)).toHaveLength(1);
    },
  );

  it('[Y19] removes what the same token registered through another door', async () => {
    const stage = new NacosStage(GRANTS);
    await stage.app.send('PUT', '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/a', {
      headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ address: '10.0.0.7', port: 80 }),
    });
    expect(await views(stage)).toHaveLength(1);
    expect(await stage.send('DELETE', `${V1}?${NAMED}`)).toEqual([200, 'ok']);
    expect(await views(stage)).toEqual([]);
  });

  it('[Y19] removes what the same token registered elsewhere, even if others registered at the place', async () => {
    const stage = new NacosStage(GRANTS);
    await stage.app.send('PUT', '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/own', {
      headers: { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ address: '10.0.0.7', port: 80 }),
    });
    await staged([{ id: 'foreign' }, { id: '10.0.0.7:80' }], stage);
    expect(await stage.send('DELETE', `${V1}?${NAMED}`)).toEqual([200, 'ok']);
    expect(await views(stage)).toMatchObject([{ id: '10.0.0.7:80' }, { id: 'foreign' }]);
    expect((await stage.send('DELETE', `${V1}?${NAMED}`))[0]).toBe(403);
  });

  it('[Y19] is ok for an unknown instance, as in Nacos', async () => {
    const stage = await staged([]);
    expect(await stage.send('DELETE', `${V1}?${NAMED}`)).toEqual([200, 'ok']);
  });
});
