import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { readJsonText } from '../../model/json';

/** The exchanges of Eureka's clients on a real namespace, according to the notes on them. */

const START = 1_893_456_000_000;

/** Members that Eureka's server adds to an instance. */
const ADDED = {
  leaseInfo: {
    renewalIntervalInSecs: 30,
    durationInSecs: 90,
    registrationTimestamp: START,
    lastRenewalTimestamp: START,
    evictionTimestamp: 0,
    serviceUpTimestamp: START,
  },
  lastUpdatedTimestamp: String(START),
  actionType: 'ADDED',
};

describe('registering', () => {
  it('[F1] returns 204 without a body, and reads back as written', async () => {
    const stage = new EurekaStage();
    const answer = await stage.register();
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([204, '', null]);
    expect(await stage.json('/eureka/apps')).toEqual({
      applications: {
        versions__delta: '1',
        apps__hashcode: 'UP_1_',
        application: [{ name: 'ORDERS', instance: [{ ...SPRING_INSTANCE, ...ADDED }] }],
      },
    });
  });

  it('[F1] works on all base paths, with extra or missing slashes, tokens and namespaces in front', async () => {
    const stage = new EurekaStage();
    await stage.register();
    const id = encodeURIComponent(SPRING_INSTANCE.instanceId);
    for (const base of ['/eureka', '/eureka/v2', '/v2', '/eureka/', '/n/public/eureka', '/eureka//v2']) {
      for (const rest of ['/apps', '/apps/', '//apps', '/apps/ORDERS', `/apps/orders/${id}/`, '/apps/delta/']) {
        expect([base, rest, (await stage.send('GET', `${base}${rest}`)).status]).toEqual([base, rest, 200]);
      }
    }
    const reader = stage.app.directory.give([{ scope: 'read', ns: 'public' }]).token;
    expect((await stage.app.send('GET', `/t/${reader}/eureka/apps/`)).status).toBe(200);
    expect((await stage.app.send('GET', `/t/${reader}/n/public/eureka/v2/apps/`)).status).toBe(200);
  });

  it('[F5] writes two rows, and a heartbeat none', async () => {
    const stage = new EurekaStage();
    const rows = async () => readJsonText((await stage.namespace.api.stats()).body).sinceStart.rowsWritten;
    await stage.register();
    await stage.send('PUT', INSTANCE_PATH);
    const before = await rows();
    await stage.register({ instanceId: 'b' });
    expect((await rows()) - before).toBe(2);
    await stage.send('PUT', `${INSTANCE_PATH}?status=UP&lastDirtyTimestamp=${SPRING_INSTANCE.lastDirtyTimestamp}`);
    expect((await rows()) - before).toBe(2);
  });

  it('[F6] keeps the registration with the later timestamp of the client, and renews', async () => {
    const stage = new EurekaStage();
    await stage.register({ lastDirtyTimestamp: '20', metadata: { v: 'new' } });
    await stage.namespace.pass(60_000);
    expect((await stage.register({ lastDirtyTimestamp: '10', metadata: { v: 'old' } })).status).toBe(204);
    expect((await stage.instance()).metadata).toEqual({ v: 'new' });
    await stage.namespace.pass(60_000);
    expect(await stage.statuses()).toHaveLength(1);
    await stage.register({ lastDirtyTimestamp: '20', metadata: { v: 'equal' } });
    expect((await stage.instance()).metadata).toEqual({ v: 'equal' });
  });

  it('[F6] never changes between UP and OUT_OF_SERVICE, which only the status call does', async () => {
    const stage = new EurekaStage();
    await stage.register();
    await stage.register({ status: 'OUT_OF_SERVICE', lastDirtyTimestamp: '1700000000000' });
    expect(await stage.instance()).toMatchObject({ status: 'UP', lastDirtyTimestamp: '1700000000000' });
    await stage.register({ status: 'DOWN', lastDirtyTimestamp: '1700000000001' });
    expect(await stage.instance()).toMatchObject({ status: 'DOWN' });
    await stage.register({ status: 'OUT_OF_SERVICE', lastDirtyTimestamp: '1700000000002' });
    await stage.register({ status: 'UP', lastDirtyTimestamp: '1700000000003' });
    expect(await stage.instance()).toMatchObject({ status: 'OUT_OF_SERVICE', overriddenStatus: 'OUT_OF_SERVICE' });
  });

  it('[F6] seeds a status that was set outside', async () => {
    const stage = new EurekaStage();
    await stage.register({ overriddenStatus: 'OUT_OF_SERVICE' });
    expect(await stage.instance()).toMatchObject({ status: 'OUT_OF_SERVICE', overriddenStatus: 'OUT_OF_SERVICE' });
  });
});

