import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import type { showCheck, showNode, showService } from '../../codecs/consul/shown';

type Check = ReturnType<typeof showCheck>;
type Node = ReturnType<typeof showNode>;
type Service = ReturnType<typeof showService>;

async function begin(): Promise<ConsulStage> {
  const stage = new ConsulStage();
  const node = { name: 'N1', id: '', address: '10.1.1.1', taggedAddresses: {}, meta: { rack: 'r1' } };
  await stage.putRecord('node:n1', { node });
  await stage.registerForeign('web', 'a', { node: 'n1', tags: ['v2', 'v1'] });
  await stage.registerForeign('web', 'b', { node: 'n2', tags: ['v1', 'v3'], status: 'down' });
  await stage.registerForeign('db', 'c', { node: 'n2' });
  return stage;
}

const SERVICES = { consul: [], db: [], web: ['v1', 'v2', 'v3'] };
const shown = async <T>(stage: ConsulStage, path: string) => (await stage.read<T>(path)).value;
const nodes = async (stage: ConsulStage, query = '') =>
  (await shown<Node[]>(stage, `/v1/catalog/nodes${query}`)).map(({ Node }) => Node);
const checks = async (stage: ConsulStage, path: string) =>
  (await shown<Check[]>(stage, path)).map(({ Node, CheckID, Status }) => `${Node} ${CheckID} ${Status}`);

