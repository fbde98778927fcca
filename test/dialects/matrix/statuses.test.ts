import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../src/client/wire/instance';
import { type AggregatedStatus, aggregatedStatus, type ShownHealth } from '../../../src/codecs/consul/shown';
import type { Host } from '../../../src/codecs/nacos/host';
import { MatrixStage } from './matrix-stage';

/** Status of an instance at each door, whichever door set it. Written by hand from the doors' tables. */

const PATH = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/a';

/** Status at each door; `-` is an instance that is left out. */
interface Shown {
  native: string;
  eureka: string;
  nacos: 'healthy' | 'unhealthy' | '-';
  goMicro: 'there' | '-';
  consul: AggregatedStatus;
}

async function shown(stage: MatrixStage): Promise<Shown> {
  // `as`: the response of each.
  const native = (await stage.json('GET', PATH)) as Instance;
  const eureka = (await stage.json('GET', '/eureka/apps/ORDERS/a')) as { instance: { status: string } };
  const nacos = (await stage.json('GET', '/nacos/v1/ns/instance/list?serviceName=orders')) as { hosts: Host[] };
  const goMicro = (await stage.json('GET', '/registry?service=orders')) as unknown[];
  const [consul] = (await stage.json('GET', '/v1/health/service/orders')) as ShownHealth[];
  const checks = consul?.Checks.map(({ CheckID, Status }) => ({ id: CheckID, status: Status }));
  const [host] = nacos.hosts;
  return {
    native: `${native.status}${native.available ? '' : ', unavailable'}`,
    eureka: eureka.instance.status,
    nacos: host === undefined ? '-' : host.healthy ? 'healthy' : 'unhealthy',
    goMicro: goMicro.length === 0 ? '-' : 'there',
    consul: aggregatedStatus(checks ?? []),
  };
}

const register = (stage: MatrixStage, more: object = {}) =>
  stage.json('PUT', PATH, { address: '10.0.0.7', port: 8080, ...more });

const eurekaInstance = (status: string) => ({
  instanceId: 'a',
  hostName: 'a.test',
  app: 'ORDERS',
  ipAddr: '10.0.0.7',
  status,
  port: { $: 8080, '@enabled': 'true' },
  dataCenterInfo: { name: 'MyOwn' },
});

const NO_TRAFFIC = { nacos: '-', goMicro: '-', consul: 'maintenance' } as const;

