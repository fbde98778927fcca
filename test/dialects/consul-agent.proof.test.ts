import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

/** Agents, checks and the catalog for unmodified clients: `consul` 2.0.1 of npm, Debian's python3-consul. */

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

interface Check {
  CheckID: string;
  Status: string;
  Output: string;
  Notes: string;
  Name: string;
}

/** Calls of the client of npm that these tests use; the names of options are the client's. */
interface Client {
  agent: {
    self(): Promise<{ Config: { NodeName: string; Server: boolean } }>;
    members(): Promise<{ Addr: string; Status: number }[]>;
    checks(): Promise<Record<string, Check>>;
    services(): Promise<Record<string, { Service: string; Port: number }>>;
    maintenance(options: object): Promise<void>;
    join(options: object): Promise<void>;
    forceLeave(options: object): Promise<void>;
    reload?(): Promise<void>;
    check: {
      register(options: object): Promise<void>;
      deregister(options: object | string): Promise<void>;
      pass(options: object | string): Promise<void>;
      warn(options: object | string): Promise<void>;
      fail(options: object | string): Promise<void>;
    };
    service: {
      register(options: object): Promise<void>;
      deregister(options: object | string): Promise<void>;
      maintenance(options: object): Promise<void>;
    };
  };
  catalog: {
    register(options: object): Promise<boolean>;
    deregister(options: object | string): Promise<boolean>;
    node: { list(): Promise<{ Node: string }[]> };
  };
  health: {
    node(options: object | string): Promise<Check[]>;
    checks(options: object | string): Promise<Check[]>;
    state(options: object | string): Promise<Check[]>;
    service(options: object | string): Promise<{ Checks: Check[]; Service: { ID: string } }[]>;
  };
}

async function registry(): Promise<RunningRegistry> {
  const running = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => running.stop());
  return running;
}

/** Creates the unmodified client of npm, which sends its token in a header. */
function client({ url, rootToken }: RunningRegistry, baseUrl?: string): Client {
  const { hostname, port } = new URL(url);
  // `as`: the types of the package need ones of Node that another version has.
  const Consul = clients('consul') as new (options: object) => Client;
  const place = baseUrl === undefined ? { host: hostname, port: Number(port) } : { baseUrl: new URL(baseUrl) };
  return new Consul({ ...place, defaults: { token: rootToken } });
}

const statusesOf = (checks: readonly Check[]): string[] => checks.map(({ CheckID, Status }) => `${CheckID} ${Status}`);

