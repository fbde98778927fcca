import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { readCatalogRegistration, readCatalogRemoval } from '../../src/codecs/consul/catalog';
import { readCheckRegistration } from '../../src/codecs/consul/check';
import { kvPairsText } from '../../src/codecs/consul/kv';
import { parseBody } from '../../src/codecs/consul/members';
import { QueryParameters } from '../../src/codecs/consul/parameters';
import { REFUSALS, refusalOf } from '../../src/codecs/consul/refusals';
import { readServiceRegistration } from '../../src/codecs/consul/service';
import { readSessionRequest, showSession } from '../../src/codecs/consul/session';
import { showHealth } from '../../src/codecs/consul/shown';
import { readTxn, txnText } from '../../src/codecs/consul/txn';
import { utf8Bytes } from '../../src/model/bytes';
import { consulClient, type RecordedRequest, recorder } from './consul-recorder';

/** Unmodified clients against the codec: `consul` 2.0.1 of npm, Debian's python3-consul. */

const SESSION = 'adf4238a-882b-9ddc-4a9d-5b6758e4159e';
const pair = {
  key: 'config/a b',
  value: utf8Bytes('wörld'),
  flags: 18446744073709551615n,
  lockIndex: 1,
  session: SESSION,
  createIndex: 5,
  modifyIndex: 7,
};

/** Returns the body of a request to a path, parsed. */
function bodyOf(requests: readonly RecordedRequest[], path: string): unknown {
  const request = requests.find((each) => each.path === path);
  return parseBody(request?.body ?? '');
}

