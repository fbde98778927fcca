import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';

const WEB = { ID: 'web-1', Name: 'web', Address: '10.0.0.1', Port: 80 };
const REGISTER = '/v1/agent/service/register';
const CATALOG = '/v1/catalog/register';
const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Requests that no client should send; each is refused, and changes nothing. */
const BODIES: [what: string, path: string, body: unknown][] = [
  ['no body', REGISTER, undefined],
  ['a body that is no JSON', REGISTER, '{"Name":'],
  ['a list', REGISTER, []],
  ['a deep body', REGISTER, `{"Name":"web","Address":"10.0.0.1","Proxy":${deep(100)}}`],
  ['a very deep body', REGISTER, deep(100_000)],
  ['a name with a control character', REGISTER, { ...WEB, Name: 'a\nb' }],
  ['a name of 300 bytes', REGISTER, { ...WEB, Name: 'n'.repeat(300) }],
  ['a name that is half of a character', REGISTER, '{"Name":"\\ud800","Address":"10.0.0.1"}'],
  ['the name of the records of nodes', REGISTER, { ...WEB, Name: 'consul@@nodes' }],
  ['an id with a control character', REGISTER, { ...WEB, ID: 'a\u0000b' }],
  ['an id that is a path', REGISTER, { ...WEB, ID: '..' }],
  ['an address that is none', REGISTER, { ...WEB, Address: 'http://10.0.0.1' }],
  ['any address', REGISTER, { ...WEB, Address: '0.0.0.0' }],
  ['a port that is none', REGISTER, { ...WEB, Port: 70_000 }],
  ['a text as a port', REGISTER, { ...WEB, Port: '80' }],
  [
    'more data than fits',
    REGISTER,
    { ...WEB, Tags: Array.from({ length: 300 }, (_, n) => `tag-${n}-${'x'.repeat(40)}`) },
  ],
  ['a hundred checks', REGISTER, { ...WEB, Checks: Array.from({ length: 100 }, () => ({ TTL: '9s' })) }],
  ['a check with two kinds', REGISTER, { ...WEB, Check: { TTL: '9s', Interval: '5s' } }],
  ['a TTL that is none', REGISTER, { ...WEB, Check: { TTL: 'soon' } }],
  ['a check id with a control character', '/v1/agent/check/register', { Name: 'a\tb', TTL: '9s' }],
  ['a check with a status that is none', '/v1/agent/check/register', { Name: 'a', TTL: '9s', Status: 'odd' }],
  ['a sidecar', REGISTER, { ...WEB, Connect: { SidecarService: {} } }],
  ['a node with a control character', CATALOG, { Node: 'a\nb', Address: '10.0.0.1' }],
  ['a node that is half of a character', CATALOG, '{"Node":"\\udc00","Address":"10.0.0.1"}'],
  ['a node whose check is of another', CATALOG, { Node: 'a', Address: '10.0.0.1', Check: { Node: 'b', Name: 'c' } }],
  ['an id that is no UUID', CATALOG, { Node: 'a', Address: '10.0.0.1', ID: 'x' }],
  ['a removal of nothing', '/v1/catalog/deregister', {}],
  ['a result that is none', '/v1/agent/check/update/c', { Status: 'odd' }],
];

/** Paths and queries that no client should send. */
const PATHS: [method: string, path: string, statuses: number[]][] = [
  ['PUT', '/v1/agent/check/pass/', [404]],
  ['PUT', '/v1/agent/check/pass/%00', [400, 404]],
  ['PUT', '/v1/agent/check/pass/%ff', [400, 404]],
  ['PUT', `/v1/agent/check/pass/${'x'.repeat(5_000)}`, [400, 404]],
  ['PUT', '/v1/agent/service/deregister/..', [400, 404]],
  ['PUT', '/v1/agent/service/deregister/%2e%2e', [400, 404]],
  ['PUT', '/v1/agent/service/maintenance/x?enable=2', [400]],
  ['PUT', '/v1/agent/maintenance', [400]],
  ['PUT', '/node/%0a/v1/agent/maintenance?enable=true', [400, 404]],
  ['PUT', `/node/${'n'.repeat(300)}/v1/agent/maintenance?enable=true`, [400]],
  ['GET', '/v1/agent/services?filter=%22', [400]],
  ['GET', '/v1/agent/services?dc=mars', [500]],
  ['GET', '/v1/agent/service/a?wait=long', [400]],
  ['GET', '/v1/agent/service/%ff', [400, 404]],
  ['POST', '/v1/agent/self', [405]],
];

describe('bad input to an agent and the catalog', () => {
  it.each(BODIES)('is refused: %s', async (_what, path, body) => {
    const stage = new ConsulStage();
    const [status, text] = await stage.brief('PUT', path, body);
    expect([400, 404, 413]).toContain(status);
    expect(text).not.toBe('');
    const { api } = stage.namespace;
    expect((await api.snapshot({})).body).toContain('"services":[]');
  });

  it.each(PATHS)('is refused: %s %s', async (method, path, statuses) => {
    const stage = new ConsulStage();
    const [status] = await stage.brief(method, path);
    expect(statuses).toContain(status);
    expect((await stage.namespace.api.snapshot({})).body).toContain('"services":[]');
  });

  it('is refused if a runner has no name', async () => {
    const stage = new ConsulStage();
    const { status } = await stage.send('PUT', REGISTER, WEB, { 'rollcall-check-runner': 'x'.repeat(300) });
    expect(status).toBe(400);
  });

  it('in an extension that another API wrote harms no reader', async () => {
    const stage = new ConsulStage();
    const headers = { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' };
    const wild = { id: 'a', node: 'n\n', checks: [{ id: '', status: 5 }, null], tags: {}, weights: [] };
    const body = JSON.stringify({ address: '10.0.0.1', port: 1, extensions: { consul: wild } });
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/web/instances/a';
    expect((await stage.app.send('PUT', path, { headers, body })).status).toBe(201);
    for (const read of ['catalog/services', 'health/service/web', 'agent/services', 'agent/checks', 'catalog/nodes']) {
      expect((await stage.send('GET', `/v1/${read}`)).status).toBe(200);
    }
    expect(await stage.brief('PUT', REGISTER, WEB)).toEqual([200, '']);
  });
});