describe('the client of npm', () => {
  it('registers a service, reports its check, and removes it', async () => {
    const consul = client(await registry());
    await consul.agent.service.register({
      name: 'web',
      address: '10.0.0.1',
      port: 80,
      check: { ttl: '60s', notes: 'n' },
    });
    expect(await consul.agent.services()).toMatchObject({ web: { Service: 'web', Port: 80 } });
    expect(statusesOf(await consul.health.node('rollcall'))).toEqual(['serfHealth passing', 'service:web critical']);
    expect(statusesOf(await consul.health.state('critical'))).toEqual(['service:web critical']);
    for (const [method, status] of [
      ['pass', 'passing'],
      ['warn', 'warning'],
      ['fail', 'critical'],
    ] as const) {
      await consul.agent.check[method]({ id: 'service:web', note: `is ${status}` });
      const [check] = await consul.health.checks('web');
      expect(check).toMatchObject({ Status: status, Output: `is ${status}`, Notes: 'n' });
    }
    await consul.agent.check.pass('service:web');
    const [entry] = await consul.health.service({ service: 'web', passing: true });
    expect(statusesOf(entry?.Checks ?? [])).toEqual(['serfHealth passing', 'service:web passing']);
    await consul.agent.service.deregister('web');
    expect(await consul.agent.services()).toEqual({});
    await expect(consul.agent.check.pass('service:web')).rejects.toThrow('not found');
    await expect(consul.agent.service.deregister('web')).rejects.toThrow('not found');
  });

  it('adds and removes checks of services and of the node', async () => {
    const consul = client(await registry());
    await consul.agent.service.register({ name: 'web', address: '10.0.0.1' });
    await consul.agent.check.register({ name: 'example', ttl: '15s', notes: 'This is an example check.' });
    await consul.agent.check.register({ id: 'mem', name: 'memory', ttl: '15s', serviceid: 'web' });
    expect(Object.keys(await consul.agent.checks()).sort()).toEqual(['example', 'mem']);
    await consul.agent.check.pass('mem');
    expect(statusesOf(await consul.health.checks('web'))).toEqual(['mem passing']);
    await consul.agent.check.deregister('example');
    await consul.agent.check.deregister({ id: 'mem' });
    expect(await consul.agent.checks()).toEqual({});
  });

  it('takes services and the node out of traffic', async () => {
    const consul = client(await registry());
    await consul.agent.service.register({ name: 'web', address: '10.0.0.1' });
    await consul.agent.service.maintenance({ id: 'web', enable: true, reason: 'disk' });
    expect(await consul.health.service({ service: 'web', passing: true })).toEqual([]);
    const [check] = await consul.health.checks('web');
    expect(check).toMatchObject({
      CheckID: '_service_maintenance:web',
      Name: 'Service Maintenance Mode',
      Notes: 'disk',
    });
    await consul.agent.service.maintenance({ id: 'web', enable: false });
    expect(await consul.health.checks('web')).toEqual([]);
    await consul.agent.maintenance({ enable: true, reason: 'rack' });
    expect(Object.keys(await consul.agent.checks())).toEqual(['_node_maintenance']);
    expect(await consul.health.service({ service: 'web', passing: true })).toEqual([]);
    await consul.agent.maintenance({ enable: false });
    expect(await consul.health.service({ service: 'web', passing: true })).toHaveLength(1);
  });

  it('describes the agent, which is the only member', async () => {
    const running = await registry();
    const consul = client(running);
    expect(await consul.agent.self()).toMatchObject({ Config: { NodeName: 'rollcall', Server: true } });
    expect(await consul.agent.members()).toMatchObject([{ Addr: '127.0.0.1', Status: 1 }]);
    await consul.agent.join('127.0.0.2' as unknown as object); // `as`: the client takes both
    const other = client(running, `${running.url}/node/node2/v1`);
    expect(await other.agent.self()).toMatchObject({ Config: { NodeName: 'node2' } });
    await other.agent.service.register({ name: 'web', address: '10.0.0.2' });
    expect(await consul.agent.services()).toEqual({});
    expect((await consul.catalog.node.list()).map(({ Node }) => Node)).toEqual(['node2', 'rollcall']);
  });

  it('registers an external node in the catalog, and removes it', async () => {
    const consul = client(await registry());
    const node = { node: 'ext', address: '10.1.0.1', service: { id: 'db-1', service: 'db', port: 5432 } };
    await consul.catalog.register({ ...node, check: { name: 'alive', status: 'passing', serviceid: 'db-1' } });
    expect(statusesOf(await consul.health.checks('db'))).toEqual(['alive passing']);
    await consul.catalog.deregister({ node: 'ext', id: 'alive' });
    await consul.catalog.deregister('ext');
    expect(await consul.health.service('db')).toEqual([]);
  });

  it('finds a service critical once its TTL is over', async () => {
    const consul = client(await registry());
    await consul.agent.service.register({ name: 'web', address: '10.0.0.1', check: { ttl: '1s' } });
    await consul.agent.check.pass({ id: 'service:web', note: 'fine' });
    await until('the TTL is over', async () => (await consul.health.state('critical')).length === 1);
    const [check] = await consul.health.checks('web');
    expect(check?.Output).toBe('TTL expired (last output before timeout follows): fine');
    await consul.agent.check.pass({ id: 'service:web', note: 'fine' });
    expect(statusesOf(await consul.health.checks('web'))).toEqual(['service:web passing']);
  });
});

/**
 * A program for Debian's client. Its calls for results, removals and the agent's views are of the time before Consul 1.0: they
 * have the method GET, which later agents refuse, and no token.
 */
const PYTHON = `
import json, sys, consul
c = consul.Consul(host=sys.argv[1], port=int(sys.argv[2]), token=sys.argv[3])
seen = []
c.agent.service.register('api', service_id='api-1', address='10.0.0.2', port=9000, tags=['x', 'y'], check=consul.Check.ttl('30s'))
seen.append([n['Service']['Port'] for n in c.health.service('api')[1]])
seen.append(len(c.health.service('api', passing=True)[1]))
seen.append(c.agent.check.register('disk', check=consul.Check.ttl('30s'), service_id='api-1'))
seen.append([n['CheckID'] for n in c.health.checks('api')[1]])
seen.append(c.catalog.register('ext', '10.9.9.9', service={'Service': 'db', 'Port': 1}, check={'Name': 'alive', 'Status': 'passing', 'ServiceID': 'db'}))
seen.append([n['ServicePort'] for n in c.catalog.service('db')[1]])
seen.append([n['Checks'][1]['CheckID'] for n in c.health.service('db', passing=True)[1]])
seen.append(c.catalog.node('ext')[1]['Node']['Address'])
print(json.dumps(seen))
`;

it("Debian's python3-consul registers, reports, and changes the catalog", async () => {
  const { url, rootToken } = await registry();
  const { hostname, port } = new URL(url);
  const program = spawn('/usr/bin/python3', ['-c', PYTHON, hostname, port, rootToken]);
  let out = '';
  let problems = '';
  program.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  program.stderr.on('data', (chunk: Buffer) => {
    problems += chunk;
  });
  await once(program, 'close');
  expect(problems).toBe('');
  expect(JSON.parse(out)).toEqual([...[[9000], 0, true, ['service:api-1', 'disk'], true, [1], ['alive'], '10.9.9.9']]);
});
