import { beforeEach, describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';

const PATH = '/nacos/v2/ns/instance';
const ORDERS = 'serviceName=orders&groupName=g&ip=10.0.0.7&port=8080';
const OK = [200, '{"code":0,"message":"success","data":"ok"}'];

let stage: NacosStage;
beforeEach(() => {
  stage = new NacosStage();
});

const data = async (path: string): Promise<unknown> => {
  const { code, message, data } = (await stage.read(path)) as { code: number; message: string; data: unknown };
  expect([code, message]).toEqual([0, 'success']);
  return data;
};
const list = (more = '') => data(`${PATH}/list?serviceName=orders&groupName=g${more}`);

describe('instances in v2', () => {
  it('[Y16, Y12] are registered, listed, read and removed, in an envelope', async () => {
    expect(await stage.send('POST', PATH, `${ORDERS}&weight=2.5&metadata=%7B%22a%22%3A%22b%22%7D`)).toEqual(OK);
    expect(await list()).toMatchObject({
      name: 'g@@orders',
      groupName: 'g',
      clusters: '',
      lastRefTime: expect.any(Number),
      hosts: [{ ip: '10.0.0.7', port: 8080, weight: 2.5, metadata: { a: 'b' }, serviceName: 'g@@orders' }],
    });
    expect(await data(`${PATH}?${ORDERS}`)).toEqual({
      serviceName: 'g@@orders',
      ip: '10.0.0.7',
      port: 8080,
      clusterName: 'DEFAULT',
      weight: 2.5,
      healthy: true,
      instanceId: '10.0.0.7#8080#DEFAULT#g@@orders',
      metadata: { a: 'b' },
    });
    expect(await stage.send('DELETE', `${PATH}?${ORDERS}`)).toEqual(OK);
    expect(await list()).toMatchObject({ hosts: [] });
  });

  it('[Y16, Y2] accept a grouped name', async () => {
    await stage.send('POST', `${PATH}?serviceName=g%40%40orders&ip=10.0.0.7&port=8080`);
    expect(await list()).toMatchObject({ hosts: [{ ip: '10.0.0.7' }] });
  });

  it('[Y16] are listed by cluster names, which are echoed', async () => {
    await stage.send('POST', PATH, `${ORDERS}&clusterName=EU`);
    await stage.send('POST', PATH, `${ORDERS.replace('.7', '.8')}&clusterName=US`);
    const ips = async (more: string) => {
      const { hosts, clusters } = (await list(more)) as { hosts: { ip: string }[]; clusters: string };
      return [clusters, hosts.map(({ ip }) => ip)];
    };
    expect(await ips('&clusterName=EU')).toEqual(['EU', ['10.0.0.7']]);
    expect(await ips('&clusterName=EU,US')).toEqual(['EU,US', ['10.0.0.7', '10.0.0.8']]);
    expect(await ips('&clusterName=DEFAULT')).toEqual(['DEFAULT', []]);
  });

  it('[Y16] are withdrawn from traffic by an operator, and stay so when they register again', async () => {
    await stage.send('POST', PATH, ORDERS);
    expect(await stage.send('PUT', PATH, `${ORDERS}&enabled=false&weight=3`)).toEqual(OK);
    expect(await list()).toMatchObject({ hosts: [] });
    await stage.send('POST', PATH, ORDERS);
    expect(await list()).toMatchObject({ hosts: [] });
    expect(await stage.send('PATCH', PATH, `${ORDERS}&enabled=true&weight=4&metadata=a%3Db`)).toEqual([200, 'ok']);
    expect(await list()).toMatchObject({ hosts: [{ weight: 4, metadata: { a: 'b' } }] });
  });

  it('[Y16, Y5] send heartbeats without an envelope, as in v1', async () => {
    const heard = { clientBeatInterval: 5_000, lightBeatEnabled: true };
    const beat = `${PATH}/beat?serviceName=g%40%40orders&ip=10.0.0.7&port=8080`;
    expect(await stage.json('PUT', beat)).toEqual({ ...heard, code: 20_404 });
    await stage.send('POST', PATH, ORDERS);
    expect(await stage.json('PUT', beat)).toEqual({ ...heard, code: 10_200 });
  });

  it('[Y16] report their health at a path', async () => {
    await stage.send('POST', PATH, ORDERS);
    const ips = { ips: ['10.0.0.7:8080_true'] };
    expect(await stage.read(`${PATH}/statuses/g%40%40orders`)).toEqual(ips);
    expect(await stage.read(`${PATH}/statuses/public%23%23g%40%40orders`)).toEqual(ips);
    expect(await stage.read(`${PATH}/statuses/g@@unknown`)).toEqual({ ips: [] });
  });

  it('[Y16] have metadata set and removed, many at once', async () => {
    await stage.send('POST', PATH, ORDERS);
    const updated = { code: 0, message: 'success', data: { updated: ['10.0.0.7:8080:unknown:DEFAULT:ephemeral'] } };
    const batch =
      'serviceName=orders&groupName=g&consistencyType=ephemeral&instances=&metadata=%7B%22x%22%3A%221%22%7D';
    expect(await stage.json('PUT', `${PATH}/metadata/batch`, batch)).toEqual(updated);
    expect(await list()).toMatchObject({ hosts: [{ metadata: { x: '1' } }] });
    expect(await stage.json('DELETE', `${PATH}/metadata/batch?${batch}`)).toEqual(updated);
    expect(await list()).toMatchObject({ hosts: [{ metadata: {} }] });
  });

  it('[Y16, Y8] are refused with the status and code of Nacos', () =>
    eachRow(
      [
        ['POST', '', 400, 10_000],
        ['POST', 'serviceName=orders&ip=10.0.0.7', 400, 10_000],
        ['POST', 'serviceName=orders&ip=10.0.0.7&port=70000', 400, 20_002],
        ['POST', `${ORDERS}&weight=10001`, 400, 21_001],
        ['POST', `${ORDERS}&metadata=a%3D`, 400, 21_002],
        ['POST', `${ORDERS}&metadata=%7B%22preserved.heart.beat.timeout%22%3A%221%22%7D`, 400, 21_004],
        ['PUT', ORDERS, 400, 21_008],
        ['PATCH', ORDERS, 404, 20_004],
        ['GET', ORDERS, 404, 20_004],
        ['GET', 'serviceName=a%20b&ip=10.0.0.7&port=80', 400, 20_002],
        ['DELETE', 'serviceName=orders', 400, 10_000],
      ],
      async (method, parameters, status, code) => {
        const [got, text] = await stage.send(method, `${PATH}?${parameters}`);
        expect([got, JSON.parse(text)]).toEqual([
          status,
          { code, message: expect.any(String), data: expect.any(String) },
        ]);
      },
    ));
});
