import { describe, expect, it } from 'vitest';
import { eureka } from '../../src/dialects/eureka/eureka';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { claimsOfDialects } from '../../src/http/app';
import type { Grant } from '../../src/model/grant';
import { EurekaStage } from '../fixtures/eureka-stage';
import { everyRow } from '../fixtures/every-row';
import { problemOf } from '../fixtures/test-app';
import { WatchStage } from '../fixtures/watch-stage';

const OWN = 'DEFAULT_GROUP@@own';
const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/own';
const PLACE = { address: '10.0.0.7', port: 80 };
const JSON_TYPE = { 'content-type': 'application/json' };

const grantOn = (...services: string[]): Grant => ({ scope: 'register', ns: 'public', services });

/** Registers an instance of `own` with addresses, through each of the doors. */
const DOORS: Record<string, (stage: EurekaStage, addresses: Record<string, string>) => Promise<Response>> = {
  'PUT of an instance': (stage, addresses) =>
    ask(stage, 'PUT', `${SERVICE}/instances/a`, { ...PLACE, extensions: { eureka: addresses } }),
  'POST of an instance': (stage, addresses) =>
    ask(stage, 'POST', `${SERVICE}/instances`, { ...PLACE, extensions: { eureka: addresses } }),
  'a batch': (stage, addresses) => {
    const plain = { op: 'register', service: 'own', id: 'plain', ...PLACE };
    const operations = [plain, { ...plain, id: 'a', extensions: { eureka: addresses } }];
    return ask(stage, 'POST', '/api/v1/ns/public/batch', { operations });
  },
  'Eureka in JSON': (stage, addresses) =>
    ask(stage, 'POST', '/eureka/apps/OWN', { instance: { ...instance, ...addresses } }),
  'Eureka in XML': (stage, addresses) => {
    const members = Object.entries(addresses).map(([name, value]) => `<${name}>${value}</${name}>`);
    const xml = `<instance><instanceId>a</instanceId><hostName>h</hostName><app>OWN</app><ipAddr>10.0.0.7</ipAddr><port>80</port><dataCenterInfo><name>MyOwn</name></dataCenterInfo>${members.join('')}</instance>`;
    return ask(stage, 'POST', '/eureka/apps/OWN', xml, { 'content-type': 'application/xml' });
  },
};
const NAMES = Object.keys(DOORS);

const instance = {
  instanceId: 'a',
  hostName: 'h',
  app: 'OWN',
  ipAddr: '10.0.0.7',
  port: { $: 80, '@enabled': 'true' },
  dataCenterInfo: { name: 'MyOwn' },
};

function ask({ app, token }: EurekaStage, method: string, path: string, body: unknown, headers = JSON_TYPE) {
  return app.ask(method, path, body, { authorization: `Bearer ${token}`, ...headers });
}

const register = (stage: EurekaStage, door: string, addresses: Record<string, string>): Promise<Response> => {
  const send = DOORS[door];
  if (send === undefined) throw new Error(`there is no door ${door}`);
  return send(stage, addresses);
};

describe.each(NAMES)('virtual addresses over %s', (door) => {
  it('[A48, F12] need a grant on the service that they name', () =>
    everyRow(
      [
        [{ vipAddress: 'victim' }, 'vipAddress "victim"', 'DEFAULT_GROUP@@victim'],
        [{ secureVipAddress: 'victim' }, 'secureVipAddress "victim"', 'DEFAULT_GROUP@@victim'],
        [{ vipAddress: 'own, VICTIM' }, 'vipAddress "VICTIM"', 'DEFAULT_GROUP@@victim'],
        [{ vipAddress: 'own,,team@@victim' }, 'vipAddress "team@@victim"', 'team@@victim'],
        [{ vipAddress: 'own.example.com' }, 'vipAddress "own.example.com"', 'DEFAULT_GROUP@@own.example.com'],
        [{ vipAddress: 'own', secureVipAddress: 'own,victim' }, 'secureVipAddress "victim"', 'DEFAULT_GROUP@@victim'],
      ],
      async ([addresses, by, service]) => {
        const stage = new EurekaStage().as(grantOn(OWN));
        const response = await register(stage, door, addresses);
        expect(response.status).toBe(403);
        const text = door.startsWith('Eureka') ? await response.text() : (await problemOf(response)).detail;
        expect(text).toContain(`${by} names the service "${service}" of namespace "public"`);
        expect(text).toContain(JSON.stringify(grantOn(service)));
        stage.as({ scope: 'read', ns: 'public' });
        expect((await stage.list()).application).toEqual([]);
        expect(await stage.statuses('/eureka/vips/victim')).toEqual([]);
        expect(await stage.statuses('/eureka/svips/victim')).toEqual([]);
        stage.as(grantOn(OWN), grantOn(service));
        expect((await register(stage, door, addresses)).status).toBeLessThan(300);
      },
    ));

  it("[A49] need no grant when they name the instance's own application, or nothing", async () => {
    const addresses: Record<string, string>[] = [
      {},
      { vipAddress: '' },
      { vipAddress: 'own,OWN' },
      { vipAddress: ',', secureVipAddress: 'Own' },
    ];
    for (const each of addresses) {
      const stage = new EurekaStage().as(grantOn(OWN));
      expect([each, (await register(stage, door, each)).status < 300]).toEqual([each, true]);
    }
  });

  it.each<[string, Grant, boolean]>([
    ['the whole namespace', { scope: 'register', ns: 'public' }, true],
    ['all of it, by a pattern', grantOn('*'), true],
    ['the whole group', grantOn('DEFAULT_GROUP@@*'), true],
    ['both services by their prefixes', grantOn('DEFAULT_GROUP@@own', 'DEFAULT_GROUP@@vic*'), true],
    ['both services, to operate', { ...grantOn(OWN, 'DEFAULT_GROUP@@victim'), scope: 'operate' }, true],
    ['everything', { scope: 'admin', ns: '*' }, true],
    ['the other one alone', grantOn('DEFAULT_GROUP@@victim'), false],
    ['both, in another namespace', { ...grantOn(OWN, 'DEFAULT_GROUP@@victim'), ns: 'other' }, false],
    ['the other one in another case', grantOn(OWN, 'DEFAULT_GROUP@@Victim'), false],
  ])('[A48] are accepted or refused with a grant on %s', async (_, grant, isTaken) => {
    const stage = new EurekaStage().as(grant);
    expect((await register(stage, door, { vipAddress: 'victim' })).status < 300).toBe(isTaken);
  });
});

