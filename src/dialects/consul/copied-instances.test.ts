import { expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';

const KEY = { ns: 'public', group: 'DEFAULT_GROUP', service: 'web' };
const COPY = `/api/v1/ns/${KEY.ns}/groups/${KEY.group}/services/${KEY.service}/instances/consul:web-1@host-1`;
const BODY = {
  address: '10.0.0.1',
  port: 80,
  node: 'host-1',
  extensions: { consul: { id: 'web-1', node: 'host-1', copied: true, checks: [{ id: 'c', status: 'passing' }] } },
};

it('a copy of an instance at another Consul is in lists of all nodes, but at no agent', async () => {
  const stage = new ConsulStage();
  const written = await stage.send('PUT', COPY, BODY, {
    authorization: `Bearer ${stage.token}`,
    'content-type': 'application/json',
  });
  expect(written.status).toBe(201);
  expect((await stage.read('/v1/health/service/web')).value).toMatchObject([
    { Node: { Node: 'host-1' }, Service: { ID: 'web-1' }, Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'c' }] },
  ]);
  expect((await stage.read('/v1/catalog/node/host-1')).value).toMatchObject({ Services: { 'web-1': {} } });
  const agent = '/node/host-1/v1/agent';
  expect(await stage.brief('GET', `${agent}/services`)).toEqual([200, '{}']);
  expect(await stage.brief('GET', `${agent}/checks`)).toEqual([200, '{}']);
  for (const path of ['service/deregister/web-1', 'check/pass/c', 'check/deregister/c']) {
    expect(await stage.brief('PUT', `${agent}/${path}`)).toEqual([404, expect.any(String)]);
  }
  for (const removal of [{}, { ServiceID: 'web-1' }, { CheckID: 'c' }]) {
    const body = { Node: 'host-1', ...removal };
    expect(await stage.brief('PUT', '/v1/catalog/deregister', body)).toEqual([200, 'true']);
  }
  expect((await stage.read('/v1/health/service/web')).value).toHaveLength(1);
});

it('a service registers with the id of its copy on the same node, and both are listed', async () => {
  const stage = new ConsulStage();
  const headers = { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' };
  await stage.send('PUT', COPY, BODY, headers);
  stage.as({ scope: 'register', ns: 'public' }, { scope: 'read', ns: 'public' });
  const definition = { Name: 'web', ID: 'web-1', Address: '10.0.0.1', Port: 80 };
  expect(await stage.brief('PUT', '/node/host-1/v1/agent/service/register', definition)).toEqual([200, '']);
  expect((await stage.read('/v1/health/service/web')).value).toHaveLength(2);
  expect(await stage.brief('PUT', '/node/host-1/v1/agent/service/deregister/web-1')).toEqual([200, '']);
  expect((await stage.read('/v1/health/service/web')).value).toHaveLength(1);
});