describe('lists over all services', () => {
  it('[CH7] of an empty namespace have the default node and the service consul', async () => {
    const stage = new ConsulStage();
    expect(await stage.read('/v1/catalog/services')).toEqual({ value: { consul: [] }, index: 2 });
    expect(await nodes(stage)).toEqual(['rollcall']);
    expect(await checks(stage, '/v1/health/state/any')).toEqual(['rollcall serfHealth passing']);
  });

  it('[CH1] have each service with the tags of its instances', async () => {
    const stage = await begin();
    expect(await shown(stage, '/v1/catalog/services')).toEqual(SERVICES);
    await stage.namespace.api.deregister(
      { tokenId: 'native' },
      { key: { group: 'DEFAULT_GROUP', service: 'db', id: 'c' }, precondition: {} },
    );
    expect(await shown(stage, '/v1/catalog/services')).toEqual({ consul: [], web: SERVICES.web });
  });

  it('[CH2] select by filter and by the meta of the node', async () => {
    const stage = await begin();
    const services = (query: string) => shown(stage, `/v1/catalog/services?${query}`);
    expect(await services('node-meta=rack:r1')).toEqual({ web: ['v1', 'v2'] });
    expect(await services('filter=ServiceName==db')).toEqual({ db: [] });
    expect(await services('filter=ServiceName+matches+"^d"+or+Node==N1')).toEqual({ db: [], web: ['v1', 'v2'] });
    expect(await nodes(stage, '?node-meta=rack:r1')).toEqual(['N1']);
    expect(await nodes(stage, '?filter=Node!=N1')).toEqual(['n2', 'rollcall']);
    expect(await checks(stage, '/v1/health/state/critical?filter=ServiceName==db')).toEqual([]);
    expect(await checks(stage, '/v1/health/node/n2?filter=ServiceName==db')).toEqual(['n2 service:c passing']);
  });

  it('[CH1] have nodes with what runs on them, by a name in any case', async () => {
    const stage = await begin();
    expect(await nodes(stage)).toEqual(['N1', 'n2', 'rollcall']);
    const node = await shown<{ Node: Node; Services: Record<string, Service> }>(stage, '/v1/catalog/node/n1');
    expect(node.Node).toMatchObject({ Node: 'N1', Address: '10.1.1.1', Meta: { rack: 'r1' } });
    expect(Object.keys(node.Services)).toEqual(['a']);
    const listed = await shown<{ Services: Service[] }>(stage, '/v1/catalog/node-services/N2?filter=Service!=db');
    expect(listed.Services.map(({ ID }) => ID)).toEqual(['b']);
    expect(await shown(stage, '/v1/catalog/node/n3')).toBeNull();
    expect(await shown(stage, '/v1/catalog/node-services/n3')).toEqual({ Node: null, Services: [] });
    expect(await shown(stage, '/v1/health/node/n3')).toEqual([]);
  });

  it('[CH1] have the checks of a node, and those in a state', async () => {
    const stage = await begin();
    const check = { id: 'disk', name: 'Disk', notes: '', output: '', at: 1, definition: undefined };
    await stage.putRecord('check:n2:disk', { nodeCheck: { node: 'N2', check: { ...check, status: 'warning' } } });
    const onN2 = ['n2 serfHealth passing', 'n2 disk warning', 'n2 service:c passing', 'n2 service:b critical'];
    expect(await checks(stage, '/v1/health/node/N2')).toEqual(onN2);
    expect(await checks(stage, '/v1/health/state/critical')).toEqual(['n2 service:b critical']);
    expect(await checks(stage, '/v1/health/state/warning')).toEqual(['n2 disk warning']);
    expect(await checks(stage, '/v1/health/state/unknown')).toEqual([]);
    const all = await checks(stage, '/v1/health/state/any');
    expect(all).toEqual(['N1 serfHealth passing', 'N1 service:a passing', ...onN2, 'rollcall serfHealth passing']);
  });

  it('[CH7] have no mesh, and one datacenter, which has no index', async () => {
    const stage = await begin();
    for (const path of ['catalog/connect', 'catalog/gateway-services', 'health/connect', 'health/ingress']) {
      expect(await shown(stage, `/v1/${path}/web`)).toEqual([]);
    }
    const { text, headers } = await stage.send('GET', '/v1/catalog/datacenters');
    expect([text, headers.get('x-consul-index')]).toEqual(['["dc1"]', null]);
  });

  it('[CH5] have for a token what it may read', async () => {
    const stage = (await begin()).as({ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@db'] });
    expect(await shown(stage, '/v1/catalog/services')).toEqual({ db: [] });
    expect(await nodes(stage)).toEqual(['n2', 'rollcall']);
    expect(await shown(stage, '/v1/catalog/node/n1')).toBeNull();
    expect(await checks(stage, '/v1/health/node/n2')).toEqual(['n2 serfHealth passing', 'n2 service:c passing']);
    expect(await checks(stage, '/v1/health/state/critical')).toEqual([]);
    const index = (await stage.read('/v1/catalog/services')).index;
    const waiting = stage.read(`/v1/catalog/services?index=${index}`);
    await expect.poll(() => stage.sockets.size).toBe(1);
    await stage.registerForeign('db', 'd', { tags: ['new'] });
    expect((await waiting).value).toEqual({ db: ['new'] });
  });

  it('[CH3] wake what waits for them', async () => {
    const stage = await begin();
    const { index } = await stage.read('/v1/catalog/services');
    const waiting = stage.read<object>(`/v1/catalog/services?index=${index}&wait=2m`);
    await expect.poll(() => stage.sockets.size).toBe(1);
    await stage.registerForeign('new', 'a');
    expect(await waiting).toEqual({ value: { ...SERVICES, new: [] }, index: index + 1 });
  });
});

it.each([
  ['/v1/health/service', 'Missing service name'],
  ['/v1/health/service/', 'Missing service name'],
  ['/v1/health/checks/', 'Missing service name'],
  ['/v1/catalog/service/', 'Missing service name'],
  ['/v1/catalog/connect/', 'Missing service name'],
  ['/v1/catalog/node/', 'Missing node name'],
  ['/v1/catalog/node-services/', 'Missing node name'],
  ['/v1/health/node/', 'Missing node name'],
  ['/v1/health/state/', 'Missing check state'],
  ['/v1/health/state/bad', 'Invalid check state: "bad" is none of any, passing, warning, critical, unknown'],
  ['/v1/health/service/web?passing=maybe', 'Invalid value for ?passing'],
  ['/v1/health/service/web?index=-2', 'Invalid index'],
  ['/v1/health/service/web?index=1e3', 'Invalid index'],
  ['/v1/health/service/web?index=99999999999999999999', 'Invalid index'],
  ['/v1/health/service/web?wait=10', 'Invalid wait time'],
  ['/v1/health/service/web?wait=soon', 'Invalid wait time'],
  ['/v1/catalog/nodes?max_stale=x', 'Invalid max_stale value "x"'],
  ['/v1/catalog/nodes?stale&consistent', 'Cannot specify ?stale with ?consistent, conflicting semantics.'],
  [
    '/v1/catalog/nodes?ns=team',
    'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature',
  ],
  ['/v1/catalog/services?filter=Nope==1', 'Selector "Nope" is not valid'],
  ['/v1/health/service/web?filter=Service.ID+matches+"("', 'Failed to compile regular expression "("'],
  ['/v1/health/service/web?filter=Service.ID', ''],
  ['/v1/health/service/%ff', 'does not start an encoded UTF-8 character'],
])('[CH8] %s is a bad request', async (path, text) => {
  const answer = await new ConsulStage().send('GET', path);
  expect([answer.status, answer.text]).toEqual([400, expect.stringContaining(text)]);
  expect(answer.headers.get('content-type')).toMatch('text/plain');
});

it('[CH8] another datacenter is an error of the server, as in Consul', async () => {
  expect(await new ConsulStage().brief('GET', '/v1/catalog/nodes?dc=dc2')).toEqual([500, 'No path to datacenter']);
  expect((await new ConsulStage().brief('GET', '/v1/catalog/nodes?dc=DC1'))[0]).toBe(200);
});

it('[CH8] names of any characters find nothing', async () => {
  const stage = new ConsulStage();
  for (const name of ['%00', '..%2f..', '%F0%9F%90%99', '@@', 'a@@', '@@@@a', 'x'.repeat(2_000), '__proto__', '*']) {
    for (const list of ['health/service', 'catalog/service', 'health/checks', 'health/node', 'catalog/connect']) {
      expect(await stage.brief('GET', `/v1/${list}/${name}`), `${list} of ${name}`).toEqual([200, '[]']);
    }
    expect(await stage.brief('GET', `/v1/catalog/node/${name}`)).toEqual([200, 'null']);
  }
});
