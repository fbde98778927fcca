import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { ROOT_TOKEN } from '../../../../test/fixtures/test-app';
import { InstanceDefinition } from '../../../model/instance';
import { readJsonText } from '../../../model/json';
import { metricsOf } from './operator-routes';

const INSTANCE = 'serviceName=g%40%40orders&ip=10.0.0.7&port=8080';

async function stageWithInstances(): Promise<NacosStage> {
  const stage = new NacosStage();
  await stage.send('POST', `/nacos/v1/ns/instance?${INSTANCE}`);
  await stage.send('POST', '/nacos/v1/ns/instance?serviceName=orders&ip=10.0.0.8&port=80&ephemeral=false');
  return stage;
}

describe('metrics', () => {
  it.each(['operator', 'ops'])('[Y14] %s reports to clients that the server is up, in each version', async (word) => {
    const stage = new NacosStage([{ scope: 'register', ns: 'public', services: ['g@@x'] }]);
    expect(await stage.read(`/nacos/v1/ns/${word}/metrics?namespaceId=public`)).toEqual({ status: 'UP' });
    expect(await stage.read(`/nacos/v2/ns/${word}/metrics`)).toMatchObject({ code: 0, data: { status: 'UP' } });
    expect(await stage.read('/nacos/v3/admin/ns/ops/metrics')).toMatchObject({ code: 0, data: { status: 'UP' } });
    expect((await stage.send('GET', `/nacos/v1/ns/${word}/metrics?onlyStatus=false`))[0]).toBe(403);
  });

  it('[Y14] report totals to readers', async () => {
    const stage = await stageWithInstances();
    const numbers = {
      status: 'UP',
      serviceCount: 2,
      instanceCount: 2,
      subscribeCount: 0,
      responsibleInstanceCount: 2,
      clientCount: 2,
      connectionBasedClientCount: 0,
      ephemeralIpPortClientCount: 1,
      persistentIpPortClientCount: 1,
      responsibleClientCount: 2,
    };
    expect(await stage.read('/nacos/v1/ns/operator/metrics?onlyStatus=false')).toEqual(numbers);
    expect(await stage.read('/nacos/v3/admin/ns/ops/metrics?onlyStatus=false')).toMatchObject({ data: numbers });
  });
});

describe.each(['/nacos/v1/ns/operator', '/nacos/v1/ns/ops', '/nacos/v2/ns/operator', '/nacos/v3/admin/ns/ops'])(
  'settings at %s',
  (path) => {
    const as = (stage: NacosStage, token: string) => {
      stage.token = token;
      return stage;
    };

    it('[Y14] are shown to all, and accepted from admins of all namespaces if they change nothing', async () => {
      const stage = new NacosStage([{ scope: 'read', ns: 'public' }]);
      const shown = await stage.read(`${path}/switches`);
      expect(path.includes('v1') ? shown : (shown as { data: unknown }).data).toMatchObject({
        clientBeatInterval: 5_000,
        lightBeatEnabled: true,
        pushEnabled: false,
      });
      const set = 'entry=lightBeatEnabled&value=true&debug=false';
      expect((await stage.send('PUT', `${path}/switches?${set}`))[0]).toBe(403);
      as(stage, ROOT_TOKEN);
      const [status, text] = await stage.send('PUT', `${path}/switches`, set);
      expect([status, text.includes('ok')]).toEqual([200, true]);
    });

    it.each([
      ['switches', 'entry=pushEnabled&value=true', 'is false for all clients'],
      ['switches', 'entry=nothing&value=true', 'no switch'],
      ['switches', 'entry=pushEnabled', "'value' is required"],
      ['switches', '', "'entry' is required"],
      ['log', 'logName=naming&logLevel=DEBUG', 'no log levels'],
    ])('[Y14] are refused for %s with %j', async (what, parameters, words) => {
      const stage = as(new NacosStage(), ROOT_TOKEN);
      const [status, text] = await stage.send('PUT', `${path}/${what}`, parameters);
      expect([status, text.includes(words)]).toEqual([400, true]);
    });
  },
);

describe.each([
  ['/nacos/v1/ns/health', 'ok'],
  ['/nacos/v1/ns/health/instance', 'ok'],
  ['/nacos/v2/ns/health', '{"code":0,"message":"success","data":"ok"}'],
  ['/nacos/v2/ns/health/instance', '{"code":0,"message":"success","data":"ok"}'],
  ['/nacos/v3/admin/ns/health/instance', '{"code":0,"message":"success","data":"ok"}'],
])('health at %s', (path, done) => {
  const PERSISTENT = 'serviceName=orders&ip=10.0.0.8&port=80';
  const LIST = '/nacos/v1/ns/instance/list?serviceName=orders';

  it('[Y14] is set for an instance without heartbeats', async () => {
    const stage = await stageWithInstances();
    for (const healthy of [false, true]) {
      expect(await stage.send('PUT', `${path}?${PERSISTENT}&healthy=${healthy}`)).toEqual([200, done]);
      expect(await stage.hosts(LIST)).toMatchObject([{ healthy }]);
    }
    expect(await stage.send('PUT', path, `${PERSISTENT}&valid=false`)).toEqual([200, done]);
    expect(await stage.hosts(LIST)).toMatchObject([{ healthy: false }]);
  });

  it.each([
    [`${INSTANCE}&healthy=false`, 400, 'health check is still working, service: g@@orders, cluster: DEFAULT'],
    [PERSISTENT, 400, "'healthy' is required"],
    ['serviceName=orders&ip=10.0.0.8&healthy=true', 400, "'port' is required"],
    ['serviceName=unknown&ip=10.0.0.8&port=1&healthy=true', 404, ''],
  ])('[Y14] is not set with %j', async (parameters, status, words) => {
    const stage = await stageWithInstances();
    const [got, text] = await stage.send('PUT', path, parameters);
    expect([got, text.includes(words)]).toEqual([status, true]);
  });
});

it('[Y14] counts the contents of a namespace', async () => {
  const namespace = new NodeNamespace();
  for (const [id, ephemeral] of [
    ['a', true],
    ['b', true],
    ['c', false],
  ] as const) {
    await namespace.api.register(
      { tokenId: 't' },
      {
        key: { group: 'g', service: 's', id },
        definition: InstanceDefinition.parse({ address: '10.0.0.1', port: 80, ephemeral }),
        precondition: {},
      },
    );
  }
  expect(metricsOf(readJsonText((await namespace.api.stats()).body))).toEqual({
    status: 'UP',
    serviceCount: 1,
    instanceCount: 3,
    subscribeCount: 0,
    responsibleInstanceCount: 3,
    clientCount: 3,
    connectionBasedClientCount: 0,
    ephemeralIpPortClientCount: 2,
    persistentIpPortClientCount: 1,
    responsibleClientCount: 3,
  });
});
