import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../watch-proofs/until';
import { MirrorStage } from './mirror-stage';

/** Runs `rollcall sync --from eureka` from one registry with the Eureka API to another. */

let stage: MirrorStage;
beforeAll(async () => {
  stage = await MirrorStage.start();
});
afterAll(() => stage.stop());

interface EurekaInstance {
  id: string;
  ip: string;
  status?: string;
  metadata?: Record<string, string>;
}

const info = ({ id, ip, status = 'UP', metadata = {} }: EurekaInstance) => ({
  instance: {
    instanceId: id,
    hostName: `${id}.test`,
    app: 'ORDERS',
    ipAddr: ip,
    status,
    port: { $: 8080, '@enabled': 'true' },
    securePort: { $: 8443, '@enabled': 'true' },
    dataCenterInfo: { '@class': 'com.netflix.appinfo.MyDataCenterInfo', name: 'MyOwn' },
    leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 600 },
    metadata,
    vipAddress: 'Orders-Vip',
    homePageUrl: `http://${id}.test:8080/`,
  },
});

const path = (ns: string, rest: string) => `/n/${ns}/eureka/apps/ORDERS${rest}`;
const register = (ns: string, instance: EurekaInstance) =>
  stage.ask('POST', path(ns, ''), JSON.stringify(info(instance)), { 'Content-Type': 'application/json' });

/** Returns the URL for Eureka's clients, with the token as a password. */
const url = (ns: string) =>
  stage.source.url.replace('//', `//someone:${stage.source.rootToken}@`).concat(`/n/${ns}/eureka`);

describe('rollcall sync --from eureka', () => {
  it('[K21, K26] follows Eureka by deltas, and its clients find the same instances in Rollcall', async () => {
    const target = await stage.namespace('live');
    await register('live', { id: 'a', ip: '10.0.0.1', metadata: { 'management.port': '9090' } });
    await register('live', { id: 'b', ip: '10.0.0.2' });
    const mirror = stage.cli.begin(
      ['sync', '--from', 'eureka', url('live'), '--to', stage.cli.registry.url, '--interval', '300ms', '--verbose'],
      { ...target.env, ROLLCALL_URL: undefined },
    );
    await until('both are mirrored', async () => (await target.ids('orders')).join() === 'eureka:a,eureka:b');
    expect(mirror.printed).not.toContain(stage.source.rootToken);

    const here = await fetch(`${stage.cli.registry.url}/n/live/eureka/apps/ORDERS/eureka:a`, {
      headers: { Authorization: `Bearer ${stage.cli.registry.rootToken}`, Accept: 'application/json' },
    });
    expect(await here.json()).toMatchObject({
      instance: {
        ...info({ id: 'a', ip: '10.0.0.1', metadata: { 'management.port': '9090' } }).instance,
        instanceId: 'eureka:a',
        dataCenterInfo: { name: 'MyOwn' },
        leaseInfo: { durationInSecs: 90 },
      },
    });

    const statusOf = async (id: string) => (await target.instances('orders')).find((each) => each.id === id)?.status;
    await stage.ask('PUT', path('live', '/a/status?value=OUT_OF_SERVICE'));
    await until('a status set by an operator arrives', async () => (await statusOf('eureka:a')) === 'out-of-service');
    await register('live', { id: 'b', ip: '10.0.0.2', metadata: { zone: 'x' } });
    await until('a change arrives', async () => (await target.instances('orders'))[1]?.metadata.zone === 'x');
    await stage.ask('DELETE', path('live', '/a'));
    await until('the removed one is removed here too', async () => (await target.ids('orders')).join() === 'eureka:b');
    await mirror.prints(/^removed/m);
    expect(
      mirror.stdout.filter((line) => /^(added|changed|removed)/.test(line)).map((line) => line.split(/\s+/)[0]),
    ).toEqual(['added', 'added', 'changed', 'changed', 'removed']);
  });

  it('[K29] continues after an earlier mirror was killed, without a change', async () => {
    const target = await stage.namespace('again');
    await register('again', { id: 'a', ip: '10.0.0.1' });
    const words = ['sync', '--from', 'eureka', url('again'), '--interval', '300ms', '--json'];
    const first = stage.cli.begin(words, target.env);
    await first.prints(/"added".*"eureka:a"/);
    first.kill('SIGKILL');
    await first.end();
    const [before] = await target.instances('orders');
    const second = stage.cli.begin(words, target.env);
    await register('again', { id: 'b', ip: '10.0.0.2' });
    await second.prints(/"added".*"eureka:b"/);
    const [after] = await target.instances('orders');
    expect(after?.revision).toBe(before?.revision);
    expect(second.stdout).toHaveLength(1);
  });

  it('[K26] refuses an option that Eureka lacks, and a source that is not Eureka', async () => {
    const target = await stage.namespace('wrong');
    const sync = (...words: string[]) => stage.cli.run(['sync', '--from', 'eureka', ...words, '--dry-run'], target.env);
    expect(await sync(url('wrong'), '--group', 'g')).toMatchObject({ code: 2 });
    expect(await sync(`${stage.cli.registry.url}/health?`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('refused'),
    });
    expect(await sync('eureka:8761')).toMatchObject({ code: 2, stderr: expect.stringContaining('http://') });
  });
});