describe('heartbeats', () => {
  it('[F2] return 200 or 404, without a body', async () => {
    const stage = new EurekaStage();
    expect(await stage.brief('PUT', INSTANCE_PATH)).toEqual([404, '']);
    await stage.register();
    expect(await stage.brief('PUT', INSTANCE_PATH)).toEqual([200, '']);
    const dirty = Number(SPRING_INSTANCE.lastDirtyTimestamp);
    expect(await stage.brief('PUT', `${INSTANCE_PATH}?status=UP&lastDirtyTimestamp=${dirty}`)).toEqual([200, '']);
    expect(await stage.brief('PUT', `${INSTANCE_PATH}?status=UP&lastDirtyTimestamp=${dirty + 1}`)).toEqual([404, '']);
    expect(await stage.brief('PUT', `${INSTANCE_PATH}?lastDirtyTimestamp=${dirty - 1}`)).toEqual([200, '']);
    await stage.register({ lastDirtyTimestamp: String(dirty + 1) });
    expect(await stage.brief('PUT', `${INSTANCE_PATH}?lastDirtyTimestamp=${dirty + 1}`)).toEqual([200, '']);
  });

  it('[F2] do not change the status, and are accepted without a dirty timestamp', async () => {
    const stage = new EurekaStage();
    await stage.register({ lastDirtyTimestamp: undefined });
    expect(await stage.brief('PUT', `${INSTANCE_PATH}?status=DOWN&lastDirtyTimestamp=5`)).toEqual([200, '']);
    expect(await stage.instance()).toMatchObject({ status: 'UP' });
  });

  it('[F2] of an instance without a lease are accepted too', async () => {
    const stage = new EurekaStage();
    await stage.registerNative('p', { ephemeral: false });
    stage.as({ scope: 'operate', ns: 'public' });
    expect(await stage.brief('PUT', '/eureka/apps/USERS/p')).toEqual([200, '']);
  });
});

describe('leases', () => {
  const there = async (stage: EurekaStage) => (await stage.statuses()).length > 0;

  it('[F7] end one duration after the registration if never renewed, two after a renewal', async () => {
    const stage = new EurekaStage();
    await stage.register({ leaseInfo: { durationInSecs: 20, renewalIntervalInSecs: 5 } });
    await stage.namespace.pass(19_000);
    expect(await there(stage)).toBe(true);
    await stage.namespace.pass(2_000);
    expect(await there(stage)).toBe(false);
    expect(await stage.brief('PUT', INSTANCE_PATH)).toEqual([404, '']);
    await stage.register({ leaseInfo: { durationInSecs: 20, renewalIntervalInSecs: 5 } });
    await stage.send('PUT', INSTANCE_PATH);
    await stage.namespace.pass(39_000);
    expect(await stage.statuses()).toEqual([`${SPRING_INSTANCE.instanceId} UP`]);
    await stage.namespace.pass(2_000);
    expect(await there(stage)).toBe(false);
  });

  it('[F7] have the duration the client requests, 90 s by default, and at most a day', async () => {
    const stage = new EurekaStage();
    const lease = async (leaseInfo: object | undefined) => {
      await stage.register({ instanceId: JSON.stringify(leaseInfo ?? {}), leaseInfo });
      return (await stage.view(JSON.stringify(leaseInfo ?? {}))).lease;
    };
    expect(await lease(undefined)).toEqual({
      ttlMs: 90_000,
      removeAfterMs: 180_000,
      firstRemoveAfterMs: 90_000,
      intervalMs: 30_000,
    });
    expect(await lease({ durationInSecs: '15', renewalIntervalInSecs: 5 })).toMatchObject({
      ttlMs: 15_000,
      intervalMs: 5_000,
    });
    expect(await lease({ durationInSecs: 0 })).toMatchObject({ ttlMs: 90_000 });
    expect(await lease({ durationInSecs: 1_000_000 })).toMatchObject({ ttlMs: 86_400_000 });
    await stage.register({ leaseInfo: { durationInSecs: 10, renewalIntervalInSecs: 30 } });
    expect(await stage.instance()).toMatchObject({ leaseInfo: { durationInSecs: 10, renewalIntervalInSecs: 30 } });
  });
});

