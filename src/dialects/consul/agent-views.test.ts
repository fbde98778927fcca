import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { InstanceDefinition } from '../../model/instance';

const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80, Tags: ['v1'], Check: { TTL: '10s' } };

async function begin() {
  const stage = new ConsulStage();
  const register = (body: unknown, node = '') => stage.brief('PUT', `${node}/v1/agent/service/register`, body);
  await register(WEB);
  await register({ ...WEB, ID: 'web-2', Tags: [], Check: undefined });
  await register({ ...WEB, ID: 'other' }, '/node/n2');
  const definition = InstanceDefinition.parse({ address: '10.0.0.9', port: 1 });
  const key = { group: 'DEFAULT_GROUP', service: 'native', id: 'n' };
  await stage.namespace.api.register({ tokenId: 't' }, { key, definition, precondition: {} });
  return { stage, register };
}

describe('the services of an agent', () => {
  it('[CA7] are those that were registered at it, as a map', async () => {
    const { stage } = await begin();
    const { value } = await stage.read<Record<string, unknown>>('/v1/agent/services');
    expect(Object.keys(value).sort()).toEqual(['web-1', 'web-2']);
    expect(value['web-1']).toEqual({
      ...{ ID: 'web-1', Service: 'web', Tags: ['v1'], Meta: {}, Port: 80, Address: '10.0.0.1' },
      ...{ Weights: { Passing: 1, Warning: 1 }, EnableTagOverride: false, Datacenter: 'dc1' },
    });
    expect(Object.keys((await stage.read<object>('/node/N2/v1/agent/services')).value)).toEqual(['other']);
    const filter = encodeURIComponent('"v1" in Tags');
    expect(Object.keys((await stage.read<object>(`/v1/agent/services?filter=${filter}`)).value)).toEqual(['web-1']);
    expect((await stage.send('GET', '/v1/agent/services?filter=x==')).status).toBe(400);
    expect((await stage.send('GET', '/v1/agent/services')).headers.get('x-consul-index')).toBeNull();
    const checks = encodeURIComponent('Status == critical');
    expect(Object.keys((await stage.read<object>(`/v1/agent/checks?filter=${checks}`)).value)).toEqual([
      'service:web-1',
    ]);
  });

  it('[CA7] have a hash of their content, by which a client waits for a change', async () => {
    const { stage, register } = await begin();
    const path = '/v1/agent/service/web-1';
    const first = await stage.send('GET', path);
    const hash = first.headers.get('x-consul-contenthash');
    expect(JSON.parse(first.text)).toMatchObject({ ID: 'web-1', ContentHash: hash });
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    await stage.brief('PUT', '/v1/agent/check/pass/service:web-1');
    expect((await stage.send('GET', path)).headers.get('x-consul-contenthash')).toBe(hash);
    await register({ ...WEB, Port: 81 });
    const later = await stage.send('GET', `${path}?hash=${hash}&wait=10s`);
    expect(JSON.parse(later.text)).toMatchObject({ Port: 81 });
    expect(later.headers.get('x-consul-contenthash')).not.toBe(hash);
    expect(await stage.brief('GET', '/v1/agent/service/none')).toEqual([404, 'unknown service ID: none']);
  });

  it('[CA7] have a health, with the status that load balancers read', async () => {
    const { stage } = await begin();
    const health = async (path: string, headers = {}) => {
      const { status, text } = await stage.send('GET', `/v1/agent/health/service/${path}`, undefined, headers);
      return [status, text];
    };
    expect(await health('id/web-1?format=text')).toEqual([503, 'critical']);
    await stage.brief('PUT', '/v1/agent/check/warn/service:web-1');
    expect(await health('id/web-1', { accept: 'text/plain' })).toEqual([429, 'warning']);
    expect(await health('name/WEB?format=text')).toEqual([429, 'warning']);
    await stage.brief('PUT', '/v1/agent/check/pass/service:web-1');
    const [status, text] = await health('id/web-1');
    expect([status, JSON.parse(String(text))]).toEqual([
      200,
      {
        AggregatedStatus: 'passing',
        Service: expect.objectContaining({ ID: 'web-1' }),
        Checks: [expect.objectContaining({ CheckID: 'service:web-1' })],
      },
    ]);
    const [, all] = await health('name/web');
    expect(JSON.parse(String(all))).toHaveLength(2);
    expect(await health('id/none')).toEqual([404, 'ServiceId none not found']);
    expect(await health('name/none')).toEqual([404, 'ServiceName none Not Found']);
    await stage.brief('PUT', '/v1/agent/maintenance?enable=true');
    expect(await health('id/web-1?format=text')).toEqual([503, 'maintenance']);
  });
});

describe('an agent', () => {
  it('describes itself as objects, which clients written in Go decode', async () => {
    const { stage } = await begin();
    const { value } = await stage.read<Record<string, unknown>>('/node/n2/v1/agent/self');
    expect(value).toMatchObject({ Config: { Datacenter: 'dc1', NodeName: 'n2', Server: true }, Member: { Status: 1 } });
    expect(Object.values(value).every((each) => typeof each === 'object' && !Array.isArray(each))).toBe(true);
    const members = await stage.read<object[]>('/v1/agent/members?wan=1');
    expect(members.value).toEqual([expect.objectContaining({ Name: 'rollcall', Addr: '127.0.0.1', Status: 1 })]);
    for (const path of ['version', 'host', 'metrics']) {
      expect((await stage.send('GET', `/v1/agent/${path}`)).status).toBe(200);
    }
  });

  it('accepts changes of a cluster without effect, and refuses what it does not have', async () => {
    const { stage } = await begin();
    for (const path of ['join/10.0.0.1', 'leave', 'force-leave/n2', 'reload']) {
      expect(await stage.brief('PUT', `/v1/agent/${path}`)).toEqual([200, '']);
    }
    expect(await stage.brief('PUT', '/v1/agent/token/agent')).toEqual([401, 'ACL support disabled']);
    expect((await stage.send('GET', '/v1/agent/monitor')).status).toBe(501);
    expect((await stage.send('GET', '/v1/agent/metrics/stream')).status).toBe(501);
    const wrong = await stage.send('GET', '/v1/agent/check/pass/x');
    expect([wrong.status, wrong.text, wrong.headers.get('allow')]).toEqual([
      405,
      'method GET not allowed',
      expect.stringContaining('PUT'),
    ]);
  });
});
