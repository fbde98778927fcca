import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { instanceView } from '../../../test/fixtures/instance-view';
import type { InstanceView } from '../../model/instance';
import { type Host, hostOf } from './host';
import { type HostFilter, hostTexts, surveyList } from './service-info';

const ALL = { clusters: [], healthyOnly: false };

/** Returns the id and the health of each listed instance. */
async function shown(instances: Partial<InstanceView>[], threshold = 0, filter: HostFilter = ALL) {
  const views = instances.map((view, index) =>
    instanceView({ id: `${index}`, address: `10.0.0.${index}`, port: 1, ...view }),
  );
  const pages = [{ instances: views.slice(0, 1), protectThreshold: threshold }, { instances: views.slice(1) }];
  const survey = await surveyList(() => pages, filter);
  let text = '';
  for await (const piece of hostTexts(() => pages, filter, survey)) text += piece;
  const hosts: Host[] = JSON.parse(text);
  return [hosts.map(({ ip, healthy }) => `${ip.slice(7)} ${healthy}`).join(), survey.isProtected];
}

describe('a list for callers', () => {
  it('[Y6] shows instances that take traffic, including unhealthy ones', async () => {
    const instances: Partial<InstanceView>[] = [
      {},
      { healthy: false },
      { enabled: false },
      { quarantined: true },
      { status: 'out-of-service' },
      { status: 'draining' },
      { status: 'down' },
      { status: 'starting' },
    ];
    expect(await shown(instances)).toEqual(['0 true,1 false,6 false,7 false', false]);
    expect(await shown(instances, 0, { clusters: [], healthyOnly: true })).toEqual(['0 true', false]);
  });

  it('[Y6] shows the requested clusters', async () => {
    const instances = [{ cluster: 'a' }, { cluster: 'b' }, { cluster: 'c' }];
    expect(await shown(instances, 0, { clusters: ['c', 'a'], healthyOnly: false })).toEqual(['0 true,2 true', false]);
    expect(await shown(instances, 0, { clusters: ['x'], healthyOnly: false })).toEqual(['', false]);
  });

  it('[Y6] ignores health below the threshold', () =>
    eachRow(
      [
        [0.8, [{}, { healthy: false }], '0 true,1 true', true],
        [0.5, [{}, { healthy: false }], '0 true,1 true', true],
        [0.4, [{}, { healthy: false }], '0 true,1 false', false],
        [0, [{ healthy: false }], '0 false', false],
        [0.5, [{ healthy: false }, { status: 'down' as const }], '0 true,1 false', true],
        [0.5, [{}, { healthy: false, enabled: false }], '0 true', false],
        [1, [], '', false],
      ],
      async (threshold, instances, expected, isProtected) => {
        expect(await shown(instances, threshold)).toEqual([expected, isProtected]);
      },
    ));

  it('[Y6] counts healthy instances before it omits the others', async () => {
    expect(await shown([{}, { healthy: false }], 0.8, { clusters: [], healthyOnly: true })).toEqual([
      '0 true,1 true',
      true,
    ]);
  });
});

describe('an instance of another door', () => {
  it('[Y6] is at the place of its url', () =>
    eachRow(
      [
        [{ url: 'https://orders.example/api' }, 'orders.example', 443, { secure: 'true' }],
        [{ url: 'http://[2001:db8::7]' }, '2001:db8::7', 80, {}],
        [{ url: 'https://orders.example:8443', metadata: { secure: 'no' } }, 'orders.example', 8443, { secure: 'no' }],
        [{ address: 'host_1', port: 5, url: 'https://orders.example' }, 'host_1', 5, {}],
      ],
      (view, ip, port, metadata) => {
        expect(hostOf(instanceView(view))).toMatchObject({ ip, port, metadata });
        expect(hostOf(instanceView(view))?.instanceId).toBe(`${ip}#${port}#DEFAULT#DEFAULT_GROUP@@orders`);
      },
    ));

  it('[Y6] is not shown if it can’t be called', () => {
    expect(hostOf(instanceView({ url: 'micro://topic' }))).toBe(undefined);
    expect(hostOf(instanceView({ url: 'nats://topic:0' }))).toBe(undefined);
  });

  it('[Y6] without a lease or removal has no times except its own', () => {
    const lease = { ttlMs: 1_000, removeAfterMs: null, intervalMs: 10 };
    const place = { address: '10.0.0.7', port: 1 };
    expect(hostOf(instanceView({ ...place, lease }))).toMatchObject({ instanceHeartBeatTimeOut: 1_000 });
    expect(hostOf(instanceView({ ...place, lease }))).not.toHaveProperty('ipDeleteTimeout');
    expect(hostOf(instanceView({ ...place, lease: null }))).not.toHaveProperty('instanceHeartBeatTimeOut');
  });
});