describe('the client of npm', () => {
  it('registers services, checks and nodes in messages that the codec reads', async () => {
    const { port, requests } = await recorder();
    const consul = consulClient(port);
    await consul.agent.service.register({
      name: 'web',
      id: 'web-1',
      tags: ['a', 'b'],
      address: '10.0.0.5',
      port: 8080,
      meta: { env: 'prod' },
      taggedaddresses: { lan: { address: '10.0.0.5', port: 8080 } },
      connect: { native: true },
      checks: [
        { ttl: '10s', status: 'passing', deregister_critical_service_after: '1m' },
        { h2ping: '10.0.0.5:1', interval: '5s', tls_skip_verify: true, failures_before_critical: 3 },
      ],
    });
    await consul.agent.check.register({
      name: 'memory',
      id: 'm',
      args: ['a', 'b'],
      interval: '5s',
      serviceid: 'web-1',
    });
    await consul.agent.check.pass({ id: 'service:web-1:1', note: 'all is well' });
    await consul.catalog.register({
      node: 'n1',
      address: '10.0.0.1',
      nodemeta: { rack: '1' },
      service: { id: 'db-1', service: 'db', port: 5432 },
      check: { name: 'alive', status: 'passing', definition: { tcp: '10.0.0.1:5432', intervalduration: '5s' } },
    });
    await consul.catalog.deregister({ node: 'n1', serviceid: 'db-1' });

    expect(readServiceRegistration(bodyOf(requests, '/v1/agent/service/register'))).toMatchObject({
      id: 'web-1',
      name: 'web',
      tags: ['a', 'b'],
      address: '10.0.0.5',
      port: 8080,
      meta: { env: 'prod' },
      taggedAddresses: { lan: { address: '10.0.0.5', port: 8080 } },
      connect: { Native: true },
      checks: [
        { id: 'service:web-1:1', kind: 'ttl', ttl: 10e9, status: 'passing', deregisterAfter: 60e9 },
        { id: 'service:web-1:2', kind: 'h2ping', h2pingUseTls: true, tlsSkipVerify: true, failuresBeforeCritical: 3 },
      ],
    });
    expect(readCheckRegistration(bodyOf(requests, '/v1/agent/check/register'))).toMatchObject({
      id: 'm',
      name: 'memory',
      kind: 'script',
      scriptArgs: ['a', 'b'],
      serviceId: 'web-1',
    });
    const pass = requests.find(({ path }) => path.startsWith('/v1/agent/check/pass/'));
    expect(pass).toMatchObject({ method: 'PUT', path: '/v1/agent/check/pass/service:web-1:1', body: '' });
    expect(new QueryParameters(pass?.query ?? '').text('note')).toBe('all is well');
    expect(readCatalogRegistration(bodyOf(requests, '/v1/catalog/register'))).toMatchObject({
      node: { name: 'n1', address: '10.0.0.1', meta: { rack: '1' } },
      service: { id: 'db-1', name: 'db', port: 5432 },
      checks: [{ id: 'alive', status: 'passing', definition: { kind: 'tcp', tcp: '10.0.0.1:5432', interval: 5e9 } }],
    });
    expect(readCatalogRemoval(bodyOf(requests, '/v1/catalog/deregister'))).toEqual({
      kind: 'service',
      node: 'n1',
      serviceId: 'db-1',
    });
  });

  it('reads what the codec formats: keys, transactions, sessions and health', async () => {
    const indexes = { createIndex: 5, modifyIndex: 7 };
    const session = { ...readSessionRequest({ TTL: '10s', Node: 'n1' }), id: SESSION, ...indexes };
    const node = {
      id: '',
      name: 'n1',
      address: '10.0.0.1',
      datacenter: 'dc1',
      taggedAddresses: {},
      meta: {},
      ...indexes,
    };
    const service = { ...readServiceRegistration({ Name: 'web' }), ...indexes };
    const { port, requests } = await recorder(({ method, path }) => {
      if (path === '/v1/txn') return txnText({ results: [{ kind: 'kv', pair, withValue: true }] });
      if (path === `/v1/session/info/${SESSION}`) return JSON.stringify([showSession(session)]);
      if (path === '/v1/session/create') return JSON.stringify({ ID: SESSION });
      if (path === '/v1/health/service/web') return JSON.stringify([showHealth(node, service, [])]);
      return method === 'PUT' ? 'true' : kvPairsText([pair]);
    });
    const consul = consulClient(port);
    expect(
      await consul.kv.set({ key: pair.key, value: 'wörld', flags: '18446744073709551615', acquire: SESSION }),
    ).toBe(true);
    expect(
      await consul.kv.get({ key: pair.key, index: '18446744073709551615', wait: '5s', stale: true }),
    ).toMatchObject({
      Key: pair.key,
      Value: 'wörld',
      Session: SESSION,
    });
    const operation = { KV: { Verb: 'set', Key: 'a', Value: btoa('b'), Flags: 3 } };
    expect(await consul.transaction.create([operation])).toMatchObject({
      Errors: null,
      Results: [{ KV: { Key: pair.key } }],
    });
    expect(await consul.session.create({ name: 's', ttl: '10s', lockdelay: '5s', behavior: 'delete' })).toEqual({
      ID: SESSION,
    });
    expect(await consul.session.info(SESSION)).toMatchObject({ ID: SESSION, LockDelay: 15e9, TTL: '10s' });
    expect(await consul.health.service({ service: 'web', passing: true, tag: 'a', near: '_agent' })).toMatchObject([
      { Node: { Node: 'n1' }, Service: { ID: 'web', Tags: [], Port: 0 }, Checks: [] },
    ]);

    const [set, get] = requests.filter(({ path }) => path === `/v1/kv/${pair.key}`);
    expect(set?.body).toBe('wörld');
    expect(new QueryParameters(set?.query ?? '').kvWrite()).toEqual({ flags: pair.flags, acquire: SESSION });
    expect(new QueryParameters(get?.query ?? '').readOptions()).toMatchObject({
      index: 18446744073709551615n,
      waitMs: 5_000,
      consistency: 'stale',
    });
    expect(readTxn(bodyOf(requests, '/v1/txn'), { operations: 1, valueBytes: 1 })).toMatchObject([
      { verb: 'set', key: 'a', value: utf8Bytes('b'), flags: 3n },
    ]);
    expect(readSessionRequest(bodyOf(requests, '/v1/session/create'))).toMatchObject({
      name: 's',
      ttl: 10e9,
      lockDelay: 5e9,
      behavior: 'delete',
      nodeChecks: ['serfHealth'],
    });
    const health = requests.find(({ path }) => path === '/v1/health/service/web');
    const query = new QueryParameters(health?.query ?? '');
    expect([query.passing(), query.readOptions().tags, query.readOptions().near]).toEqual([true, ['a'], '_agent']);
  });

  it('reports the text of a refusal', async () => {
    const { port } = await recorder(() => refusalOf(REFUSALS.unknownCheck('c').toData()));
    const pass = consulClient(port).agent.check.pass({ id: 'c' });
    await expect(pass).rejects.toThrow('Unknown check ID "c"');
  });
});

