import { describe, expect, it } from 'vitest';
import { eureka } from '../../src/dialects/eureka/eureka';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { nacos } from '../../src/dialects/nacos/nacos';
import { InstanceDefinition } from '../../src/model/instance';
import { everyRow } from '../fixtures/every-row';
import { NodeNamespace } from '../fixtures/node-namespace';
import { SPRING_INSTANCE } from '../fixtures/spring-instance';
import { problemOf, TestApp } from '../fixtures/test-app';

const PLACE = { address: '10.0.0.7', port: 80 };

/** Names whose written form would equal that of another service. */
const REFUSED: [group: string, service: string][] = [
  ['a@', 'b'],
  ['DEFAULT_GROUP@', 'orders'],
  ['@', 'b'],
  ['DEFAULT_GROUP', 'team@@orders'],
  ['team', '@@orders'],
];

const pathOf = (group: string, service: string): string =>
  `/api/v1/ns/public/groups/${encodeURIComponent(group)}/services/${encodeURIComponent(service)}`;

class Stage {
  readonly namespace: NodeNamespace;
  readonly app: TestApp;

  constructor(namespace = new NodeNamespace()) {
    this.namespace = namespace;
    this.app = new TestApp({ dialects: [goMicro, nacos, eureka], calls: namespace.api });
  }

  /** Registers an instance past all doors, as in storage left by a version that accepted any names. */
  async store(group: string, service: string, id = 'a'): Promise<void> {
    await this.namespace.api.register(
      { tokenId: 'earlier' },
      { key: { group, service, id }, definition: InstanceDefinition.parse(PLACE), precondition: {} },
    );
  }

  /** Sends a request with one grant on some services. */
  as(scope: 'register' | 'operate' | 'read', services: string[], method: string, path: string, body?: object) {
    const { token } = this.app.directory.give([{ scope, ns: 'public', services }]);
    return this.app.ask(method, path, body, { authorization: `Bearer ${token}` });
  }

  get instanceCount(): number {
    return this.namespace.state.catalog.instanceCount;
  }
}

describe('names that could be split in two places', () => {
  it('[A50] are refused where something is created', () =>
    everyRow(REFUSED, async ([group, service]) => {
      const stage = new Stage();
      const { app } = stage;
      const path = pathOf(group, service);
      const creations: [string, string, object][] = [
        ['PUT', `${path}/instances/a`, PLACE],
        ['POST', `${path}/instances`, PLACE],
        ['PUT', path, {}],
        ['POST', '/api/v1/ns/public/batch', { operations: [{ op: 'register', group, service, id: 'a', ...PLACE }] }],
      ];
      for (const [method, where, body] of creations) {
        const { status, detail, errors } = await problemOf(await app.ask(method, where, body));
        expect([where, status]).toEqual([where, 400]);
        expect(detail + JSON.stringify(errors)).toMatch(/must not (contain \\"@@\\"|end in \\"@\\")/);
      }
      expect(stage.instanceCount).toBe(0);
    }));

  it('[A50] are refused in an imported file, with the line number', async () => {
    const { app } = new Stage();
    const header = (await (await app.ask('GET', '/api/v1/ns/public/export')).text()).split('\n')[0] ?? '';
    const line = { kind: 'instance', group: 'a@', service: 'b', id: 'a', ...PLACE };
    const file = [
      header,
      JSON.stringify(line),
      JSON.stringify({ kind: 'end', services: 0, overrides: 0, instances: 1 }),
    ];
    const path = '/api/v1/ns/public/import?mode=merge';
    const answer = await app.ask('POST', path, `${file.join('\n')}\n`, { 'content-type': 'application/x-ndjson' });
    expect(await answer.text()).toMatch(/line 2.*must not end in/);
  });

  it('[A50] are refused by the doors of all dialects', async () => {
    const stage = new Stage();
    const { app } = stage;
    const type = { 'content-type': 'application/json' };
    const instance = { ...SPRING_INSTANCE, app: 'TEAM@@ORDERS@@X' };
    const body = JSON.stringify({ instance });
    expect((await app.ask('POST', '/eureka/apps/TEAM@@ORDERS@@X', body, type)).status).toBe(400);
    const service = { name: 'team@@orders@@x', nodes: [{ id: 'a', address: '10.0.0.7:80' }] };
    expect((await app.ask('POST', '/registry', service)).status).toBe(400);
    const nacosPath = '/nacos/v1/ns/instance?ip=10.0.0.7&port=80&serviceName=';
    for (const name of ['team%40%40orders%40%40x', 'team%40%40%40orders', 'team%40&groupName=team%40']) {
      expect((await app.ask('POST', nacosPath + name)).status).toBe(400);
    }
    expect(stage.instanceCount).toBe(0);
  });

  it('[A50] cannot be created with a token for the name that they resemble', async () => {
    const stage = new Stage();
    const path = `${pathOf('DEFAULT_GROUP', 'team@@orders')}/instances/a`;
    expect((await stage.as('register', ['DEFAULT_GROUP@@*'], 'PUT', path, PLACE)).status).toBe(400);
    expect((await stage.as('register', ['team@@orders'], 'PUT', path, PLACE)).status).toBe(400);
  });
});

