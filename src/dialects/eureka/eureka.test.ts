import { describe, expect, it } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import type { Grant } from '../../model/grant';
import { readJsonText } from '../../model/json-text';
import { eureka } from './eureka';

/** The exchanges of Eureka's clients on a real namespace. */

const INSTANCE = {
  instanceId: 'h1:orders:8080',
  hostName: 'h1.example',
  app: 'ORDERS',
  ipAddr: '10.0.0.1',
  status: 'UP',
  overriddenStatus: 'UNKNOWN',
  port: { $: 8080, '@enabled': 'true' },
  securePort: { $: 443, '@enabled': 'false' },
  countryId: 1,
  dataCenterInfo: { '@class': 'com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo', name: 'MyOwn' },
  leaseInfo: { renewalIntervalInSecs: 30, durationInSecs: 90 },
  metadata: { 'management.port': '8080' },
  homePageUrl: 'http://h1.example:8080/',
  statusPageUrl: 'http://h1.example:8080/actuator/info',
  healthCheckUrl: 'http://h1.example:8080/actuator/health',
  vipAddress: 'orders',
  secureVipAddress: 'orders',
  isCoordinatingDiscoveryServer: 'false',
  lastDirtyTimestamp: '1699999999000',
};

interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

class Stage {
  readonly namespace = new NodeNamespace();
  readonly app = new TestApp({ dialects: [eureka], calls: this.namespace.api });
  token = ROOT_TOKEN;

  as(grants: readonly Grant[]): this {
    this.token = this.app.directory.give(grants).token;
    return this;
  }

  async send(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const headers = { authorization: `Basic ${btoa(`eureka:${this.token}`)}`, ...init.headers };
    const response = await this.app.send(method, path, { ...init, headers });
    return { status: response.status, text: await response.text(), headers: response.headers };
  }

  async json(path: string): Promise<unknown> {
    const { status, text } = await this.send('GET', path, { headers: { accept: 'application/json' } });
    if (status !== 200) throw new Error(`${path} got ${status} ${text}`);
    return JSON.parse(text);
  }

  register(more: object = {}): Promise<Answer> {
    const instance = { ...INSTANCE, ...more };
    return this.send('POST', `/eureka/apps/${instance.app}`, {
      body: JSON.stringify({ instance }),
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    });
  }
}

describe('registering', () => {
  it('[F1] is answered 204 without a body, and read back as it was written', async () => {
    const stage = new Stage();
    const answer = await stage.register();
    expect([answer.status, answer.text, answer.headers.get('content-type')]).toEqual([204, '', null]);
    const { leaseInfo, ...instance } = INSTANCE;
    expect(await stage.json('/eureka/apps')).toEqual({
      applications: {
        versions__delta: '1',
        apps__hashcode: 'UP_1_',
        application: [
          {
            name: 'ORDERS',
            instance: [
              {
                ...instance,
                leaseInfo: {
                  ...leaseInfo,
                  registrationTimestamp: 1893456000000,
                  lastRenewalTimestamp: 1893456000000,
                  evictionTimestamp: 0,
                  serviceUpTimestamp: 1893456000000,
                },
                lastUpdatedTimestamp: '1893456000000',
                actionType: 'ADDED',
              },
            ],
          },
        ],
      },
    });
    expect(stage.namespace.state.journal.revision).toBe(1);
  });

  it('[F1] is on all bases, with slashes more or less, tokens and namespaces in front', async () => {
    const stage = new Stage();
    await stage.register();
    const path = stage.app.directory.give([{ scope: 'read', ns: 'public' }]).token;
    for (const base of ['/eureka', '/eureka/v2', '/v2', '/eureka/', '//eureka/'.slice(1), '/n/public/eureka']) {
      for (const rest of [
        '/apps',
        '/apps/',
        '//apps',
        '/apps/ORDERS',
        '/apps/orders/h1:orders:8080/',
        '/apps/delta/',
      ]) {
        const { status } = await stage.send('GET', `${base}${rest}`);
        expect([base, rest, status]).toEqual([base, rest, 200]);
      }
    }
    expect((await stage.app.send('GET', `/t/${path}/eureka/apps/`)).status).toBe(200);
    expect((await stage.app.send('GET', `/t/${path}/n/public/eureka/v2/apps/`)).status).toBe(200);
  });
});

describe('beats', () => {
  it('[F2] are answered 200 or 404, with nothing in them', async () => {
    const stage = new Stage();
    const path = '/eureka/apps/ORDERS/h1:orders:8080';
    expect(await stage.send('PUT', path)).toMatchObject({ status: 404, text: '' });
    await stage.register();
    expect(await stage.send('PUT', path)).toMatchObject({ status: 200, text: '' });
    expect(await stage.send('PUT', `${path}?status=UP&lastDirtyTimestamp=1699999999000`)).toMatchObject({
      status: 200,
    });
    expect(await stage.send('PUT', `${path}?status=UP&lastDirtyTimestamp=1699999999001`)).toMatchObject({
      status: 404,
    });
    expect(await stage.send('PUT', `${path}?lastDirtyTimestamp=1`)).toMatchObject({ status: 200 });
    expect(await stage.send('PUT', `${path}?lastDirtyTimestamp=x`)).toMatchObject({ status: 400, text: '' });
    expect(await stage.send('DELETE', path)).toMatchObject({ status: 200, text: '' });
    expect(await stage.send('DELETE', path)).toMatchObject({ status: 404, text: '' });
  });
});

describe('XML', () => {
  it('[F3] is what is answered where nobody asks for JSON', async () => {
    const stage = new Stage();
    await stage.register({ metadata: { my_key: 'a & <b>', $x: '1' } });
    const { text, headers } = await stage.send('GET', '/eureka/apps', { headers: { accept: '*/*' } });
    expect(headers.get('content-type')).toBe('application/xml');
    expect(text).toMatch(/^<applications><versions__delta>1<\/versions__delta><apps__hashcode>UP_1_<\/apps__hashcode>/);
    expect(text).toContain('<metadata><_-x>1</_-x><my__key>a &amp; &lt;b&gt;</my__key></metadata>');
    expect(text).toContain('<port enabled="true">8080</port>');
    expect(text).toContain('<actionType>ADDED</actionType></instance></application></applications>');
  });
});

it('shows what others registered', async () => {
  const stage = new Stage();
  await stage.namespace.api.register(
    { tokenId: 'root', operates: true },
    {
      key: { group: 'DEFAULT_GROUP', service: 'users', id: 'u1' },
      definition: (await import('../../model/instance')).InstanceDefinition.parse({ address: '10.0.0.9', port: 9 }),
      precondition: {},
    },
  );
  expect(await stage.json('/eureka/vips/users')).toMatchObject({
    applications: { application: [{ name: 'USERS', instance: [{ instanceId: 'u1', ipAddr: '10.0.0.9' }] }] },
  });
  expect(readJsonText((await stage.namespace.api.stats()).body).instances).toBe(1);
});