describe('cancelling', () => {
  it('[F1] returns 200, and 404 for an unknown instance', async () => {
    const stage = new EurekaStage();
    await stage.register();
    expect(await stage.brief('DELETE', INSTANCE_PATH)).toEqual([200, '']);
    expect(await stage.brief('DELETE', INSTANCE_PATH)).toEqual([404, '']);
    expect(await stage.list()).toEqual({ versions__delta: '1', apps__hashcode: '', application: [] });
  });
});

describe('reading', () => {
  it('[F1] returns one application or one instance, and 404 without a body if there is none', async () => {
    const stage = new EurekaStage();
    await stage.register();
    const { name, instance } = (
      await stage.json<{ application: { name: string; instance: object[] } }>('/eureka/apps/orders')
    ).application;
    expect([name, instance.length]).toEqual(['ORDERS', 1]);
    for (const path of [INSTANCE_PATH, `/eureka/instances/${SPRING_INSTANCE.instanceId}`]) {
      expect(await stage.instance(path)).toEqual({ ...SPRING_INSTANCE, ...ADDED });
    }
    for (const path of ['/eureka/apps/NONE', '/eureka/apps/ORDERS/none', '/eureka/instances/none', '/eureka/none']) {
      expect([path, ...(await stage.brief('GET', path))]).toEqual([path, 404, '']);
    }
  });

  it('[F1] by virtual address finds an exact one or one of a list, and nothing for an unknown one', async () => {
    const stage = new EurekaStage();
    await stage.register({ vipAddress: 'orders,orders-v2', secureVipAddress: 'safe' });
    expect(await stage.list('/eureka/vips/orders-v2')).toMatchObject({
      versions__delta: '-1',
      apps__hashcode: 'UP_1_',
    });
    expect(await stage.statuses('/eureka/vips/orders')).toHaveLength(1);
    expect(await stage.statuses('/eureka/svips/safe')).toHaveLength(1);
    const none = { versions__delta: '-1', apps__hashcode: '', application: [] };
    for (const path of ['/eureka/vips/Orders', '/eureka/vips/orders,orders-v2', '/eureka/svips/orders']) {
      expect(await stage.list(path)).toEqual(none);
    }
  });

  it('[F1] shows registrations of other doors, with sensible values', async () => {
    const stage = new EurekaStage();
    await stage.registerNative('u1', { metadata: { zone: 'a' } });
    await stage.registerNative('u2', { address: 'h.example', status: 'draining' });
    await stage.registerNative('u3', { address: undefined, port: undefined, url: 'https://u3.example/x' }, 'Users');
    expect((await stage.list('/eureka/vips/users')).application).toMatchObject([
      {
        name: 'USERS',
        instance: [
          {
            instanceId: 'u1',
            hostName: '10.0.0.9',
            ipAddr: '10.0.0.9',
            port: { $: 9, '@enabled': 'true' },
            securePort: { $: 443, '@enabled': 'false' },
            metadata: { zone: 'a' },
          },
          {
            instanceId: 'u2',
            hostName: 'h.example',
            ipAddr: 'h.example',
            status: 'OUT_OF_SERVICE',
            metadata: { '@class': 'java.util.Collections$EmptyMap' },
          },
        ],
      },
    ]);
    expect(await stage.instance('/eureka/apps/USERS/u3')).toMatchObject({
      hostName: 'u3.example',
      vipAddress: 'Users',
      homePageUrl: 'https://u3.example/x',
      port: { '@enabled': 'false' },
      securePort: { $: 443, '@enabled': 'true' },
    });
  });

  it('[F14] omits keys of metadata that Eureka uses for attributes or classes, in both formats', async () => {
    const stage = new EurekaStage();
    const markers = { '@class': 'java.util.HashMap', '@enabled': 'true', $: 'text' };
    await stage.registerNative('u1', { metadata: { ...markers, class: 'gold', 'a:b': '1' } });
    await stage.registerNative('u2', { metadata: markers });
    const [first, second] = (await stage.list('/eureka/vips/users')).application[0]?.instance ?? [];
    expect(first?.metadata).toEqual({ class: 'gold', 'a:b': '1' });
    expect(second?.metadata).toEqual({ '@class': 'java.util.Collections$EmptyMap' });
    const { text } = await stage.send('GET', '/eureka/vips/users');
    expect(text).toContain('<metadata><a_.003ab>1</a_.003ab><class>gold</class></metadata>');
    expect(text).toContain('<metadata class="java.util.Collections$EmptyMap"></metadata>');
  });

  it('[F1] shows an unhealthy instance of another door as DOWN, and one of this door with its own status', async () => {
    const stage = new EurekaStage();
    await stage.registerNative('u', { lease: { ttlMs: 30_000, removeAfterMs: 300_000 } });
    await stage.register({ leaseInfo: { durationInSecs: 30 } });
    await stage.send('PUT', INSTANCE_PATH);
    await stage.namespace.pass(40_000);
    expect(await stage.statuses()).toEqual([`${SPRING_INSTANCE.instanceId} UP`, 'u DOWN']);
    expect((await stage.view()).healthy).toBe(false);
    expect((await stage.list('/eureka/apps/delta')).apps__hashcode).toBe('DOWN_1_UP_1_');
  });
});