describe('ambiguous names from an earlier version', () => {
  it('[A51] are loaded, read, renewed and removed', () =>
    everyRow(REFUSED, async ([group, service]) => {
      const before = new Stage();
      await before.store(group, service);
      await before.namespace.restart();
      const stage = new Stage(before.namespace);
      const instance = `${pathOf(group, service)}/instances/a`;
      expect(await (await stage.app.ask('GET', instance)).json()).toMatchObject({ group, service, id: 'a' });
      expect((await stage.app.ask('GET', pathOf(group, service))).status).toBe(200);
      expect(await (await stage.app.ask('GET', `${pathOf(group, service)}/resolve`)).json()).toMatchObject({
        instances: [{ id: 'a' }],
      });
      expect((await stage.app.ask('POST', `${instance}/heartbeat`)).status).toBe(200);
      expect((await stage.app.ask('PUT', `${instance}/override`, { weight: 0 })).status).toBe(201);
      expect((await stage.app.ask('DELETE', `${instance}/override`)).status).toBe(204);
      expect((await stage.app.ask('DELETE', instance)).status).toBe(204);
      expect(stage.instanceCount).toBe(0);
    }));

  it('[A51] are not covered by a grant on the name that they resemble', async () => {
    const stage = new Stage();
    await stage.store('DEFAULT_GROUP@', 'orders');
    await stage.store('a@', 'b');
    await stage.store('DEFAULT_GROUP', 'team@@orders');
    const trials: [string, string, string][] = [
      ['DEFAULT_GROUP@', 'orders', 'DEFAULT_GROUP@@*'],
      ['a@', 'b', 'a@@@b'],
      ['a@', 'b', 'a@@*'],
      ['DEFAULT_GROUP', 'team@@orders', 'team@@orders'],
      ['DEFAULT_GROUP', 'team@@orders', 'team@@*'],
    ];
    for (const [group, service, pattern] of trials) {
      const path = pathOf(group, service);
      const status = async (...asked: Parameters<Stage['as']>) => (await stage.as(...asked)).status;
      expect([pattern, await status('read', [pattern], 'GET', `${path}/instances/a`)]).toEqual([pattern, 403]);
      expect(
        await status('read', [pattern], 'GET', `/api/v1/ns/public/services?group=${encodeURIComponent(group)}`),
      ).toBe(403);
      expect(await status('operate', [pattern], 'DELETE', `${path}/instances/a`)).toBe(403);
    }
    expect(stage.instanceCount).toBe(3);
  });

  it('[A51] are shown to clients of dialects under a name that belongs to no other service', async () => {
    const stage = new Stage();
    await stage.store('DEFAULT_GROUP', 'team@@orders', 'stored');
    await stage.store('team@', 'x', 'stored');
    await stage.store('team', 'orders', 'b');
    await stage.store('team', '@x', 'b');
    const apps = await stage.app.ask('GET', '/eureka/apps/TEAM@@ORDERS', undefined, { accept: 'application/json' });
    expect(await apps.json()).toMatchObject({ application: { instance: [{ instanceId: 'b' }] } });
    const all = await (await stage.app.ask('GET', '/eureka/apps', undefined, { accept: 'application/json' })).text();
    expect([...all.matchAll(/"app":"([^"]*)"/g)].map(([, app]) => app).sort()).toEqual([
      '@@TEAM@@@X',
      'DEFAULT_GROUP@@TEAM@@ORDERS',
      'TEAM@@@X',
      'TEAM@@ORDERS',
    ]);
    const nodes = await (await stage.app.ask('GET', '/registry?service=team%40%40orders')).json();
    expect(nodes).toMatchObject([{ name: 'team@@orders', nodes: [{ id: 'b' }] }]);
  });
});
