import { beforeEach, describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';

let stage: NacosStage;
beforeEach(async () => {
  stage = new NacosStage();
  const register = (parameters: string) => stage.send('POST', '/nacos/v1/ns/instance', parameters);
  await register('serviceName=g%40%40orders&ip=10.0.0.7&port=80&clusterName=EU');
  await register('serviceName=bills&ip=10.0.0.7&port=80');
  await register('serviceName=bills&ip=10.0.0.8&port=80&ephemeral=false');
  await stage.app.send('GET', '/nacos/v1/ns/instance/list?serviceName=bills&clientIP=10.0.0.9&udpPort=5000', {
    headers: { accessToken: stage.token, 'user-agent': 'Nacos-Go-Client:v1.1.6' },
  });
});

const data = async (path: string): Promise<unknown> => ((await stage.read(path)) as { data: unknown }).data;
const ID = encodeURIComponent('10.0.0.7:80#true');

describe.each(['/nacos/v2/ns/client', '/nacos/v3/admin/ns/client'])('clients at %s', (path) => {
  it('[Y17] are the places of instances', async () => {
    const ids = (await data(`${path}/list`)) as string[];
    expect(ids.sort()).toEqual(['10.0.0.7:80#true', '10.0.0.8:80#false']);
    expect(await data(`${path}?clientId=${ID}`)).toMatchObject({
      clientId: '10.0.0.7:80#true',
      ephemeral: true,
      lastUpdatedTime: stage.namespace.platform.clock.now(),
      clientType: 'ipPort',
      clientIp: '10.0.0.7',
    });
  });

  it.each([
    ['', 'clientId=x', 404, 20_004],
    ['/publish/list', 'clientId=x', 404, 20_004],
    ['/subscribe/list', `clientId=${ID}`, 404, 20_004],
    ['', '', 400, 10_000],
    ['/publish/list', '', 400, 10_000],
    ['/service/publisher/list', '', 400, 10_000],
    ['/service/subscriber/list', 'serviceName=bills&port=x', 400, 20_002],
  ])('[Y17, Y8] %s?%s returns %d with %d', async (rest, parameters, status, code) => {
    const [got, text] = await stage.send('GET', `${path}${rest}?${parameters}`);
    expect([got, JSON.parse(text).code]).toEqual([status, code]);
  });
});

it('[Y17] v2 lists what a client publishes, and who publishes or subscribes, in its format', async () => {
  const path = '/nacos/v2/ns/client';
  const bills = { namespace: 'public', group: 'DEFAULT_GROUP', serviceName: 'bills' };
  expect(await data(`${path}/publish/list?clientId=${ID}`)).toEqual([
    { ...bills, registeredInstance: { ip: '10.0.0.7', port: 80, cluster: 'DEFAULT' } },
    { ...bills, group: 'g', serviceName: 'orders', registeredInstance: { ip: '10.0.0.7', port: 80, cluster: 'EU' } },
  ]);
  const publisher = { ip: '10.0.0.8', port: 80, cluster: 'DEFAULT', clientId: '10.0.0.8:80#false' };
  expect(await data(`${path}/service/publisher/list?serviceName=bills`)).toHaveLength(2);
  expect(await data(`${path}/service/publisher/list?serviceName=bills&ip=10.0.0.8&port=80`)).toEqual([publisher]);
  expect(await data(`${path}/service/publisher/list?serviceName=bills&port=81`)).toEqual([]);
  const subscriber = { clientId: '10.0.0.9:5000', ip: '10.0.0.9', port: 5000 };
  expect(await data(`${path}/service/subscriber/list?serviceName=bills`)).toEqual([subscriber]);
  expect(await data(`${path}/service/subscriber/list?serviceName=bills&ip=10.0.0.1`)).toEqual([]);
});

it('[Y17] v3 returns the same in its own format', async () => {
  const path = '/nacos/v3/admin/ns/client';
  const bills = { namespaceId: 'public', groupName: 'DEFAULT_GROUP', serviceName: 'bills' };
  expect(await data(`${path}/publish/list?clientId=${ID}`)).toEqual([
    { ...bills, publisherInfo: { ip: '10.0.0.7', port: 80, clusterName: 'DEFAULT' } },
    { ...bills, groupName: 'g', serviceName: 'orders', publisherInfo: { ip: '10.0.0.7', port: 80, clusterName: 'EU' } },
  ]);
  const publisher = { clientId: '10.0.0.8:80#false', ip: '10.0.0.8', port: 80, clusterName: 'DEFAULT' };
  expect(await data(`${path}/service/publisher/list?serviceName=bills&ip=10.0.0.8`)).toEqual([publisher]);
  const subscriber = { clientId: '10.0.0.9:5000', appName: 'unknown', agent: 'Nacos-Go-Client:v1.1.6' };
  expect(await data(`${path}/service/subscriber/list?serviceName=bills`)).toEqual([
    { ...subscriber, address: '10.0.0.9:5000' },
  ]);
});
