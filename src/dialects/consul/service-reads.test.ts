import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import type { KeptCheck } from '../../codecs/consul/kept';
import type { showCatalogService, showCheck, showHealth } from '../../codecs/consul/shown';
import type { InstanceDefinitionInput } from '../../model/instance';
import { LIST_TEXT_MAX_BYTES } from '../../model/limits';

type Health = ReturnType<typeof showHealth>;
type Check = ReturnType<typeof showCheck>;

const WEB = '/v1/health/service/web';

/** A check of a node, in a record of its own. */
const nodeCheck = (status: KeptCheck['status']): KeptCheck => ({
  ...{ id: 'disk', name: 'Disk', notes: '', status, output: 'half full', at: 1 },
  definition: undefined,
});

/** Returns the ids of the instances that a list has. */
async function ids(stage: ConsulStage, path: string): Promise<string[]> {
  const { value } = await stage.read<Health[]>(path);
  return value.map(({ Service }) => Service.ID);
}

describe('health/service', () => {
  it('[CH1] shows an instance of another API with its node and its checks, those of the node first', async () => {
    const stage = new ConsulStage();
    await stage.registerForeign('web', 'a', { node: 'n1', tags: ['v1', 'v1'], metadata: { k: 'v' }, weight: 3 });
    const { value, index } = await stage.read<Health[]>(WEB);
    expect(index).toBe(3);
    expect(value).toMatchObject([
      {
        Node: { Node: 'n1', Address: '10.0.0.9', Datacenter: 'dc1', CreateIndex: 3, ModifyIndex: 3 },
        Service: { ID: 'a', Service: 'web', Address: '10.0.0.9', Port: 9, Meta: { k: 'v' }, Weights: { Passing: 3 } },
        Checks: [
          { CheckID: 'serfHealth', Status: 'passing', ServiceID: '', Node: 'n1' },
          { CheckID: 'service:a', Name: "Service 'web' check", Status: 'passing', Type: 'ttl', ServiceID: 'a' },
        ],
      },
    ]);
    expect(value[0]?.Checks).toHaveLength(2);
  });

  it.each<[string, Partial<InstanceDefinitionInput>, string, string]>([
    ['up', {}, 'service:a', 'passing'],
    ['starting', { status: 'starting' }, 'service:a', 'critical'],
    ['down', { status: 'down' }, 'service:a', 'critical'],
    ['out of service', { status: 'out-of-service' }, '_service_maintenance:a', 'critical'],
    ['draining', { status: 'draining' }, '_service_maintenance:a', 'critical'],
    ['of weight 0', { weight: 0 }, '_service_maintenance:a', 'critical'],
  ])('[CH1] an instance that is %s', async (_what, more, check, status) => {
    const stage = new ConsulStage();
    await stage.registerForeign('web', 'a', more);
    const { value } = await stage.read<Health[]>(WEB);
    expect(value[0]?.Checks.at(-1)).toMatchObject({ CheckID: check, Status: status });
    expect(await ids(stage, `${WEB}?passing`)).toEqual(status === 'passing' ? ['a'] : []);
  });

  it('[CH2] selects by tags in any case, by the meta of the node, by filter and by health', async () => {
    const stage = new ConsulStage();
    const node = { name: 'n1', id: '', address: '10.1.1.1', taggedAddresses: {}, meta: { rack: 'r1' } };
    await stage.putRecord('node:n1', { node });
    await stage.registerForeign('web', 'a', { node: 'n1', tags: ['Blue', 'big'] });
    await stage.registerForeign('web', 'b', { node: 'n2', tags: ['blue'], status: 'down' });
    for (const [query, wanted] of [
      ['', ['a', 'b']],
      ['?tag=blue', ['a', 'b']],
      ['?tag=BLUE&tag=Big', ['a']],
      ['?tag=', ['a', 'b']],
      ['?node-meta=rack:r1', ['a']],
      ['?node-meta=rack:r1&node-meta=row:2', []],
      ['?node-meta=constructor:x', []],
      ['?passing', ['a']],
      ['?passing=1', ['a']],
      ['?passing=false', ['a', 'b']],
      ['?filter=Service.ID==b', ['b']],
      ['?filter=Service.ID==b&passing', []],
      ['?filter=Service.ID+matches+"^[ab]$"+and+Checks.Status==critical', ['b']],
      ['?near=_agent&merge-central-config&stale&max_stale=1s&cached', ['a', 'b']],
    ] as const) {
      expect(await ids(stage, WEB + query), query).toEqual(wanted);
    }
  });

  it('[CH1] shows checks of the node, which take all of its instances out of the passing ones', async () => {
    const stage = new ConsulStage();
    await stage.registerForeign('web', 'a', { node: 'N1' });
    await stage.registerForeign('web', 'b', { node: 'n2' });
    await stage.putRecord('check:n1:disk', { nodeCheck: { node: 'n1', check: nodeCheck('warning') } });
    const { value } = await stage.read<Health[]>(WEB);
    expect(value[0]?.Checks.map(({ CheckID, Status }) => `${CheckID} ${Status}`)).toEqual([
      'serfHealth passing',
      'disk warning',
      'service:a passing',
    ]);
    expect(await ids(stage, `${WEB}?passing`)).toEqual(['b']);
  });

  it('[CH1] finds a service in any case, its own spelling first', async () => {
    const stage = new ConsulStage();
    expect(await ids(stage, WEB)).toEqual([]);
    await stage.registerForeign('Web', 'a');
    expect(await ids(stage, WEB)).toEqual(['a']);
    await stage.registerForeign('web', 'b');
    expect([await ids(stage, WEB), await ids(stage, '/v1/health/service/WEB')]).toEqual([['b'], ['a']]);
    expect(await ids(stage, `${WEB}?index=1`)).toEqual(['b']);
  });

  it('[CH7] never shows records of nodes and checks as instances', async () => {
    const stage = new ConsulStage();
    await stage.putRecord('check:n1:disk', { nodeCheck: { node: 'n1', check: nodeCheck('critical') } });
    expect(await ids(stage, '/v1/health/service/consul@@nodes')).toEqual([]);
    expect(await ids(stage, '/v1/health/service/Consul@@Nodes')).toEqual([]);
  });

  it('[CH1, CH6] shows a service of several pages, and a change on its last one', async () => {
    const stage = new ConsulStage();
    const metadata = { a: 'x'.repeat(4_000), b: 'y'.repeat(3_000) };
    const count = Math.ceil(LIST_TEXT_MAX_BYTES / 7_000) + 5;
    const wanted = Array.from({ length: count }, (_, n) => `i${String(n).padStart(5, '0')}`);
    const definition = { address: '10.0.0.9', port: 9, metadata };
    for (const id of wanted) await stage.registerForeign('web', id, definition);
    expect(await ids(stage, WEB)).toEqual(wanted);
    expect(await ids(stage, `${WEB}?filter=Service.ID==i00001`)).toEqual(['i00001']);
    // The first page stays the same.
    const id = wanted.at(-1) ?? '';
    const last = `${WEB}?filter=Service.ID==${id}`;
    expect(await ids(stage, last)).toEqual([id]);
    await stage.namespace.api.deregister(
      { tokenId: 'native' },
      { key: { group: 'DEFAULT_GROUP', service: 'web', id }, precondition: {} },
    );
    expect(await ids(stage, last)).toEqual([]);
    expect(await ids(stage, WEB)).toEqual(wanted.slice(0, -1));
  });
});