describe('virtual addresses', () => {
  it('[A48] cannot be added to a registered instance by another registration or by a change of its metadata', async () => {
    const stage = new EurekaStage().as(grantOn(OWN));
    await register(stage, 'Eureka in JSON', { vipAddress: 'own' });
    expect((await register(stage, 'Eureka in JSON', { vipAddress: 'victim' })).status).toBe(403);
    expect((await ask(stage, 'PATCH', `${SERVICE}/instances/a`, { extensions: {} })).status).toBe(400);
    await stage.send('PUT', '/eureka/apps/OWN/a/metadata?vipAddress=victim&secureVipAddress=victim');
    stage.as({ scope: 'read', ns: 'public' });
    expect(await stage.statuses('/eureka/vips/victim')).toEqual([]);
    expect(await stage.statuses('/eureka/vips/own')).toEqual(['a UP']);
  });

  it('[A48] are checked for each registration in a batch, and one refusal refuses the batch', async () => {
    const stage = new EurekaStage().as(grantOn(OWN));
    expect((await register(stage, 'a batch', { vipAddress: 'victim' })).status).toBe(403);
    expect(stage.namespace.state.catalog.instanceCount).toBe(0);
  });

  it('[A48] in a frame over a socket need a grant on the service that they name', async () => {
    const stage = new WatchStage();
    stage.namespace.platform.claims = claimsOfDialects([goMicro, eureka]);
    const client = stage.connect({ caller: { tokenId: 'mine' }, grants: [grantOn(OWN)] });
    const operation = { op: 'register', service: 'own', id: 'a', ...PLACE };
    const extensions = { eureka: { vipAddress: 'victim' } };
    await client.say({ type: 'batch', id: '1', operations: [{ ...operation, extensions }] });
    expect(client.take()).toMatchObject([{ type: 'error', id: '1', code: 'FORBIDDEN' }]);
    expect(stage.namespace.state.catalog.instanceCount).toBe(0);
    await client.ask({ type: 'batch', operations: [operation] });
    expect(stage.namespace.state.catalog.instanceCount).toBe(1);
  });
});

describe('a service with a comma in its name', () => {
  it('[A48, F12] with a grant on it is found by its application, and not by a part of its name', () =>
    everyRow(
      [
        [['DEFAULT_GROUP@@own*'], 'DEFAULT_GROUP', 'own,victim'],
        [['team@@*'], 'team', 'own,victim'],
        [['team*'], 'team,victim', 'own'],
      ],
      async ([on, group, name]) => {
        const stage = new EurekaStage().as(grantOn(...on));
        const path = `/api/v1/ns/public/groups/${group}/services/${name}/instances/a`.replace(',', '%2C');
        expect((await ask(stage, 'PUT', path, PLACE)).status).toBe(201);
        stage.as({ scope: 'read', ns: 'public' });
        const [application, ...others] = (await stage.list()).application;
        expect([application?.instance.length, others]).toEqual([1, []]);
        expect(application?.instance).toEqual([expect.not.objectContaining({ vipAddress: expect.anything() })]);
        for (const address of ['own', 'victim', 'victim@@own', 'team@@own']) {
          expect(await stage.statuses(`/eureka/vips/${address}`)).toEqual([]);
          expect(await stage.statuses(`/eureka/svips/${address}`)).toEqual([]);
        }
      },
    ));
});
