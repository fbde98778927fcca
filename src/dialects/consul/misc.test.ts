import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { eachRow } from '../../../test/fixtures/every-row';
import { InstanceDefinition } from '../../model/instance';

describe('calls that clients probe', () => {
  it('[CK11] are answered as by a cluster of one server without ACLs', () => {
    const stage = new ConsulStage();
    return eachRow(
      [
        ['GET', '/v1/status/leader', 200, '"127.0.0.1:8300"'],
        ['GET', '/v1/status/peers', 200, '["127.0.0.1:8300"]'],
        ['GET', '/v1/event/list?name=x', 200, '[]'],
        ['GET', '/v1/coordinate/nodes', 200, '[]'],
        ['GET', '/v1/coordinate/datacenters', 200, '[]'],
        ['GET', '/v1/coordinate/node/n', 404, 'there are no coordinates'],
        ['PUT', '/v1/coordinate/update', 501, 'this registry keeps no coordinates'],
        ['PUT', '/v1/event/fire/x', 501, 'Events are not supported; watch a key or a service instead'],
        ['GET', '/v1/query', 200, '[]'],
        ['POST', '/v1/query', 501, 'Prepared queries are not supported'],
        ['GET', '/v1/query/q', 404, 'Query not found: "q"'],
        ['GET', '/v1/query/q/execute', 404, 'Query not found: "q"'],
        ['GET', '/v1/query/q/explain', 501, 'Prepared queries are not supported'],
        ['DELETE', '/v1/query/q', 404, 'Query not found: "q"'],
        ['GET', '/v1/acl/token/self', 401, 'ACL support disabled'],
        ['PUT', '/v1/acl/login', 401, 'ACL support disabled'],
        ['POST', '/v1/acl/bootstrap', 401, 'ACL support disabled'],
      ],
      async (method, path, status, text) => {
        const [answered, answer] = await stage.brief(method, path);
        expect([answered, answer.slice(0, text.length)]).toEqual([status, text]);
      },
    );
  });

  it('[CK11] hold a blocking query for a list that never changes', async () => {
    const stage = new ConsulStage();
    const { headers } = await stage.send('GET', '/v1/event/list');
    expect(headers.get('x-consul-index')).toBe('2');
    const held = await stage.send('GET', '/v1/event/list?index=2&wait=20ms');
    expect([held.text, held.headers.get('x-consul-index')]).toEqual(['[]', '2']);
    // One of another life is answered at once: its client starts again.
    expect((await stage.send('GET', '/v1/event/list?index=99&wait=10m')).headers.get('x-consul-index')).toBe('2');
  });

  it('[CK11] need a token with a grant', async () => {
    const stage = new ConsulStage().as({ scope: 'metrics', ns: 'public' });
    expect((await stage.send('GET', '/v1/status/leader')).status).toBe(403);
    stage.token = 'wrong';
    expect(await stage.brief('GET', '/v1/status/leader')).toEqual([403, 'ACL not found']);
  });

  it('[CK11] execute a query by the name of a service: its instances without a critical check', async () => {
    const stage = new ConsulStage();
    for (const [id, status] of [
      ['a', 'up'],
      ['b', 'down'],
      ['c', 'up'],
    ] as const) {
      const definition = InstanceDefinition.parse({ address: '10.0.0.9', port: 9, status });
      const key = { group: 'DEFAULT_GROUP', service: 'users', id };
      await stage.namespace.api.register({ tokenId: 'native' }, { key, definition, precondition: {} });
    }
    const execute = async (query = '') => {
      const { text } = await stage.send('GET', `/v1/query/users/execute${query}`);
      return JSON.parse(text) as { Nodes: { Service: { ID: string } }[] }; // `as`: Consul's answer
    };
    const answer = await execute('?index=99999&wait=10m');
    expect(answer).toMatchObject({ Service: 'users', DNS: { TTL: '' }, Datacenter: 'dc1', Failovers: 0 });
    expect(answer.Nodes.map(({ Service }) => Service.ID)).toEqual(['a', 'c']);
    expect((await execute('?limit=1')).Nodes.map(({ Service }) => Service.ID)).toEqual(['a']);
    stage.as({ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@other'] });
    expect((await stage.send('GET', '/v1/query/users/execute')).status).toBe(403);
  });
});