it('[CH1] catalog/service has no health, health/checks only the checks of the instances', async () => {
  const stage = new ConsulStage();
  await stage.registerForeign('web', 'a', { node: 'n1', status: 'down', tags: ['v1'] });
  type Flat = ReturnType<typeof showCatalogService>;
  const { value: flat } = await stage.read<Flat[]>('/v1/catalog/service/web?passing=nonsense');
  expect(flat).toMatchObject([{ Node: 'n1', Address: '10.0.0.9', ServiceID: 'a', ServiceName: 'web', ServicePort: 9 }]);
  const checks = async (query = '') => (await stage.read<Check[]>(`/v1/health/checks/web${query}`)).value;
  expect(await checks()).toMatchObject([{ CheckID: 'service:a', Status: 'critical', ServiceName: 'web' }]);
  expect(await checks('?tag=none')).toHaveLength(1);
  expect(await checks('?filter=Status==passing')).toEqual([]);
});

it("[CH7] the service consul is that of the registry itself, beside instances of the client's own", async () => {
  const stage = new ConsulStage();
  expect(await ids(stage, '/v1/health/service/consul?passing')).toEqual(['consul']);
  await stage.registerForeign('consul', 'mine');
  expect(await ids(stage, '/v1/health/service/consul?passing')).toEqual(['mine', 'consul']);
});

describe('a token with grants on some services', () => {
  it('[CH5] reads those, and is refused for others', async () => {
    const stage = new ConsulStage();
    await stage.registerForeign('web', 'a');
    await stage.registerForeign('Secret', 'a');
    stage.as({ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@web', 'DEFAULT_GROUP@@secret'] });
    expect(await ids(stage, WEB)).toEqual(['a']);
    for (const list of ['health/service', 'health/checks', 'catalog/service']) {
      const [status, text] = await stage.brief('GET', `/v1/${list}/orders`);
      expect([status, text.split(':')[0]]).toEqual([403, 'Permission denied']);
    }
    expect(await ids(stage, '/v1/health/service/secret'), 'another spelling is another service for a token').toEqual(
      [],
    );
  });

  it('[CH3, CH5] is woken by changes of nodes, which it may not read itself', async () => {
    const stage = new ConsulStage();
    await stage.registerForeign('web', 'a', { node: 'n1' });
    stage.as({ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@web'] });
    const { index } = await stage.read(WEB);
    const waiting = ids(stage, `${WEB}?passing&wait=60s&index=${index}`);
    await expect.poll(() => stage.sockets.size).toBe(1);
    await stage.putRecord('check:n1:disk', { nodeCheck: { node: 'n1', check: nodeCheck('critical') } });
    expect(await waiting).toEqual([]);
  });
});