/** Calls of python3-consul 0.7.1. */
const PYTHON = `
import consul, json, sys
c = consul.Consul(port=int(sys.argv[1]))
c.agent.service.register('web', service_id='web-1', port=8080, tags=['a'], enable_tag_override=True,
    check=consul.Check.tcp('10.0.0.5', 80, '10s', timeout='1s', deregister='1m'))
c.agent.check.register('up', consul.Check.ttl('15s'), check_id='c1', service_id='web-1', notes='n')
c.catalog.register('n1', '10.0.0.1', service={'Service': 'db', 'Port': 5432}, check={'Name': 'alive', 'Status': 'passing'})
c.session.create(name='s', lock_delay=0, ttl=20, behavior='delete')
index, data = c.kv.get('config/a b', index=3, wait='5s', recurse=True)
print(json.dumps([index, data[0]['Value'].decode(), str(data[0]['Flags'])]))
`;

it("Debian's client for Python sends messages that the codec reads, and reads what it formats", async () => {
  const { port, requests } = await recorder(({ method, path }) => {
    if (path === '/v1/session/create') return JSON.stringify({ ID: SESSION });
    return method === 'PUT' ? 'true' : kvPairsText([pair]);
  });
  const python = spawn('/usr/bin/python3', ['-c', PYTHON, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: string[] = [];
  python.stdout.on('data', (chunk) => output.push(String(chunk)));
  expect(await once(python, 'close')).toEqual([0, null]);
  expect(JSON.parse(output.join(''))).toEqual(['7', 'wörld', '18446744073709551615']);

  const check = { id: 'service:web-1', kind: 'tcp', tcp: '10.0.0.5:80', interval: 10e9, timeout: 1e9 };
  expect(readServiceRegistration(bodyOf(requests, '/v1/agent/service/register'))).toMatchObject({
    id: 'web-1',
    port: 8080,
    tags: ['a'],
    enableTagOverride: true,
    checks: [{ ...check, deregisterAfter: 60e9 }],
  });
  expect(readCheckRegistration(bodyOf(requests, '/v1/agent/check/register'))).toMatchObject({
    id: 'c1',
    name: 'up',
    ttl: 15e9,
    serviceId: 'web-1',
    notes: 'n',
  });
  expect(readCatalogRegistration(bodyOf(requests, '/v1/catalog/register'))).toMatchObject({
    node: { name: 'n1', address: '10.0.0.1' },
    service: { id: 'db', name: 'db', port: 5432 },
    checks: [{ id: 'alive', status: 'passing' }],
  });
  expect(readSessionRequest(bodyOf(requests, '/v1/session/create'))).toMatchObject({
    name: 's',
    ttl: 20e9,
    lockDelay: 0,
    behavior: 'delete',
  });
  const read = requests.find(({ method }) => method === 'GET');
  expect(read?.path).toBe('/v1/kv/config/a b');
  const query = new QueryParameters(read?.query ?? '');
  expect([query.has('recurse'), query.readOptions()]).toMatchObject([true, { index: 3n, waitMs: 5_000 }]);
});
