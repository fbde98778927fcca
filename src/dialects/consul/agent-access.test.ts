import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import type { Grant } from '../../model/grant';

const NS = 'public';
const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80, Check: { TTL: '10s' } };
const SHOP = { ...WEB, ID: 'shop-1', Name: 'shop' };
const UPDATE = { Status: 'passing' };
const EXTERNAL = { Node: 'ext', Address: '10.0.0.9' };

/** Results for a token with the scope on the whole namespace, and for one with it on the service `web` alone. */
type Expected = [whole: number, web: number];

/** Every route: its request, the scope that it needs, and the results. `any` needs any grant on the namespace. */
const ROUTES: [operation: string, method: string, path: string, body: unknown, scope: string, expected: Expected][] = [
  ['agent service register', 'PUT', 'agent/service/register', WEB, 'register', [200, 200]],
  ['agent service register', 'PUT', 'agent/service/register', SHOP, 'register', [200, 403]],
  ['agent service deregister', 'PUT', 'agent/service/deregister/web-1', undefined, 'register', [200, 200]],
  ['agent service deregister', 'PUT', 'agent/service/deregister/shop-1', undefined, 'register', [200, 404]],
  ['agent service maintenance', 'PUT', 'agent/service/maintenance/web-1?enable=1', undefined, 'register', [200, 200]],
  ['agent service maintenance', 'PUT', 'agent/service/maintenance/shop-1?enable=1', undefined, 'register', [200, 404]],
  ['agent maintenance', 'PUT', 'agent/maintenance?enable=true', undefined, 'register', [200, 403]],
  ['agent check pass', 'PUT', 'agent/check/pass/service:web-1', undefined, 'register', [200, 200]],
  ['agent check pass', 'PUT', 'agent/check/pass/service:shop-1', undefined, 'register', [200, 404]],
  ['agent check warn', 'PUT', 'agent/check/warn/service:shop-1', undefined, 'register', [200, 404]],
  ['agent check fail', 'PUT', 'agent/check/fail/service:shop-1', undefined, 'register', [200, 404]],
  ['agent check update', 'PUT', 'agent/check/update/service:web-1', UPDATE, 'register', [200, 200]],
  ['agent check update', 'PUT', 'agent/check/update/service:shop-1', UPDATE, 'register', [200, 404]],
  [
    'agent check register',
    'PUT',
    'agent/check/register',
    { Name: 'c', TTL: '9s', ServiceID: 'web-1' },
    'register',
    [200, 200],
  ],
  [
    'agent check register',
    'PUT',
    'agent/check/register',
    { Name: 'c', TTL: '9s', ServiceID: 'shop-1' },
    'register',
    [200, 404],
  ],
  ['agent check register', 'PUT', 'agent/check/register', { Name: 'c', TTL: '9s' }, 'register', [200, 403]],
  ['agent check deregister', 'PUT', 'agent/check/deregister/service:web-1', undefined, 'register', [200, 200]],
  ['agent check deregister', 'PUT', 'agent/check/deregister/service:shop-1', undefined, 'register', [200, 404]],
  ['agent services', 'GET', 'agent/services', undefined, 'any', [200, 200]],
  ['agent checks', 'GET', 'agent/checks', undefined, 'any', [200, 200]],
  ['agent service', 'GET', 'agent/service/web-1', undefined, 'read', [200, 200]],
  ['agent service', 'GET', 'agent/service/shop-1', undefined, 'read', [200, 404]],
  ['agent health by id', 'GET', 'agent/health/service/id/web-1', undefined, 'read', [503, 503]],
  ['agent health by id', 'GET', 'agent/health/service/id/shop-1', undefined, 'read', [503, 404]],
  ['agent health by name', 'GET', 'agent/health/service/name/web', undefined, 'read', [503, 503]],
  ['agent health by name', 'GET', 'agent/health/service/name/shop', undefined, 'read', [503, 404]],
  ['agent self', 'GET', 'agent/self', undefined, 'any', [200, 200]],
  ['agent members', 'GET', 'agent/members', undefined, 'any', [200, 200]],
  ['agent version', 'GET', 'agent/version', undefined, 'any', [200, 200]],
  ['agent host', 'GET', 'agent/host', undefined, 'any', [200, 200]],
  ['agent metrics', 'GET', 'agent/metrics', undefined, 'any', [200, 200]],
  ['agent join', 'PUT', 'agent/join/10.0.0.1', undefined, 'any', [200, 200]],
  ['agent leave', 'PUT', 'agent/leave', undefined, 'any', [200, 200]],
  ['agent force-leave', 'PUT', 'agent/force-leave/x', undefined, 'any', [200, 200]],
  ['agent reload', 'PUT', 'agent/reload', undefined, 'any', [200, 200]],
  ['agent monitor', 'GET', 'agent/monitor', undefined, 'any', [501, 501]],
  ['agent metrics stream', 'GET', 'agent/metrics/stream', undefined, 'any', [501, 501]],
  ['agent token', 'PUT', 'agent/token/agent', undefined, 'any', [401, 401]],
  ['catalog register', 'PUT', 'catalog/register', { ...EXTERNAL, Service: { Service: 'web' } }, 'register', [200, 403]],
  [
    'catalog register',
    'PUT',
    'catalog/register',
    { ...EXTERNAL, Service: { Service: 'shop' } },
    'register',
    [200, 403],
  ],
  ['catalog deregister', 'PUT', 'catalog/deregister', { Node: 'rollcall', ServiceID: 'web-1' }, 'register', [200, 200]],
  ['catalog deregister', 'PUT', 'catalog/deregister', { Node: 'rollcall' }, 'register', [200, 403]],
];

