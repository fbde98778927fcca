import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ShownHealth } from '../../src/codecs/consul/shown';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

/** Reads of unmodified clients against the real registry: `consul` 2.0.1 of npm, Debian's python3-consul. */

const clients = createRequire(join(import.meta.dirname, '../clients/package.json'));

/** A watch of the client. */
interface Watch {
  on(event: 'change', listener: (data: unknown) => void): void;
  on(event: 'error', listener: (error: Error) => void): void;
  end(): void;
}

/** Calls of the client of npm that these tests use; the names of options are the client's. */
interface Client {
  agent: {
    service: { register(options: object): Promise<void>; deregister(id: string): Promise<void> };
    check: { pass(id: string): Promise<void>; fail(id: string): Promise<void> };
  };
  catalog: {
    datacenters(): Promise<string[]>;
    nodes(): Promise<{ Node: string }[]>;
    node: { list(): Promise<{ Node: string }[]>; services(node: string): Promise<{ Services: object }> };
    service: {
      list(options?: object): Promise<Record<string, string[]>>;
      nodes(service: string): Promise<{ ServiceID: string }[]>;
    };
  };
  health: {
    node(node: string): Promise<{ CheckID: string }[]>;
    checks(service: string): Promise<{ CheckID: string }[]>;
    service(options: object): Promise<ShownHealth[]>;
    state(state: string): Promise<{ CheckID: string }[]>;
  };
  watch(options: { method: unknown; options: object }): Watch;
}

async function registry(): Promise<RunningRegistry> {
  const running = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => running.stop());
  return running;
}

/** Creates the unmodified client of npm, which sends its token in a header. */
function client({ url, rootToken }: RunningRegistry): Client {
  const { hostname, port } = new URL(url);
  // `as`: the types of the package need ones of Node that another version has.
  const Consul = clients('consul') as new (options: object) => Client;
  return new Consul({ host: hostname, port: Number(port), defaults: { token: rootToken } });
}

const web = (id: string) => ({ id, name: 'web', address: '10.0.0.1', port: 80, tags: ['v1'], check: { ttl: '60s' } });

it('[CH1, CH7] the client of npm reads the catalog and the health of what it registers', async () => {
  const consul = client(await registry());
  await consul.agent.service.register(web('a'));
  expect(await consul.catalog.datacenters()).toEqual(['dc1']);
  expect((await consul.catalog.node.list()).map(({ Node }) => Node)).toEqual(['rollcall']);
  expect(Object.keys((await consul.catalog.node.services('rollcall')).Services).sort()).toEqual(['a', 'consul']);
  expect(await consul.catalog.service.list()).toEqual({ consul: [], web: ['v1'] });
  expect(await consul.catalog.service.nodes('web')).toMatchObject([{ ServiceID: 'a', ServiceTags: ['v1'] }]);
  expect(await consul.health.node('rollcall')).toMatchObject([{ CheckID: 'serfHealth' }, { CheckID: 'service:a' }]);
  expect(await consul.health.checks('web')).toMatchObject([{ CheckID: 'service:a', Status: 'critical' }]);
  expect(await consul.health.service({ service: 'web', passing: true })).toEqual([]);
  expect(await consul.health.state('critical')).toHaveLength(1);
  await consul.agent.check.pass('service:a');
  expect(await consul.health.service({ service: 'web', passing: true, tag: 'V1' })).toMatchObject([
    { Service: { ID: 'a', Tags: ['v1'] }, Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'service:a' }] },
  ]);
  expect(await consul.health.state('any')).toHaveLength(2);
  const bad = consul.health.service({ service: 'web', filter: 'Nope == 1' });
  await expect(bad).rejects.toThrow('Selector "Nope" is not valid');
});