describe('formats', () => {
  it('[F3] are JSON on request, otherwise XML', async () => {
    const stage = new EurekaStage();
    await stage.register({ metadata: { my_key: 'a & <b>', $x: '1' } });
    const { text, headers } = await stage.send('GET', '/eureka/apps', { headers: { accept: '*/*' } });
    expect(headers.get('content-type')).toBe('application/xml');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(text).toMatch(/^<applications><versions__delta>1<\/versions__delta><apps__hashcode>UP_1_<\/apps__hashcode>/);
    expect(text).toContain('<metadata><_-x>1</_-x><my__key>a &amp; &lt;b&gt;</my__key></metadata>');
    expect(text).toContain('<port enabled="true">8080</port>');
    expect(text).toContain('<actionType>ADDED</actionType></instance></application></applications>');
    for (const accept of ['application/json', 'application/*+json, application/json', 'text/JSON']) {
      const { headers } = await stage.send('GET', '/eureka/apps', { headers: { accept } });
      expect([accept, headers.get('content-type')]).toEqual([accept, 'application/json']);
    }
    for (const path of [INSTANCE_PATH, '/eureka/apps/ORDERS', '/eureka/apps/delta', '/eureka/status']) {
      const answer = await stage.send('GET', path);
      expect([path, answer.headers.get('content-type'), answer.text[0]]).toEqual([path, 'application/xml', '<']);
    }
  });

  it('[F3] are compressed on request', async () => {
    const stage = new EurekaStage();
    for (let n = 0; n < 20; n++) await stage.register({ instanceId: `i${n}` });
    for (const path of ['/eureka/apps', '/eureka/apps/delta', '/eureka/apps/ORDERS']) {
      const plain = await stage.send('GET', path);
      expect(plain.headers.get('content-encoding')).toBeNull();
      const response = await stage.app.send('GET', path, {
        headers: { authorization: `Bearer ${stage.token}`, 'accept-encoding': 'gzip, deflate' },
      });
      expect(response.headers.get('content-encoding')).toBe('gzip');
      expect(response.headers.get('vary')).toBe('Accept, Accept-Encoding');
      const stream = response.body?.pipeThrough(new DecompressionStream('gzip'));
      expect(await new Response(stream).text()).toBe(plain.text);
    }
    expect(
      (await stage.send('GET', INSTANCE_PATH, { headers: { 'accept-encoding': 'gzip;q=0' } })).headers.get(
        'content-encoding',
      ),
    ).toBeNull();
  });
});

it('[F8] the status page shows the most important figures', async () => {
  const stage = new EurekaStage();
  await stage.register();
  await stage.send('PUT', INSTANCE_PATH);
  expect(await stage.json('/eureka/status')).toMatchObject({
    generalStats: { instances: '1', leases: '1', 'renews-a-minute': '1' },
    instanceInfo: { status: 'UP' },
  });
});