/** A namespace with both services, which this token has registered. */
async function begin(): Promise<ConsulStage> {
  const stage = new ConsulStage();
  for (const body of [WEB, SHOP]) {
    expect(await stage.brief('PUT', '/v1/agent/service/register', body)).toEqual([200, '']);
  }
  return stage;
}

describe('agent and catalog changes', () => {
  it('[A1] have a row here for every route', () => {
    const { dialectRoutes } = new ConsulStage().app.app;
    const mine = dialectRoutes
      .map(({ operation }) => operation)
      .filter((name) => /^agent |^catalog (?:de)?reg/.test(name));
    expect([...new Set(mine)].sort()).toEqual([...new Set(ROUTES.map(([operation]) => operation))].sort());
  });

  it.each(ROUTES)('[A1] need a grant: %s (%s %s %j)', async (_operation, method, path, body, needed, [whole, web]) => {
    const services = ['DEFAULT_GROUP@@web'];
    for (const scope of ['read', 'operate', 'metrics'] as const) {
      const has = needed === 'any' || (needed === 'read' ? scope === 'read' : scope === 'operate');
      const trials: [Grant, number[]][] = [[{ scope, ns: 'elsewhere' }, [403]]];
      if (scope === 'metrics') trials.push([{ scope, ns: NS }, [403]]);
      else {
        // Without the scope, a request is refused, or as if there were nothing.
        trials.push([{ scope, ns: NS }, has ? [whole] : [403, 404]]);
        trials.push([{ scope, ns: NS, services }, has ? [web] : [403, 404]]);
      }
      for (const [grant, expected] of trials) {
        const stage = (await begin()).as(grant);
        const { api } = stage.namespace;
        const { cursor } = await api.stats();
        const [status, text] = await stage.brief(method, `/v1/${path}`, body);
        expect([grant, status, text]).toEqual([grant, expect.toSatisfy((each) => expected.includes(each)), text]);
        if (status >= 400) expect((await api.stats()).cursor).toBe(cursor);
      }
    }
  });

  it('[A1] show a token only the services that it may read', async () => {
    const stage = (await begin()).as({ scope: 'read', ns: NS, services: ['DEFAULT_GROUP@@web'] });
    expect(Object.keys((await stage.read<object>('/v1/agent/services')).value)).toEqual(['web-1']);
    expect(Object.keys((await stage.read<object>('/v1/agent/checks')).value)).toEqual(['service:web-1']);
  });

  it('[A1] register a service on a node as it is with a token for the service alone', async () => {
    const stage = await begin();
    await stage.brief('PUT', '/v1/catalog/register', EXTERNAL);
    stage.as({ scope: 'register', ns: NS, services: ['DEFAULT_GROUP@@web'] });
    const Service = { Service: 'web', Port: 1 };
    expect(await stage.brief('PUT', '/v1/catalog/register', { ...EXTERNAL, Service })).toEqual([200, 'true']);
    const moved = { ...EXTERNAL, Address: '10.0.0.10', Service };
    expect((await stage.brief('PUT', '/v1/catalog/register', moved))[0]).toBe(403);
    expect(await stage.brief('PUT', '/v1/catalog/register', { ...moved, SkipNodeUpdate: true })).toEqual([200, 'true']);
  });

  it('[A1] leave instances of other tokens alone', async () => {
    const stage = (await begin()).as({ scope: 'register', ns: NS });
    for (const path of [
      'agent/service/deregister/web-1',
      'agent/service/maintenance/web-1?enable=true',
      'agent/check/pass/service:web-1',
      'agent/check/deregister/service:web-1',
    ]) {
      expect((await stage.brief('PUT', `/v1/${path}`))[0]).toBe(403);
    }
    expect((await stage.brief('PUT', '/v1/agent/service/register', { ...WEB, Port: 81 }))[0]).toBe(403);
    expect((await stage.brief('PUT', '/v1/agent/service/register', { ...WEB, Name: 'stolen' }))[0]).toBe(403);
    expect((await stage.brief('PUT', '/v1/agent/service/register', { ...WEB, ID: 'own' }))[0]).toBe(200);
    expect((await stage.brief('PUT', '/v1/agent/check/pass/service:own'))[0]).toBe(200);
    expect((await stage.brief('PUT', '/v1/agent/check/pass/service:own'))[0]).toBe(200);
    // Another token with the same grant does not profit from what the isolate remembers.
    stage.as({ scope: 'register', ns: NS });
    expect((await stage.brief('PUT', '/v1/agent/check/pass/service:own'))[0]).toBe(403);
  });

  it('[A1] leave an ID alone that a service has which the token may not see', async () => {
    const stage = (await begin()).as({ scope: 'register', ns: NS, services: ['DEFAULT_GROUP@@web'] });
    expect(await stage.brief('PUT', '/v1/agent/service/register', { ...WEB, ID: 'shop-1' })).toEqual([200, '']);
    expect(await stage.brief('PUT', '/v1/agent/check/fail/service:shop-1')).toEqual([200, '']);
    expect(await stage.brief('PUT', '/v1/agent/service/deregister/shop-1')).toEqual([200, '']);
    const key = { group: 'DEFAULT_GROUP', service: 'shop', id: 'shop-1' };
    await expect(stage.namespace.api.readInstance({ key })).resolves.toMatchObject({ body: expect.anything() });
  });
});
