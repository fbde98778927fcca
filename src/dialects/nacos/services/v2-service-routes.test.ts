import { beforeEach, describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';

const OK = [200, '{"code":0,"message":"success","data":"ok"}'];

let stage: NacosStage;
beforeEach(() => {
  stage = new NacosStage();
});

const data = async (path: string): Promise<unknown> => ((await stage.read(path)) as { data: unknown }).data;

describe.each([
  ['/nacos/v2/ns/service', 'namespace'],
  ['/nacos/v3/admin/ns/service', 'namespaceId'],
])('services at %s', (path, namespaceMember) => {
  const ORDERS = 'serviceName=orders&groupName=g';

  it('[Y16, Y12] are created, read, changed and removed', async () => {
    const asked = `${ORDERS}&protectThreshold=0.5&metadata=%7B%22a%22%3A%22b%22%7D&ephemeral=true`;
    const selector = encodeURIComponent(JSON.stringify({ type: 'label', expression: 'CONSUMER.label.A = B' }));
    expect(await stage.send('POST', path, `${asked}&selector=${selector}`)).toEqual(OK);
    const view = {
      [namespaceMember]: 'public',
      serviceName: 'orders',
      groupName: 'g',
      clusterMap: {},
      metadata: { a: 'b' },
      protectThreshold: 0.5,
      selector: { type: 'label', contextType: 'CMDB', expression: 'CONSUMER.label.A = B' },
      ephemeral: false,
    };
    expect(await data(`${path}?${ORDERS}`)).toEqual(view);
    expect(await stage.send('PUT', path, `${ORDERS}&metadata=`)).toEqual(OK);
    await stage.send('POST', '/nacos/v2/ns/instance', `${ORDERS}&ip=10.0.0.7&port=80&clusterName=EU`);
    expect(await data(`${path}?${ORDERS}`)).toEqual({
      ...view,
      metadata: {},
      protectThreshold: 0,
      selector: { type: 'none', contextType: 'NONE' },
      clusterMap: {
        EU: {
          clusterName: 'EU',
          healthChecker: { type: 'TCP' },
          healthyCheckPort: 80,
          useInstancePortForCheck: true,
          metadata: {},
          hosts: null,
        },
      },
      ephemeral: true,
    });
    await stage.send('DELETE', `/nacos/v2/ns/instance?${ORDERS}&ip=10.0.0.7&port=80`);
    expect(await stage.send('DELETE', `${path}?${ORDERS}`)).toEqual(OK);
    expect((await stage.send('GET', `${path}?${ORDERS}`))[0]).toBe(400);
  });

  it.each([
    ['POST', 'serviceName=there', 400, 21_007],
    ['POST', '', 400, 10_000],
    ['POST', 'serviceName=new&protectThreshold=2', 400, 20_002],
    ['POST', 'serviceName=new&selector=%7B%22type%22%3A%22other%22%7D', 400, 21_006],
    ['POST', 'serviceName=new&metadata=a%3D', 400, 21_005],
    ['PUT', 'serviceName=unknown', 400, 21_008],
    ['GET', 'serviceName=unknown', 400, 21_008],
    ['DELETE', 'serviceName=unknown', 400, 21_008],
    ['DELETE', 'serviceName=there', 400, 21_009],
  ])('[Y16, Y8] %s ?%s returns %d with %d', async (method, parameters, status, code) => {
    await stage.send('POST', '/nacos/v2/ns/instance?serviceName=there&ip=10.0.0.7&port=80');
    const [got, text] = await stage.send(method, `${path}?${parameters}`);
    expect([got, JSON.parse(text)]).toEqual([status, { code, message: expect.any(String), data: expect.any(String) }]);
  });
});

describe('the list of services in v2', () => {
  it('[Y16] contains the names of a group, in pages', async () => {
    for (const name of ['a', 'b', 'c'])
      await stage.send('POST', '/nacos/v2/ns/service', `serviceName=${name}&groupName=g`);
    const list = (more: string) => data(`/nacos/v2/ns/service/list?${more}`);
    expect(await list('groupName=g')).toEqual({ count: 3, services: ['a', 'b', 'c'] });
    expect(await list('groupName=g&pageNo=2&pageSize=2')).toEqual({ count: 3, services: ['c'] });
    expect(await list('groupName=g&pageNo=0&pageSize=2147483647')).toEqual({ count: 3, services: ['a', 'b', 'c'] });
    expect(await list('')).toEqual({ count: 0, services: [] });
  });
});
