import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { InstanceDefinition } from '../../model/instance';
import { readJsonText } from '../../model/json';

const KEY = { group: 'DEFAULT_GROUP', service: 'web', id: 'web-1' };
const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80, Check: { TTL: '10s' } };
const PASS = '/v1/agent/check/pass/service:web-1';
const REGISTER = '/v1/agent/service/register';
const DONE = [200, ''];
type Health = { Checks: { CheckID: string; Status: string }[] }[];

/** A client of the whole namespace with a registered service, and one whose token has only the service `other`. */
async function begin() {
  const namespace = new NodeNamespace();
  const stage = new ConsulStage(namespace);
  const { token: wide } = stage.as({ scope: 'read', ns: 'public' }, { scope: 'register', ns: 'public' });
  const { token: narrow } = stage.as({ scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@other'] });
  const by = (token: string) => (path: string, body?: unknown) => {
    stage.token = token;
    return stage.brief('PUT', path, body);
  };
  const own = by(wide);
  expect(await own(REGISTER, WEB)).toEqual(DONE);
  const health = async () => {
    stage.token = wide;
    const { value } = await stage.read<Health>('/v1/health/service/web');
    return value.flatMap(({ Checks }) => Checks.map(({ CheckID, Status }) => `${CheckID} ${Status}`));
  };
  return { namespace, stage, own, other: by(narrow), health };
}

describe('a service with the id of a service of another token', () => {
  it('[CA3] takes none of the results of its checks', async () => {
    const { namespace, own, other, health } = await begin();
    expect(await own(PASS)).toEqual(DONE);
    expect(await other(REGISTER, { ...WEB, Name: 'other' })).toEqual(DONE);
    expect(await other(PASS)).toEqual(DONE);
    for (let n = 0; n < 3; n++) {
      expect(await own(PASS)).toEqual(DONE);
      await namespace.pass(6_000);
    }
    expect(await health()).toEqual(['serfHealth passing', 'service:web-1 passing']);
    expect(await own(REGISTER, { ...WEB, Port: 81 })).toEqual(DONE);
    expect(await own('/v1/agent/service/deregister/web-1')).toEqual(DONE);
    expect(await health()).toEqual([]);
  });

  it('[CA3] adds none of its checks', async () => {
    const { own, other, health } = await begin();
    await own(PASS);
    const two = { ...WEB, Name: 'other', Check: undefined, Checks: [{ TTL: '10s' }, { CheckID: 'b', TTL: '10s' }] };
    expect(await other(REGISTER, two)).toEqual(DONE);
    expect(await health()).toEqual(['serfHealth passing', 'service:web-1 passing']);
    expect(await own('/v1/agent/service/deregister/web-1')).toEqual(DONE);
    expect(await other('/v1/agent/check/pass/b')).toEqual(DONE);
  });
});

describe('a service that one token has registered twice', () => {
  it('under two names at once, is moved to the one that is registered next', async () => {
    const { stage, own } = await begin();
    stage.token = stage.as({ scope: 'register', ns: 'public' }, { scope: 'read', ns: 'public' }).token;
    expect(await stage.brief('PUT', REGISTER, { ...WEB, ID: 'a' })).toEqual(DONE);
    const { body } = await stage.namespace.api.readInstance({ key: { ...KEY, id: 'a' } });
    const { owner: tokenId, extensions } = readJsonText(body ?? '{"owner":"","extensions":{}}');
    const definition = InstanceDefinition.parse({ address: '10.0.0.1', port: 80, extensions });
    const key = { ...KEY, service: 'later', id: 'a' };
    await stage.namespace.api.register({ tokenId }, { key, definition, precondition: {} });
    expect(await stage.brief('PUT', REGISTER, { ...WEB, ID: 'a' })).toEqual(DONE);
    expect((await stage.read('/v1/health/service/later')).value).toEqual([]);
    expect((await stage.read<unknown[]>('/v1/health/service/web')).value).toHaveLength(2);
    expect(await own(REGISTER, WEB)).toEqual(DONE);
  });

  it('is refused while a mirror has it', async () => {
    const { stage, own } = await begin();
    const copied = { id: 'm', node: 'rollcall', copied: true };
    await stage.registerForeign('web', 'm', { extensions: { consul: copied } });
    const [status, text] = await own(REGISTER, { ...WEB, ID: 'm' });
    expect([status, text]).toEqual([400, expect.stringContaining('is a copy that a mirror keeps')]);
  });
});

describe('a check that is registered again', () => {
  const SECOND = { ID: 'b', Name: 'b', ServiceID: 'web-1', TTL: '10s' };

  it('is there once, when the check that was the lease is gone', async () => {
    const { own, health } = await begin();
    await own('/v1/agent/check/register', SECOND);
    await own('/v1/agent/check/pass/b');
    await own('/v1/agent/check/deregister/service:web-1');
    expect(await own('/v1/agent/check/register', SECOND)).toEqual(DONE);
    expect(await health()).toEqual(['serfHealth passing', 'b passing']);
  });

  it('is there once, when its kind has changed', async () => {
    const { stage, own, health } = await begin();
    await own(PASS);
    const { TTL: _ttl, ...others } = SECOND;
    const run = { ...others, TCP: '10.0.0.1:80', Interval: '10s', Status: 'passing' };
    const through = (body: object) =>
      stage.send('PUT', '/v1/agent/check/register', body, { 'rollcall-check-runner': 'gw' });
    expect((await through(run)).status).toBe(200);
    expect(await own('/v1/agent/check/register', SECOND)).toEqual(DONE);
    expect(await own('/v1/agent/check/pass/b')).toEqual(DONE);
    expect(await health()).toEqual(['serfHealth passing', 'service:web-1 passing', 'b passing']);
    expect((await through(run)).status).toBe(200);
    expect(await health()).toEqual(['serfHealth passing', 'service:web-1 passing', 'b passing']);
    expect(await own('/v1/agent/check/deregister/b')).toEqual(DONE);
    expect(await health()).toEqual(['serfHealth passing', 'service:web-1 passing']);
  });

  it('leaves the program that runs another check', async () => {
    const { stage, own } = await begin();
    const run = { ID: 'r', Name: 'r', ServiceID: 'web-1', TCP: '10.0.0.1:80', Interval: '10s' };
    const gateway = { 'rollcall-check-runner': 'gw' };
    await stage.send('PUT', '/v1/agent/check/register', run, gateway);
    expect(await own('/v1/agent/check/register', { ...SECOND, ID: 'service:web-1' })).toEqual(DONE);
    const result = await stage.send('PUT', '/v1/agent/check/update/r', { Status: 'passing' }, gateway);
    expect(result.status).toBe(200);
  });
});

describe('a node', () => {
  it('[CH1] with a colon in its name has checks of its own', async () => {
    const { stage, own } = await begin();
    expect(await own('/node/a:b/v1/agent/check/register', { ID: 'c', Name: 'c', TTL: '10s' })).toEqual(DONE);
    expect((await own('/node/a/v1/agent/check/pass/b:c'))[0]).toBe(404);
    expect(await own('/node/a:b/v1/agent/check/pass/c')).toEqual(DONE);
    const { value } = await stage.read<{ CheckID: string }[]>('/v1/health/node/a:b');
    expect(value.map(({ CheckID }) => CheckID)).toEqual(['serfHealth', 'c']);
  });

  it('[CH1] on which nothing runs is listed', async () => {
    const { stage, own } = await begin();
    expect(await own('/v1/catalog/register', { Node: 'ext', Address: '10.9.9.9' })).toEqual([200, 'true']);
    const { value } = await stage.read<{ Node: string }[]>('/v1/catalog/nodes');
    expect(value.map(({ Node }) => Node)).toEqual(['ext', 'rollcall']);
    stage.as({ scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@other'] });
    expect((await stage.read<{ Node: string }[]>('/v1/catalog/nodes')).value).toHaveLength(1);
  });

  it('does not share the key of an instance with another one', async () => {
    const { own } = await begin();
    expect(await own(REGISTER, { ...WEB, ID: 'x@n' })).toEqual(DONE);
    expect(await own('/node/n/v1/agent/service/register', { ...WEB, ID: 'x' })).toEqual([
      400,
      'the instance "x@n" of the service "web" is "x@n" of the node "rollcall"; use another ID',
    ]);
  });
});

describe('a program that runs checks of several tokens', () => {
  it('reports, and removes, the instance that it names', async () => {
    const { stage, own, other } = await begin();
    const root = new ConsulStage().token;
    const check = { TCP: '10.0.0.1:80', Interval: '10s' };
    const gateway = { 'rollcall-check-runner': 'gw' };
    const send = (path: string, body: object | undefined, headers: object) =>
      stage.send('PUT', path, body, { ...gateway, ...headers });
    await own(PASS);
    await send(REGISTER, { ...WEB, Check: check }, {});
    await other(PASS);
    await send(REGISTER, { ...WEB, Name: 'other', Check: check }, {});
    stage.token = root;
    const report = async (name: string, Status: string) => {
      const path = '/v1/agent/check/update/service:web-1';
      expect((await send(path, { Status }, { 'rollcall-check-instance': `DEFAULT_GROUP/${name}/web-1` })).status).toBe(
        200,
      );
    };
    for (let n = 0; n < 2; n++) {
      await report('w%65b', 'passing');
      await report('other', 'critical');
    }
    const states = async (name: string) => {
      const { value } = await stage.read<Health>(`/v1/health/service/${name}`);
      return value.flatMap(({ Checks }) => Checks.map(({ Status }) => Status));
    };
    expect([await states('web'), await states('other')]).toEqual([
      ['passing', 'passing'],
      ['passing', 'critical'],
    ]);
    const remove = (name: string) =>
      send('/v1/agent/service/deregister/web-1', undefined, {
        'rollcall-check-instance': `DEFAULT_GROUP/${name}/web-1`,
      });
    expect((await remove('other')).status).toBe(200);
    expect((await remove('other')).status).toBe(404);
    expect((await remove('%')).status).toBe(400);
    expect(await states('web')).toEqual(['passing', 'passing']);
  });
});
