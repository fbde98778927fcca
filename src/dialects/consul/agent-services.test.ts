import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { InstanceDefinition, type InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';

const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80, Check: { TTL: '15s' } };

/** A stage with shortcuts for services in the default group. */
function begin() {
  const stage = new ConsulStage();
  const { api } = stage.namespace;
  const view = async (service: string, id: string): Promise<InstanceView> => {
    const { body } = await api.readInstance({ key: { group: 'DEFAULT_GROUP', service, id } });
    if (body === null) throw new Error('the read has no condition');
    return readJsonText(body);
  };
  const put = (path: string, body?: unknown) => stage.brief('PUT', path, body);
  const register = (body: unknown, path = '/v1/agent/service/register') => put(path, body);
  const revision = async () => (await api.stats()).cursor;
  return { stage, api, view, put, register, revision };
}

describe('a registration at an agent', () => {
  it('[CA1] is an instance whose lease is its TTL check', async () => {
    const { register, view } = begin();
    expect(
      await register({ ...WEB, Tags: ['v1', 'v1'], Meta: { k: 'v' }, Weights: { Passing: 5, Warning: 2 } }),
    ).toEqual([200, '']);
    expect(await view('web', 'web-1')).toMatchObject({
      address: '10.0.0.1',
      port: 80,
      node: 'rollcall',
      tags: ['v1'],
      weight: 5,
      metadata: { k: 'v' },
      status: 'starting',
      lease: { ttlMs: 15_000, removeAfterMs: null },
      extensions: {
        consul: { id: 'web-1', tags: ['v1', 'v1'], checks: [{ id: 'service:web-1', status: 'critical' }] },
      },
    });
  });

  it('[CA2] changes no revision if it is repeated, and keeps the status of its checks', async () => {
    const { register, put, view, revision } = begin();
    await register(WEB);
    expect(await put('/v1/agent/check/pass/service:web-1?note=fine')).toEqual([200, '']);
    const before = await revision();
    await register(WEB);
    expect(await revision()).toBe(before);
    await register({ ...WEB, Port: 81, Check: { TTL: '15s', Status: 'critical' } });
    expect(await view('web', 'web-1')).toMatchObject({
      port: 81,
      status: 'up',
      extensions: { consul: { checks: [{ status: 'passing', output: 'fine' }] } },
    });
  });

  it('[CA2] keeps checks that it does not mention, unless it replaces them', async () => {
    const { register, view } = begin();
    const ids = async () =>
      ((await view('web', 'web-1')).extensions.consul as { checks?: { id: string }[] }).checks?.map(({ id }) => id);
    await register(WEB);
    await register({ ...WEB, Check: null });
    expect(await ids()).toEqual(['service:web-1']);
    await register({ ...WEB, Check: undefined }, '/v1/agent/service/register?replace-existing-checks');
    expect(await ids()).toBeUndefined();
    expect((await view('web', 'web-1')).lease).toBeNull();
  });

  it('[CA2] moves an ID that another service of the node has, in one revision', async () => {
    const { register, api, view, stage } = begin();
    await register(WEB);
    await register({ ...WEB, Name: 'shop' });
    await expect(view('web', 'web-1')).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect((await view('shop', 'web-1')).createdRevision).toBe(2);
    expect(readJsonText((await api.stats()).body).revision).toBe(2);
    // The same ID on another node is another service.
    await register(WEB, '/node/n2/v1/agent/service/register');
    expect((await view('web', 'web-1@n2')).node).toBe('n2');
    expect((await view('shop', 'web-1')).node).toBe('rollcall');
    expect(await stage.brief('PUT', '/node/N2/v1/agent/service/deregister/web-1')).toEqual([200, '']);
    expect((await view('shop', 'web-1')).node).toBe('rollcall');
  });

  it('[CA3] does not replace an instance of another API', async () => {
    const { register, api, put } = begin();
    const key = { group: 'DEFAULT_GROUP', service: 'web', id: 'web-1' };
    const definition = InstanceDefinition.parse({ address: '10.0.0.9', port: 1 });
    await api.register({ tokenId: 't' }, { key, definition, precondition: {} });
    const [status, text] = await register(WEB);
    expect([status, text]).toEqual([
      400,
      expect.stringContaining('the instance "web-1" of the service "web" was registered'),
    ]);
    expect(await put('/v1/agent/service/deregister/web-1')).toEqual([
      404,
      'Unknown service ID "web-1". Ensure that the service ID is passed, not the service name.',
    ]);
  });

  it('[CA2] gets the address of its node, or else is refused', async () => {
    const { register, put, view } = begin();
    const { Address: _address, ...bare } = WEB;
    expect(await register(bare)).toEqual([400, expect.stringContaining('set Address')]);
    expect(await put('/v1/agent/maintenance?enable=true&reason=disk')).toEqual([200, '']);
    expect(await register(bare)).toEqual([400, expect.stringContaining('set Address')]);
    expect(await register({ ...bare, Address: '10.0.0.2' })).toEqual([200, '']);
    expect((await view('web', 'web-1')).address).toBe('10.0.0.2');
  });

  it.each<[string, unknown, number, string]>([
    ['HTTP check', { HTTP: 'http://10.0.0.1/h', Interval: '10s' }, 400, 'rollcall gateway --consul-port'],
    ['script check', { Args: ['true'], Interval: '10s' }, 500, 'Scripts are disabled on this agent'],
    ['alias check', { AliasService: 'x' }, 400, 'has the type "alias", which is not supported'],
    ['UDP check', { UDP: '10.0.0.1:1', Interval: '10s' }, 400, 'has the type "udp", which is not supported'],
  ])('[CA6] refuses a %s that nothing would run', async (_kind, Check, status, text) => {
    const { register, view } = begin();
    expect(await register({ ...WEB, Check })).toEqual([status, expect.stringContaining(text)]);
    await expect(view('web', 'web-1')).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
  });

  it('[CA6] accepts an HTTP check through a gateway, which runs it and reports its results', async () => {
    const { stage, view } = begin();
    const body = {
      ...WEB,
      Check: { HTTP: 'http://10.0.0.1/h', Interval: '20s', DeregisterCriticalServiceAfter: '90s' },
    };
    const headers = { 'rollcall-check-runner': 'gw1' };
    expect((await stage.send('PUT', '/v1/agent/service/register', body, headers)).status).toBe(200);
    expect(await view('web', 'web-1')).toMatchObject({
      status: 'starting',
      lease: { ttlMs: 60_000, removeAfterMs: 150_000 },
      extensions: { consul: { runner: 'gw1' } },
    });
    const path = '/v1/agent/check/update/service:web-1';
    const result = { Status: 'passing', Output: 'HTTP GET http://10.0.0.1/h: 200 OK' };
    const refused = [500, 'CheckID "service:web-1" does not have associated TTL'];
    expect(await stage.brief('PUT', '/v1/agent/check/pass/service:web-1')).toEqual(refused);
    expect(await stage.brief('PUT', path, result)).toEqual(refused);
    const other = await stage.send('PUT', path, result, { 'rollcall-check-runner': 'gw2' });
    expect([other.status, other.text]).toEqual(refused);
    expect((await stage.send('PUT', path, result, headers)).status).toBe(200);
    expect((await view('web', 'web-1')).status).toBe('up');
  });

  it('[CA1] keeps a second TTL check as a record of its own', async () => {
    const { register, put, view, stage } = begin();
    const { Check: _check, ...bare } = WEB;
    expect(await register({ ...bare, Checks: [{ TTL: '15s' }, { TTL: '20s', CheckID: 'deep' }] })).toEqual([200, '']);
    expect((await view('web', 'web-1')).extensions.consul).toMatchObject({ checks: [{ id: 'service:web-1:1' }] });
    expect(await put('/v1/agent/check/pass/deep?note=x')).toEqual([200, '']);
    const key = { group: 'consul', service: 'nodes', id: 'check:rollcall:deep' };
    const { body } = await stage.namespace.api.readInstance({ key });
    expect(body && readJsonText(body)).toMatchObject({ status: 'up', lease: { ttlMs: 20_000, removeAfterMs: null } });
    expect(await put('/v1/agent/service/deregister/web-1')).toEqual([200, '']);
    await expect(stage.namespace.api.readInstance({ key })).rejects.toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
    expect(await put('/v1/agent/check/pass/deep')).toEqual([404, expect.stringContaining('Unknown check ID "deep"')]);
  });
});

