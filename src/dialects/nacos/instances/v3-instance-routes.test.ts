import { beforeEach, describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import type { Host } from '../../../codecs/nacos/host';

const CLIENT = '/nacos/v3/client/ns/instance';
const ADMIN = '/nacos/v3/admin/ns/instance';
const ORDERS = 'serviceName=orders&groupName=g&ip=10.0.0.7&port=8080';
const OK = [200, '{"code":0,"message":"success","data":"ok"}'];

let stage: NacosStage;
beforeEach(() => {
  stage = new NacosStage();
});

const data = async (path: string): Promise<unknown> => ((await stage.read(path)) as { data: unknown }).data;
const hosts = async (path: string, more = ''): Promise<string[]> =>
  // `as`: a list of instances, which other tests look at.
  ((await data(`${path}/list?serviceName=orders&groupName=g${more}`)) as Host[]).map(({ ip }) => ip);

describe('a client of v3', () => {
  it('[Y16, Y12] registers, lists and removes', async () => {
    expect(await stage.send('POST', CLIENT, `${ORDERS}&ephemeral=true`)).toEqual(OK);
    expect(await data(`${CLIENT}/list?serviceName=orders&groupName=g`)).toMatchObject([
      { ip: '10.0.0.7', port: 8080, healthy: true, serviceName: 'g@@orders', clusterName: 'DEFAULT' },
    ]);
    expect(await stage.send('DELETE', `${CLIENT}?${ORDERS}`)).toEqual(OK);
    expect(await hosts(CLIENT)).toEqual([]);
  });

  it('[Y16] sees the default cluster, or the clusters it names', async () => {
    await stage.send('POST', CLIENT, ORDERS);
    await stage.send('POST', CLIENT, `${ORDERS.replace('.7', '.8')}&clusterName=EU`);
    expect(await hosts(CLIENT)).toEqual(['10.0.0.7']);
    expect(await hosts(CLIENT, '&clusterName=EU')).toEqual(['10.0.0.8']);
    expect(await hosts(CLIENT, '&clusterName=EU,DEFAULT')).toEqual(['10.0.0.7', '10.0.0.8']);
  });

  it('[Y16, Y5] renews with a heartbeat, and gets status 200 with the instruction to register', async () => {
    const beat = () => stage.send('POST', CLIENT, `${ORDERS}&heartBeat=true`);
    expect(await beat()).toEqual([200, '{"code":21003,"message":"instance not found","data":null}']);
    await stage.send('POST', CLIENT, ORDERS);
    for (let round = 0; round < 4; round++) {
      await stage.namespace.pass(14_000);
      expect(await beat()).toEqual(OK);
    }
    expect(await hosts(CLIENT, '&healthyOnly=true')).toEqual(['10.0.0.7']);
    await stage.namespace.pass(16_000);
    expect(await hosts(CLIENT)).toEqual(['10.0.0.7']);
    expect(await hosts(CLIENT, '&healthyOnly=true')).toEqual([]);
    await stage.namespace.pass(16_000);
    expect(await beat()).toEqual([200, '{"code":21003,"message":"instance not found","data":null}']);
  });

  it('[Y16] sees all instances if too few are healthy', async () => {
    await stage.send('POST', '/nacos/v3/admin/ns/service', 'serviceName=orders&groupName=g&protectThreshold=0.8');
    await stage.send('POST', CLIENT, ORDERS);
    await stage.send('POST', CLIENT, ORDERS.replace('.7', '.8'));
    await stage.namespace.pass(14_000);
    await stage.send('POST', CLIENT, `${ORDERS}&heartBeat=true`);
    await stage.namespace.pass(5_000);
    expect(await hosts(CLIENT, '&healthyOnly=true')).toEqual(['10.0.0.7', '10.0.0.8']);
  });
});

describe('an operator of v3', () => {
  it('[Y16] registers, reads and removes', async () => {
    expect(await stage.send('POST', ADMIN, ORDERS)).toEqual(OK);
    expect(await data(`${ADMIN}?${ORDERS}`)).toEqual({
      instanceId: '10.0.0.7#8080#DEFAULT#g@@orders',
      ip: '10.0.0.7',
      port: 8080,
      weight: 1,
      healthy: true,
      enabled: true,
      ephemeral: true,
      clusterName: 'DEFAULT',
      serviceName: 'g@@orders',
      metadata: {},
      instanceHeartBeatInterval: 5_000,
      instanceHeartBeatTimeOut: 15_000,
      ipDeleteTimeout: 30_000,
      instanceIdGenerator: 'simple',
    });
    expect(await stage.send('DELETE', `${ADMIN}?${ORDERS}`)).toEqual(OK);
    expect((await stage.send('GET', `${ADMIN}?${ORDERS}`))[0]).toBe(404);
  });

  it('[Y16] changes all members or only those given, and sees instances without traffic', async () => {
    await stage.send('POST', CLIENT, ORDERS);
    expect(await stage.send('PUT', ADMIN, `${ORDERS}&enabled=false&weight=3&metadata=a%3Db`)).toEqual(OK);
    expect(await hosts(CLIENT)).toEqual([]);
    expect(await hosts(ADMIN)).toEqual(['10.0.0.7']);
    expect(await stage.send('PUT', `${ADMIN}/partial`, `${ORDERS}&weight=4`)).toEqual(OK);
    expect(await data(`${ADMIN}?${ORDERS}`)).toMatchObject({ enabled: false, weight: 4, metadata: { a: 'b' } });
    expect(await stage.send('PUT', `${ADMIN}/partial`, `${ORDERS}&enabled=true`)).toEqual(OK);
    expect(await hosts(CLIENT)).toEqual(['10.0.0.7']);
  });

  it('[Y16] lists a cluster, and gets an error if it doesn’t exist', async () => {
    await stage.send('POST', CLIENT, ORDERS);
    await stage.namespace.pass(16_000);
    expect(await hosts(ADMIN, '&healthyOnly=true')).toEqual([]);
    const [status, text] = await stage.send('GET', `${ADMIN}/list?serviceName=orders&groupName=g&clusterName=EU`);
    expect([status, JSON.parse(text)]).toMatchObject([404, { code: 20_004 }]);
  });
});