describe('a status', () => {
  it.each<[string, Shown]>([
    ['up', { native: 'up', eureka: 'UP', nacos: 'healthy', goMicro: 'there', consul: 'passing' }],
    ['down', { native: 'down, unavailable', eureka: 'DOWN', nacos: 'unhealthy', goMicro: '-', consul: 'critical' }],
    [
      'starting',
      { native: 'starting, unavailable', eureka: 'STARTING', nacos: 'unhealthy', goMicro: '-', consul: 'critical' },
    ],
    ['out-of-service', { native: 'out-of-service, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC }],
    ['draining', { native: 'draining, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC }],
  ])('[I11] %s of a native instance is the same at every door', async (status, wanted) => {
    const stage = new MatrixStage();
    await register(stage, { status });
    expect(await shown(stage)).toEqual(wanted);
  });

  it.each<[string, Shown]>([
    ['UP', { native: 'up', eureka: 'UP', nacos: 'healthy', goMicro: 'there', consul: 'passing' }],
    ['DOWN', { native: 'down, unavailable', eureka: 'DOWN', nacos: 'unhealthy', goMicro: '-', consul: 'critical' }],
    [
      'STARTING',
      { native: 'starting, unavailable', eureka: 'STARTING', nacos: 'unhealthy', goMicro: '-', consul: 'critical' },
    ],
    ['OUT_OF_SERVICE', { native: 'out-of-service, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC }],
    [
      'UNKNOWN',
      { native: 'down, unavailable', eureka: 'UNKNOWN', nacos: 'unhealthy', goMicro: '-', consul: 'critical' },
    ],
  ])('[I11] %s of a Eureka instance is the same at every door', async (status, wanted) => {
    const stage = new MatrixStage();
    await stage.json('POST', '/eureka/apps/ORDERS', { instance: eurekaInstance(status) });
    expect(await shown(stage)).toEqual(wanted);
  });

  it.each<[string, string, Shown]>([
    ['passing', 'pass', { native: 'up', eureka: 'UP', nacos: 'healthy', goMicro: 'there', consul: 'passing' }],
    ['warning', 'warn', { native: 'up', eureka: 'UP', nacos: 'healthy', goMicro: 'there', consul: 'warning' }],
    [
      'critical',
      'fail',
      { native: 'down, unavailable', eureka: 'DOWN', nacos: 'unhealthy', goMicro: '-', consul: 'critical' },
    ],
  ])('[I11] %s of a Consul instance is the same at every door', async (_status, result, wanted) => {
    const stage = new MatrixStage();
    const check = { CheckID: 'alive', TTL: '30s' };
    const service = { Name: 'orders', ID: 'a', Address: '10.0.0.7', Port: 8080, Check: check };
    await stage.json('PUT', '/v1/agent/service/register', service);
    const fresh = {
      native: 'starting, unavailable',
      eureka: 'STARTING',
      nacos: 'unhealthy',
      goMicro: '-',
      consul: 'critical',
    };
    expect(await shown(stage)).toEqual(fresh);
    await stage.send('PUT', `/v1/agent/check/${result}/alive`);
    await stage.namespace.pass(1_000);
    expect(await shown(stage)).toEqual(wanted);
    await stage.send('PUT', '/v1/agent/service/maintenance/a?enable=true');
    await stage.namespace.pass(1_000);
    expect(await shown(stage)).toEqual({
      native: 'out-of-service, unavailable',
      eureka: 'OUT_OF_SERVICE',
      ...NO_TRAFFIC,
    });
    await stage.send('PUT', '/v1/agent/service/maintenance/a?enable=false');
    await stage.namespace.pass(1_000);
    expect(await shown(stage)).toEqual(wanted);
  });

  it.each<[string, object, Shown]>([
    ['disabled', { enabled: false }, { native: 'up, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC }],
    ['quarantined', { quarantine: {} }, { native: 'up, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC }],
    [
      'out of service',
      { status: 'out-of-service' },
      { native: 'out-of-service, unavailable', eureka: 'OUT_OF_SERVICE', ...NO_TRAFFIC },
    ],
    [
      'of weight 0',
      { weight: 0 },
      { native: 'up, unavailable', eureka: 'OUT_OF_SERVICE', nacos: 'healthy', goMicro: '-', consul: 'maintenance' },
    ],
  ])('[I11] set by an operator, %s, is the same at every door', async (_what, override, wanted) => {
    const stage = new MatrixStage();
    await register(stage);
    await stage.json('PUT', `${PATH}/override`, override);
    expect(await shown(stage)).toEqual(wanted);
    await stage.send('DELETE', `${PATH}/override`);
    expect(await shown(stage)).toEqual({
      native: 'up',
      eureka: 'UP',
      nacos: 'healthy',
      goMicro: 'there',
      consul: 'passing',
    });
  });

  it('[I11] of a lapsed lease that is not removed yet is the same at every door', async () => {
    const stage = new MatrixStage();
    await register(stage, { lease: { ttlMs: 10_000, removeAfterMs: 60_000 } });
    await stage.namespace.pass(11_000);
    expect(await shown(stage)).toEqual({
      native: 'up, unavailable',
      eureka: 'DOWN',
      nacos: 'unhealthy',
      goMicro: '-',
      consul: 'critical',
    });
    await stage.send('POST', `${PATH}/heartbeat`);
    // Nacos' polls within one second share one check.
    await stage.namespace.pass(1_000);
    expect(await shown(stage)).toEqual({
      native: 'up',
      eureka: 'UP',
      nacos: 'healthy',
      goMicro: 'there',
      consul: 'passing',
    });
  });
});

it('[I11] weights and tags of Consul are those of the other doors, both ways', async () => {
  const stage = new MatrixStage();
  const service = { Name: 'orders', ID: 'a', Address: '10.0.0.7', Port: 8080, Weights: { Passing: 7, Warning: 2 } };
  await stage.json('PUT', '/v1/agent/service/register', { ...service, Tags: ['v1', 'b b', 'v1'] });
  // `as`: the response of each.
  const consul = async () => ((await stage.json('GET', '/v1/health/service/orders')) as ShownHealth[])[0]?.Service;
  expect(await stage.json('GET', PATH)).toMatchObject({ weight: 7, tags: expect.arrayContaining(['v1']) });
  expect(await consul()).toMatchObject({ Weights: { Passing: 7, Warning: 2 }, Tags: ['v1', 'b b', 'v1'] });
  await stage.send('PUT', '/v1/agent/service/deregister/a');
  await register(stage, { weight: 2.6, tags: ['blue', 'green'] });
  expect(await consul()).toMatchObject({ Weights: { Passing: 3, Warning: 1 }, Tags: ['blue', 'green'] });
});
