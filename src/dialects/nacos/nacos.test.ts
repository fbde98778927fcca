import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { NacosStage } from '../../../test/fixtures/nacos-stage';

/** The HTTP calls of Nacos' clients on a real namespace. */

const INSTANCE = '/nacos/v1/ns/instance';
const NODE_CLIENT =
  'namespaceId=public&serviceName=DEFAULT_GROUP%40%40orders&groupName=DEFAULT_GROUP&clusterName=DEFAULT&ip=10.0.0.7&port=8080&weight=1&enable=true&healthy=true&ephemeral=true&metadata=%7B%22v%22%3A%221%22%7D';
const BEAT = {
  cluster: 'DEFAULT',
  ip: '10.0.0.7',
  metadata: { v: '1' },
  port: 8080,
  scheduled: true,
  serviceName: 'DEFAULT_GROUP@@orders',
  weight: 1,
};
const beatOf = (beat: object) =>
  `namespaceId=public&serviceName=DEFAULT_GROUP%40%40orders&beat=${encodeURIComponent(JSON.stringify(beat))}`;
const LIST = `${INSTANCE}/list?serviceName=orders`;

describe('registering', () => {
  it('[Y1, Y3] returns ok, and is listed as written', async () => {
    const stage = new NacosStage();
    expect(await stage.send('POST', `${INSTANCE}?${NODE_CLIENT}`)).toEqual([200, 'ok']);
    expect(await stage.read(LIST)).toEqual({
      name: 'DEFAULT_GROUP@@orders',
      groupName: 'DEFAULT_GROUP',
      clusters: '',
      cacheMillis: 3_000,
      hosts: [
        {
          instanceId: '10.0.0.7#8080#DEFAULT#DEFAULT_GROUP@@orders',
          ip: '10.0.0.7',
          port: 8080,
          weight: 1,
          healthy: true,
          enabled: true,
          ephemeral: true,
          clusterName: 'DEFAULT',
          serviceName: 'DEFAULT_GROUP@@orders',
          metadata: { v: '1' },
          instanceHeartBeatInterval: 5_000,
          instanceHeartBeatTimeOut: 15_000,
          ipDeleteTimeout: 30_000,
          instanceIdGenerator: 'simple',
          valid: true,
          marked: false,
        },
      ],
      lastRefTime: expect.any(Number),
      checksum: '',
      allIPs: false,
      reachProtectionThreshold: false,
      valid: true,
      dom: 'DEFAULT_GROUP@@orders',
      env: '',
      metadata: {},
      useSpecifiedURL: false,
    });
    expect(await stage.ids('DEFAULT_GROUP', 'orders')).toEqual(['10.0.0.7:8080']);
  });

  it('[Y3] in another cluster is the same instance', async () => {
    const stage = new NacosStage();
    for (const cluster of ['a', 'b'])
      await stage.send('POST', `${INSTANCE}?serviceName=orders&ip=10.0.0.7&port=1&clusterName=${cluster}`);
    expect(await stage.hosts(LIST)).toMatchObject([{ clusterName: 'b', port: 1 }]);
  });
});

describe('heartbeats', () => {
  it('[Y4] keep an instance; without them it is unhealthy after 15 s and removed after 30 s', async () => {
    const stage = new NacosStage();
    await stage.send('POST', `${INSTANCE}?${NODE_CLIENT}`);
    await stage.namespace.pass(14_000);
    const heard = { clientBeatInterval: 5_000, code: 10_200, lightBeatEnabled: true };
    expect(await stage.json('PUT', `${INSTANCE}/beat?${beatOf(BEAT)}`)).toEqual(heard);
    await stage.namespace.pass(14_000);
    expect(await stage.hosts(LIST)).toMatchObject([{ healthy: true }]);
    await stage.namespace.pass(2_000);
    expect(await stage.hosts(LIST)).toMatchObject([{ healthy: false, valid: false, enabled: true }]);
    await stage.json('PUT', `${INSTANCE}/beat?${beatOf(BEAT)}`);
    await stage.namespace.pass(1_000);
    expect(await stage.hosts(LIST)).toMatchObject([{ healthy: true }]);
    await stage.namespace.pass(31_000);
    expect(await stage.hosts(LIST)).toEqual([]);
  });

  it('[Y5] of an unknown instance register it, or report it unknown', async () => {
    const stage = new NacosStage();
    const light = 'serviceName=orders&clusterName=DEFAULT&ip=10.0.0.7&port=8080&namespaceId=public';
    expect(await stage.json('PUT', `${INSTANCE}/beat?${light}`)).toEqual({
      clientBeatInterval: 5_000,
      code: 20_404,
      lightBeatEnabled: true,
    });
    expect(await stage.hosts(LIST)).toEqual([]);
    expect(await stage.json('PUT', `${INSTANCE}/beat?${beatOf(BEAT)}`)).toMatchObject({ code: 10_200 });
    expect(await stage.hosts(LIST)).toMatchObject([{ ip: '10.0.0.7', port: 8080, metadata: { v: '1' } }]);
    expect(await stage.json('PUT', `${INSTANCE}/beat?${light}`)).toMatchObject({ code: 10_200 });
  });
});