it('[CH3, CH4] watches of the client of npm see each change once, and nothing else', async () => {
  const running = await registry();
  const [consul, other] = [client(running), client(running)];
  const seen: string[] = [];
  const names: string[] = [];
  const errors: Error[] = [];
  const options = { service: 'web', passing: true, wait: '1s' };
  const watch = consul.watch({ method: consul.health.service.bind(consul.health), options });
  const list = consul.watch({
    method: consul.catalog.service.list.bind(consul.catalog.service),
    options: { wait: '1s' },
  });
  onTestFinished(() => {
    watch.end();
    list.end();
  });
  // `as`: the responses of these calls.
  watch.on('change', (data) => seen.push((data as ShownHealth[]).map(({ Service }) => Service.ID).join(' ')));
  list.on('change', (data) => names.push(Object.keys(data as object).join(' ')));
  for (const each of [watch, list]) each.on('error', (error) => errors.push(error));
  const sees = (text: string) => until(`the watch sees "${text}"`, () => seen.at(-1) === text);
  await sees('');
  await other.agent.service.register(web('a'));
  await other.agent.check.pass('service:a');
  await sees('a');
  await other.agent.service.register({ ...web('x'), name: 'db' });
  await until('the list has the other service', () => names.at(-1) === 'consul db web');
  // Three waits: heartbeats and other services deliver nothing.
  const delivered = seen.length;
  for (let beat = 0; beat < 8; beat++) {
    await other.agent.check.pass('service:a');
    await new Promise((later) => setTimeout(later, 400));
  }
  expect(seen).toHaveLength(delivered);
  await other.agent.check.fail('service:a');
  await sees('');
  await other.agent.check.pass('service:a');
  await sees('a');
  await other.agent.service.deregister('a');
  await sees('');
  expect(seen).not.toContain('x');
  expect(errors).toEqual([]);
});

/** Calls of python3-consul 0.7.1. It passes checks with GET, which Consul refuses since 1.0, so that is sent by hand. */
const PYTHON = `
import consul, json, sys, threading
c = consul.Consul(port=int(sys.argv[1]))
c.http.session.headers['X-Consul-Token'] = sys.argv[2]
results = []
index, nodes = c.health.service('web', passing=True)
results.append(nodes)
seen = []
thread = threading.Thread(target=lambda: seen.append(c.health.service('web', index=index, wait='60s')))
thread.start()
results.append(c.agent.service.register('web', service_id='a', address='10.0.0.1', port=80, tags=['v1'], check=consul.Check.ttl('60s')))
thread.join(60)
results.append([[each['Service']['ID'] for each in seen[0][1]], int(seen[0][0]) > int(index)])
results.append(c.http.session.put(f'http://127.0.0.1:{sys.argv[1]}/v1/agent/check/pass/service:a').status_code)
index, nodes = c.health.service('web', passing=True, tag='v1')
results.append([each['Checks'][1]['Status'] for each in nodes])
again, nodes = c.health.service('web', passing=True, index=index, wait='10ms')
results.append([len(nodes), again == index])
results.append(c.catalog.services()[1])
results.append([each['Node'] for each in c.catalog.nodes()[1]])
results.append([each['ServiceID'] for each in c.catalog.service('web')[1]])
results.append(sorted(c.catalog.node('rollcall')[1]['Services']))
results.append(c.catalog.datacenters())
results.append([each['CheckID'] for each in c.health.state('passing')[1]])
results.append([each['CheckID'] for each in c.health.node('rollcall')[1]])
results.append([each['CheckID'] for each in c.health.checks('web')[1]])
print(json.dumps(results))
`;

it("[CH1, CH3] Debian's client for Python reads health and catalog, and waits for a change", async () => {
  const { url, rootToken } = await registry();
  const { port } = new URL(url);
  const python = spawn('/usr/bin/python3', ['-c', PYTHON, port, rootToken], { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: string[] = [];
  python.stdout.on('data', (chunk) => output.push(String(chunk)));
  expect(await once(python, 'close')).toEqual([0, null]);
  expect(JSON.parse(output.join(''))).toEqual([
    [],
    true,
    [['a'], true],
    200,
    ['passing'],
    [1, true],
    { consul: [], web: ['v1'] },
    ['rollcall'],
    ['a'],
    ['a', 'consul'],
    ['dc1'],
    ['serfHealth', 'service:a'],
    ['serfHealth', 'service:a'],
    ['service:a'],
  ]);
});