describe('the maintenance of a service', () => {
  it('[CA5] shows other APIs that it is out of service, and goes back to the status of its checks', async () => {
    const { register, put, view } = begin();
    await register(WEB);
    await put('/v1/agent/check/pass/service:web-1');
    const path = '/v1/agent/service/maintenance/web-1';
    expect(await put(`${path}?enable=true&reason=disk`)).toEqual([200, '']);
    expect(await put(`${path}?enable=true&reason=other`)).toEqual([200, '']);
    expect(await view('web', 'web-1')).toMatchObject({
      status: 'out-of-service',
      extensions: { consul: { maintenance: 'disk' } },
    });
    await put('/v1/agent/check/fail/service:web-1');
    await register(WEB);
    expect((await view('web', 'web-1')).status).toBe('out-of-service');
    await put('/v1/agent/check/pass/service:web-1');
    expect(await put(`${path}?enable=false`)).toEqual([200, '']);
    expect((await view('web', 'web-1')).status).toBe('up');
    expect(await put(path)).toEqual([400, 'Missing value for enable']);
    expect(await put(`${path}?enable=perhaps`)).toEqual([400, 'Invalid value for enable: "perhaps"']);
    expect(await put('/v1/agent/service/maintenance/none?enable=true')).toEqual([
      404,
      'No service registered with ID "none"',
    ]);
  });

  it('[CA5] overrides the status of an instance of another API, for an operator', async () => {
    const { stage, api, view } = begin();
    const key = { group: 'DEFAULT_GROUP', service: 'web', id: 'a' };
    const definition = InstanceDefinition.parse({ address: '10.0.0.9', port: 1, node: 'rollcall' });
    await api.register({ tokenId: 't' }, { key, definition, precondition: {} });
    const path = '/v1/agent/service/maintenance/a';
    expect(await stage.brief('PUT', `${path}?enable=true`)).toEqual([200, '']);
    expect(await view('web', 'a')).toMatchObject({ status: 'out-of-service', overridden: true });
    expect(await stage.brief('PUT', `${path}?enable=false`)).toEqual([200, '']);
    expect(await view('web', 'a')).toMatchObject({ status: 'up', overridden: false });
    stage.as({ scope: 'register', ns: 'public' });
    expect((await stage.brief('PUT', `${path}?enable=true`))[0]).toBe(404);
  });
});
