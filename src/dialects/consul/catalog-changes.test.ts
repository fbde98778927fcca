import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { InstanceDefinition, type InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';

const NODE = { Node: 'ext', Address: '10.1.0.1' };
const SERVICE = { ID: 'db-1', Service: 'db', Port: 5432, Tags: ['primary'] };
const KEY = { group: 'DEFAULT_GROUP', service: 'db', id: 'db-1@ext' };

interface HealthEntry {
  Node: { Node: string; Address: string; Meta: object };
  Service: { ID: string };
  Checks: { CheckID: string; Status: string; Output: string }[];
}

function begin() {
  const stage = new ConsulStage();
  const { api } = stage.namespace;
  const register = (body: object) => stage.brief('PUT', '/v1/catalog/register', body);
  const deregister = (body: object) => stage.brief('PUT', '/v1/catalog/deregister', body);
  const view = async (key = KEY): Promise<InstanceView> => {
    const { body } = await api.readInstance({ key });
    if (body === null) throw new Error('the read has no condition');
    return readJsonText(body);
  };
  const health = async () => (await stage.read<HealthEntry[]>('/v1/health/service/db')).value;
  const statuses = async () =>
    (await health()).flatMap(({ Checks }) => Checks.map(({ CheckID, Status }) => `${CheckID} ${Status}`));
  const revision = async () => readJsonText((await api.stats()).body).revision;
  return { stage, api, register, deregister, view, health, statuses, revision };
}

describe('a registration in the catalog', () => {
  it('[CA8] is a persistent instance at the address of its node, in one revision', async () => {
    const { register, view, health, revision } = begin();
    const check = { Node: 'ext', CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'db-1', Output: 'ok' };
    const body = { ...NODE, NodeMeta: { external: 'true' }, Service: SERVICE, Check: check };
    expect(await register(body)).toEqual([200, 'true']);
    expect(await revision()).toBe(1);
    expect(await view()).toMatchObject({ address: '10.1.0.1', port: 5432, node: 'ext', lease: null, status: 'up' });
    expect(await health()).toMatchObject([
      {
        Node: { Node: 'ext', Address: '10.1.0.1', Meta: { external: 'true' } },
        Service: { ID: 'db-1' },
        Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'c', Status: 'passing', Output: 'ok' }],
      },
    ]);
    expect(await register(body)).toEqual([200, 'true']);
    expect(await revision()).toBe(1);
  });

  it('[CA8] writes the status of a check, which stays as it is', async () => {
    const { stage, register, statuses, view } = begin();
    const check = { CheckID: 'c', Name: 'c', ServiceID: 'db-1', Definition: { TTL: '1s' } };
    await register({ ...NODE, Service: SERVICE, Check: { ...check, Status: 'critical' } });
    expect((await view()).status).toBe('down');
    await register({ ...NODE, Check: { ...check, Status: 'warning' } });
    expect(await statuses()).toEqual(['serfHealth passing', 'c warning']);
    await register({ ...NODE, Check: { CheckID: 'n', Name: 'n', Status: 'critical' } });
    expect(await statuses()).toEqual(['serfHealth passing', 'n critical', 'c warning']);
    await stage.namespace.pass(3_600_000);
    expect(await statuses()).toEqual(['serfHealth passing', 'n critical', 'c warning']);
    expect(await stage.brief('PUT', '/node/ext/v1/agent/check/pass/c')).toEqual([
      500,
      'CheckID "c" does not have associated TTL',
    ]);
    expect(await register({ ...NODE, Check: { CheckID: 'x', Name: 'x', ServiceID: 'none' } })).toEqual([
      400,
      'Missing service registration',
    ]);
  });

  it('keeps the lease of a service that an agent has', async () => {
    const { stage, register, view } = begin();
    const body = { ID: 'db-1', Name: 'db', Address: '10.1.0.1', Port: 1, Check: { TTL: '10s' } };
    await stage.brief('PUT', '/node/ext/v1/agent/service/register', body);
    const check = { CheckID: 'service:db-1', Name: 'c', ServiceID: 'db-1', Status: 'passing' };
    await register({ ...NODE, Check: check });
    expect(await view()).toMatchObject({ status: 'up', lease: { ttlMs: 10_000 } });
  });

  it('keeps the data of a node while it is in maintenance', async () => {
    const { stage, register, health, revision } = begin();
    await register({ ...NODE, NodeMeta: { rack: '1' }, Service: SERVICE });
    const enable = (on: boolean) => stage.brief('PUT', `/node/EXT/v1/agent/maintenance?enable=${on}`);
    expect(await enable(true)).toEqual([200, '']);
    expect(await enable(true)).toEqual([200, '']);
    expect((await health())[0]?.Checks.map(({ CheckID }) => CheckID)).toEqual(['serfHealth', '_node_maintenance']);
    await register({ ...NODE, NodeMeta: { rack: '1' }, Service: SERVICE });
    expect((await health())[0]?.Checks).toHaveLength(2);
    expect(await enable(false)).toEqual([200, '']);
    expect((await health())[0]).toMatchObject({ Node: { Node: 'ext', Address: '10.1.0.1', Meta: { rack: '1' } } });
    expect(await revision()).toBe(3);
  });

  it('needs a node and an address', async () => {
    const { register, revision } = begin();
    expect(await register({ Address: '10.0.0.1' })).toEqual([400, 'Must provide node']);
    expect((await register({ Node: 'ext' }))[0]).toBe(400);
    expect((await register({ ...NODE, Service: { ID: 'a' } }))[0]).toBe(400);
    expect((await register({ ...NODE, Service: { Service: 'consul@@nodes' } }))[0]).toBe(400);
    expect(await revision()).toBe(0);
  });
});

describe('a removal from the catalog', () => {
  it('[CA8] removes a check, a service, or a node with everything on it', async () => {
    const { stage, api, register, deregister, statuses, health } = begin();
    const checks = [
      { CheckID: 'c', Name: 'c', Status: 'passing', ServiceID: 'db-1' },
      { CheckID: 'n', Name: 'n', Status: 'passing' },
    ];
    const all = { ...NODE, Service: SERVICE, Checks: checks };
    await register(all);
    expect(await deregister({ Node: 'EXT', CheckID: 'c' })).toEqual([200, 'true']);
    expect(await deregister({ Node: 'ext', CheckID: 'n' })).toEqual([200, 'true']);
    expect(await statuses()).toEqual(['serfHealth passing']);
    expect(await deregister({ Node: 'ext', ServiceID: 'db-1' })).toEqual([200, 'true']);
    expect(await health()).toEqual([]);
    await register(all);
    const key = { group: 'DEFAULT_GROUP', service: 'db', id: 'native' };
    const definition = InstanceDefinition.parse({ address: '10.0.0.9', port: 1, node: 'ext' });
    await api.register({ tokenId: 't' }, { key, definition, precondition: {} });
    expect(await deregister({ Node: 'ext' })).toEqual([200, 'true']);
    // An instance of another API stays, on the node that it names.
    expect((await health()).map(({ Service, Checks }) => [Service.ID, Checks.map(({ CheckID }) => CheckID)])).toEqual([
      ['native', ['serfHealth', 'service:native']],
    ]);
    expect(await deregister({ Node: 'ext' })).toEqual([200, 'true']);
    expect(await deregister({ Node: 'none', ServiceID: 'x' })).toEqual([200, 'true']);
    expect(await deregister({})).toEqual([400, 'Must provide node']);
    expect((await stage.read<object[]>('/v1/catalog/nodes')).value).toHaveLength(2);
  });
});