describe('removing', () => {
  it('[Y3] is ok, even for an unknown instance', async () => {
    const stage = new NacosStage();
    await stage.send('POST', `${INSTANCE}?${NODE_CLIENT}`);
    const place = 'serviceName=orders&ip=10.0.0.7&port=8080&clusterName=DEFAULT&ephemeral=true';
    expect(await stage.send('DELETE', `${INSTANCE}?${place}`)).toEqual([200, 'ok']);
    expect(await stage.hosts(LIST)).toEqual([]);
    expect(await stage.send('DELETE', `${INSTANCE}?${place}`)).toEqual([200, 'ok']);
  });
});

describe('refusing', () => {
  it('[Y2, Y8] is 400 in plain text for missing or invalid parameters', () =>
    eachRow(
      [
        ['POST', INSTANCE, 'ip=1.2.3.4&port=1', "Param 'serviceName' is required."],
        ['POST', INSTANCE, 'serviceName=a&port=1', "Param 'ip' is required."],
        [
          'POST',
          INSTANCE,
          'serviceName=a&ip=a%20b&port=1',
          "Param 'ip' is illegal, illegal characters should not appear",
        ],
        [
          'POST',
          INSTANCE,
          'serviceName=a&ip=1.2.3.4&port=70000',
          "Param 'port' is illegal, the value should be between",
        ],
        ['POST', INSTANCE, 'serviceName=a&ip=1.2.3.4&port=x', "Param 'port' is illegal"],
        ['POST', INSTANCE, 'serviceName=a&ip=1.2.3.4&port=1&weight=10001', 'The weights range from 0.0 to 10000.0'],
        ['POST', INSTANCE, 'serviceName=a&ip=1.2.3.4&port=1&metadata=k%3D', 'metadata format incorrect:k='],
        ['POST', INSTANCE, 'serviceName=%40%40a&ip=1.2.3.4&port=1', "groupName can't be empty"],
        ['POST', INSTANCE, 'serviceName=a%40%40&ip=1.2.3.4&port=1', "should be format as 'groupName@@serviceName'"],
        ['POST', INSTANCE, 'serviceName=a&ip=1.2.3.4&port=1&clusterName=a.b', "Param 'cluster' is illegal"],
        ['POST', INSTANCE, 'serviceName=a&ip=1.2.3.4&port=1&namespaceId=a.b', "Param 'namespaceId/tenant' is illegal"],
        [
          'POST',
          INSTANCE,
          `serviceName=${'a'.repeat(600)}&ip=1.2.3.4&port=1`,
          'the param length should not exceed 255.',
        ],
        [
          'POST',
          INSTANCE,
          `serviceName=a&ip=1.2.3.4&port=1&metadata=k%3D${'v'.repeat(9_000)}`,
          "Param 'Metadata' is illegal",
        ],
        ['PUT', `${INSTANCE}/beat`, 'serviceName=a&beat=%7B', "Param 'beat' is illegal"],
        ['GET', `${INSTANCE}/list`, '', "Param 'serviceName' is required."],
      ],
      async (method, path, query, words) => {
        const stage = new NacosStage();
        const [status, text, type] = await stage.sendWhole(method, `${path}?${query}`);
        expect([status, type]).toEqual([400, 'text/plain;charset=UTF-8']);
        expect(text).toContain(words);
      },
    ));
});
