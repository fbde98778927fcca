import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { JavaCopy } from '../../../test/fixtures/java-copy';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';

/**
 * Requests of clients that can't run here, in their order: taken from the sources of Netflix' and Spring's clients, of
 * `py_eureka_client` and of go-kit's `fargo`, not from the wire.
 */

/** Headers of Netflix' Jersey transport; Spring's has only the types. */
const JERSEY = {
  'DiscoveryIdentity-Name': 'DefaultClient',
  'DiscoveryIdentity-Version': '1.4',
  'DiscoveryIdentity-Id': '10.0.0.1',
  Accept: 'application/json',
  'Accept-Encoding': 'gzip',
  'X-Eureka-Accept': 'full',
};
const SPRING = { Accept: 'application/json, application/*+json' };

describe.each([
  ['the Netflix Java client', JERSEY],
  ['Spring Cloud', SPRING],
])('%s', (_client, headers) => {
  it('[F1, F2, F4, F6] starts, sends heartbeats, polls, returns after an eviction, and reports DOWN before it exits', async () => {
    const stage = new EurekaStage();
    const plain = { ...headers, 'Accept-Encoding': 'identity' };
    const get = async (path: string) =>
      JSON.parse((await stage.send('GET', path, { headers: plain })).text).applications;
    const post = (more: object) =>
      stage.brief('POST', '/eureka/apps/ORDERS', {
        headers: { ...headers, 'Content-Type': 'application/json' },
        body: JSON.stringify({ instance: { ...SPRING_INSTANCE, isCoordinatingDiscoveryServer: 'false', ...more } }),
      });
    const beat = (dirty: number) =>
      stage.brief('PUT', `${INSTANCE_PATH}?status=UP&lastDirtyTimestamp=${dirty}`, { headers });
    const copy = new JavaCopy();
    copy.takeFull(await get('/eureka/apps/'));
    expect(copy.content()).toEqual([]);
    expect(await post({ status: 'STARTING', lastDirtyTimestamp: '100' })).toEqual([204, '']);
    expect(await post({ status: 'UP', lastDirtyTimestamp: '200' })).toEqual([204, '']);
    for (let round = 0; round < 3; round++) {
      await stage.namespace.pass(30_000);
      expect(await beat(200)).toEqual([200, '']);
      expect(copy.takeDelta(await get('/eureka/apps/delta'))).toBe(true);
    }
    expect(copy.content()).toMatchObject([{ instanceId: SPRING_INSTANCE.instanceId, status: 'UP' }]);
    // It sleeps for longer than its lease lasts.
    await stage.namespace.pass(200_000);
    expect(await beat(200)).toEqual([404, '']);
    expect(await post({ lastDirtyTimestamp: '300' })).toEqual([204, '']);
    expect(await beat(300)).toEqual([200, '']);
    copy.takeFull(await get('/eureka/apps/'));
    // The context closes.
    expect(await post({ status: 'DOWN', lastDirtyTimestamp: '400' })).toEqual([204, '']);
    expect(copy.takeDelta(await get('/eureka/apps/delta'))).toBe(true);
    expect(copy.content()).toMatchObject([{ status: 'DOWN' }]);
    expect((await stage.send('DELETE', INSTANCE_PATH, { headers })).status).toBe(200);
    expect(copy.takeDelta(await get('/eureka/apps/delta'))).toBe(true);
    expect(copy.content()).toEqual([]);
  });
});

it('[F1, F3] py_eureka_client writes JSON with strings for flags and times, and reads XML', async () => {
  const stage = new EurekaStage();
  const instance = {
    ...SPRING_INSTANCE,
    overriddenStatus: undefined,
    overriddenstatus: 'UNKNOWN',
    port: { $: 8080, '@enabled': 'true' },
    lastUpdatedTimestamp: '1700000000000',
    lastDirtyTimestamp: '1700000000000',
    leaseInfo: {
      renewalIntervalInSecs: 30,
      durationInSecs: 90,
      registrationTimestamp: 0,
      lastRenewalTimestamp: 0,
      evictionTimestamp: 0,
      serviceUpTimestamp: 0,
    },
  };
  const headers = { 'Content-Type': 'application/json' };
  expect(await stage.brief('POST', '/eureka/apps/ORDERS', { headers, body: JSON.stringify({ instance }) })).toEqual([
    204,
    '',
  ]);
  const beat = `${INSTANCE_PATH}?status=UP&lastDirtyTimestamp=1700000000000`;
  expect(await stage.brief('PUT', beat)).toEqual([200, '']);
  for (const path of ['/eureka/apps/', '/eureka/apps/delta']) {
    const { text } = await stage.send('GET', path);
    // It raises an error if one of these is missing.
    expect(text).toMatch(/<versions__delta>\d+<\/versions__delta>/);
    expect(text).toContain('<dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo">');
    expect(text).toMatch(/<port enabled="true">8080<\/port><securePort enabled="false">443<\/securePort>/);
    expect(text).not.toMatch(/<(\w+)><\/\1>|<\w+\/>/);
  }
});

it('[F1, F3] fargo checks for its instance, writes XML, reads itself back, sends heartbeats and exits', async () => {
  const stage = new EurekaStage();
  const headers = { 'Content-Type': 'application/xml', Accept: 'application/xml' };
  const body =
    '<instance><instanceId>h1:orders:8080</instanceId><hostName>h1.example</hostName><app>ORDERS</app><ipAddr>10.0.0.1</ipAddr><vipAddress>orders</vipAddress><secureVipAddress>orders</secureVipAddress><status>UP</status><port enabled="true">8080</port><securePort enabled="false">443</securePort><dataCenterInfo class="com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo"><name>MyOwn</name></dataCenterInfo><leaseInfo><renewalIntervalInSecs>30</renewalIntervalInSecs><durationInSecs>90</durationInSecs></leaseInfo><metadata></metadata></instance>';
  expect(await stage.brief('GET', INSTANCE_PATH, { headers })).toEqual([404, '']);
  expect(await stage.brief('POST', '/eureka/apps/ORDERS', { headers, body })).toEqual([204, '']);
  expect((await stage.send('GET', INSTANCE_PATH, { headers })).text).toMatch(
    /^<instance><instanceId>h1:orders:8080<\/instanceId>.*<port enabled="true">8080<\/port>.*<\/instance>$/,
  );
  expect(await stage.brief('PUT', INSTANCE_PATH, { headers })).toEqual([200, '']);
  await stage.namespace.pass(200_000);
  expect(await stage.brief('GET', INSTANCE_PATH, { headers })).toEqual([404, '']);
  expect(await stage.brief('PUT', INSTANCE_PATH, { headers })).toEqual([404, '']);
  expect(await stage.brief('POST', '/eureka/apps/ORDERS', { headers, body })).toEqual([204, '']);
  expect((await stage.send('DELETE', INSTANCE_PATH, { headers })).status).toBe(200);
});
