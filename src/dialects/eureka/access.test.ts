import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import type { Grant } from '../../model/grant';

const JSON_TYPE = { 'content-type': 'application/json' };
const BODY = { body: JSON.stringify({ instance: SPRING_INSTANCE }), headers: JSON_TYPE };

/** Every route: its request, and whether a token for this one service is enough. */
const ROUTES: [operation: string, method: string, path: string, scope: Grant['scope'], ofService: boolean][] = [
  ['all', 'GET', '/eureka/apps', 'read', false],
  ['delta', 'GET', '/eureka/apps/delta', 'read', false],
  ['application', 'GET', '/eureka/apps/ORDERS', 'read', true],
  ['instance', 'GET', INSTANCE_PATH, 'read', true],
  ['instance by id', 'GET', `/eureka/instances/${SPRING_INSTANCE.instanceId}`, 'read', false],
  ['vips', 'GET', '/eureka/vips/orders', 'read', false],
  ['svips', 'GET', '/eureka/svips/orders', 'read', false],
  ['status overrides', 'GET', '/serverinfo/statusoverrides', 'read', false],
  ['server status', 'GET', '/eureka/status', 'read', false],
  ['register', 'POST', '/eureka/apps/ORDERS', 'register', true],
  ['beat', 'PUT', INSTANCE_PATH, 'register', true],
  ['put status', 'PUT', `${INSTANCE_PATH}/status?value=UP`, 'register', true],
  ['delete status', 'DELETE', `${INSTANCE_PATH}/status`, 'register', true],
  ['metadata', 'PUT', `${INSTANCE_PATH}/metadata?a=1`, 'register', true],
  ['cancel', 'DELETE', INSTANCE_PATH, 'register', true],
];

async function begin(...grants: Grant[]): Promise<EurekaStage> {
  const stage = new EurekaStage();
  stage.as(...grants);
  return stage;
}

const init = (method: string): RequestInit & { headers: Record<string, string> } =>
  method === 'POST' ? BODY : { headers: {} };

describe('the door for Eureka', () => {
  it('[A1] has a row here for every route', () => {
    const { dialectRoutes } = new EurekaStage().app.app;
    expect(dialectRoutes.map(({ operation, scope }) => `${operation} ${scope}`).sort()).toEqual(
      ROUTES.map(([operation, , , scope]) => `${operation} ${scope}`).sort(),
    );
  });

  it.each(ROUTES)('[A1] %s (%s %s)', async (_operation, method, path, scope, ofService) => {
    const other = scope === 'read' ? 'register' : 'read';
    const service = ['DEFAULT_GROUP@@orders'];
    const trials: [Grant, boolean][] = [
      [{ scope, ns: 'public' }, true],
      [{ scope: 'admin', ns: 'public' }, true],
      [{ scope: 'operate', ns: 'public' }, scope === 'register'],
      [{ scope: other, ns: 'public' }, false],
      [{ scope, ns: 'elsewhere' }, false],
      [{ scope, ns: 'public', services: service }, ofService],
      [{ scope, ns: 'public', services: ['DEFAULT_GROUP@@carts'] }, false],
    ];
    for (const [grant, isLetIn] of trials) {
      const stage = await begin(grant);
      const { status } = await stage.send(method, path, init(method));
      expect([grant, status === 403]).toEqual([grant, !isLetIn]);
      expect([200, 204, 403, 404]).toContain(status);
    }
  });

  it.each(ROUTES)(
    '[A1] %s (%s %s) is 401 with a challenge without a token or with a wrong one',
    async (_operation, method, path) => {
      const stage = new EurekaStage();
      for (const authorization of [undefined, `Basic ${btoa('a:wrong')}`, 'Basic !', 'Bearer wrong']) {
        const headers = { ...init(method).headers, ...(authorization === undefined ? {} : { authorization }) };
        const response = await stage.app.send(method, path, { ...init(method), headers });
        expect([authorization, response.status]).toEqual([authorization, 401]);
        expect(response.headers.get('www-authenticate')).toMatch(/^Basic /);
        if (method === 'PUT') expect(await response.text()).toBe('');
      }
      expect((await stage.app.send('GET', '/eureka/none')).status).toBe(401);
    },
  );

  it('[A1] accepts a token as a bearer, as password, as user, and in the path', async () => {
    const stage = new EurekaStage();
    const { token } = stage.app.directory.give([{ scope: 'read', ns: 'public' }]);
    for (const authorization of [`Bearer ${token}`, `Basic ${btoa(`any:${token}`)}`, `Basic ${btoa(`${token}:`)}`]) {
      expect((await stage.app.send('GET', '/eureka/apps', { headers: { authorization } })).status).toBe(200);
    }
    expect((await stage.app.send('GET', `/t/${token}/eureka/apps`)).status).toBe(200);
  });

  it('[A1] shows a token for one service nothing of another whose name differs only in case', async () => {
    const stage = new EurekaStage();
    await stage.register();
    await stage.registerNative('secret', {}, 'Orders');
    expect(await stage.json('/eureka/apps/ORDERS')).toMatchObject({ application: { instance: [{}, {}] } });
    stage.as({ scope: 'read', ns: 'public', services: ['DEFAULT_GROUP@@orders'] });
    expect(await stage.json('/eureka/apps/ORDERS')).toMatchObject({
      application: { instance: [{ instanceId: SPRING_INSTANCE.instanceId }] },
    });
    expect(await stage.brief('GET', '/eureka/apps/ORDERS/secret')).toEqual([404, '']);
  });

  it('[X2] refuses an unknown namespace, and creates it for an admin of all namespaces', async () => {
    const stage = new EurekaStage();
    stage.as({ scope: 'register', ns: '*' });
    expect(await stage.brief('PUT', '/n/new/eureka/apps/ORDERS/a')).toEqual([404, '']);
    expect((await stage.send('POST', '/n/new/eureka/apps/ORDERS', BODY)).status).toBe(404);
  });
});
