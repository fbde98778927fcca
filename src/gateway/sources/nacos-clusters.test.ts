import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { NacosStage } from '../../../test/fixtures/nacos-stage';
import { CheckedServers } from '../../../test/fixtures/probes';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import type { ServiceKey } from '../../model/namespace-api';
import { TargetRules } from '../checks/addresses';
import { CheckRunner } from '../checks/check-runner';
import { runCheck } from '../checks/run-check';
import { startHostChecks } from '../program/host-checks';
import { HOST_RUNNER } from './door-calls';
import { NacosClusters } from './nacos-clusters';

const INSTANCE = '/nacos/v1/ns/instance';
const CLUSTER = '/nacos/v1/ns/cluster';
const HEALTH = '/nacos/v1/ns/health/instance';
const TCP = { type: 'TCP' };
const ORDERS: ServiceKey = { group: 'DEFAULT_GROUP', service: 'orders' };

const servers = new CheckedServers();
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  servers.close();
});

/** Opens a port that accepts connections. */
const accepting = (): Promise<number> => servers.listen(createServer((socket) => socket.destroy()));

/** Returns a port that refuses connections. */
async function refusing(): Promise<number> {
  const server = createServer();
  const port = await servers.listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A registry on a clock that the test moves, with a runner that really connects. */
class Stage {
  readonly clusters = new NacosClusters({
    namespaceOf: (id) => (id === 'public' ? { calls: this.door.namespace.api } : undefined),
    log: (_, message, facts) => void this.logged.push(`${message} ${JSON.stringify(facts)}`),
    // The test looks itself.
    followIntervalMs: 1_000_000,
  });
  readonly logged: string[] = [];
  readonly door = new NacosStage(undefined, {
    checkRunner: HOST_RUNNER,
    checksChanged: (namespace, service) => {
      if (service !== undefined) void this.clusters.look(namespace, service);
    },
  });
  readonly runner: CheckRunner;
  runs = 0;
  #running = 0;

  constructor() {
    const { clock } = this.door.namespace.platform;
    const rules = new TargetRules({ loopback: true });
    this.runner = new CheckRunner({
      registry: {
        start: (sink) => this.clusters.start(sink),
        report: (instance, check, result) => this.clusters.report(instance, check, result),
        close: () => this.clusters.close(),
        renew: async () => [],
        deregister: () => Promise.reject(new Error('no instance is removed')),
      },
      run: async (check, address, signal) => {
        this.runs += 1;
        this.#running += 1;
        const result = await runCheck(check, address, rules, signal);
        this.#running -= 1;
        return result;
      },
      clocks: { monotonic: () => clock.now(), wall: () => clock.now() },
      random: () => 0,
      log: (_, message) => void this.logged.push(message),
    });
    // The test calls `tick`.
    this.clusters.start(this.runner);
    closing.push(() => this.runner.close());
  }

  async register(port: number, more = '&ephemeral=false'): Promise<void> {
    const instance = `serviceName=orders&ip=127.0.0.1&port=${port}${more}`;
    expect(await this.door.send('POST', `${INSTANCE}?${instance}`)).toEqual([200, 'ok']);
  }

  /** Sets the checker of a cluster, and waits for the runner to know. */
  async check(healthChecker: object, more = ''): Promise<void> {
    const text = encodeURIComponent(JSON.stringify(healthChecker));
    const query = `serviceName=orders&clusterName=DEFAULT&healthChecker=${text}${more}`;
    expect(await this.door.send('PUT', `${CLUSTER}?${query}`)).toEqual([200, 'ok']);
    await this.clusters.look('public', ORDERS);
  }

  /** Lets a number of rounds of checks pass. */
  async rounds(count: number): Promise<void> {
    const before = this.runs + count * this.runner.size;
    for (let step = 0; this.runs < before || this.#running > 0; step += 1) {
      if (step > 1_000) throw new Error(`only ${this.runs} of ${before} checks ran`);
      // A run that takes long on a busy machine is no gap.
      if (this.#running === 0) await this.door.namespace.pass(500);
      this.runner.tick();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    await this.clusters.look('public', ORDERS);
  }

  /** Returns the health of the instances by port. */
  async health(): Promise<Record<number, boolean>> {
    const hosts = await this.door.hosts(`${INSTANCE}/list?serviceName=orders`);
    return Object.fromEntries(hosts.map(({ port, healthy }) => [port, healthy]));
  }
}

describe('the checkers of clusters', () => {
  it('set the health of persistent instances by TCP, and write only changes', async () => {
    const stage = new Stage();
    const [good, bad] = [await accepting(), await refusing()];
    await stage.register(good);
    await stage.register(bad);
    await stage.check(TCP);
    expect(stage.runner.size).toBe(2);
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ [good]: true, [bad]: false });
    const { cursor } = await stage.door.namespace.api.stats();
    await stage.rounds(5);
    expect((await stage.door.namespace.api.stats()).cursor).toBe(cursor);
    expect(stage.logged).toEqual([]);
  });

  it('change the health after three results in a row', async () => {
    const stage = new Stage();
    let status = 204;
    const seen: unknown[] = [];
    const port = await servers.http(({ url, headers }, response) => {
      seen.push([url, headers['x-key'], headers['user-agent']]);
      response.writeHead(status).end();
    });
    await stage.register(1);
    const http = { type: 'HTTP', path: '/health', headers: 'X-Key:k', expectedResponseCode: 204 };
    await stage.check(http, `&checkPort=${port}&useInstancePort4Check=false`);
    await stage.rounds(1);
    expect([await stage.health(), seen[0]]).toEqual([{ 1: true }, ['/health', 'k', 'Rollcall Health Check']]);
    status = 200;
    await stage.rounds(2);
    expect(await stage.health()).toEqual({ 1: true });
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ 1: false });
    status = 204;
    await stage.rounds(2);
    expect(await stage.health()).toEqual({ 1: false });
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ 1: true });
  });

  it('check only persistent instances that no other dialect has, in clusters whose checker was set', async () => {
    const stage = new Stage();
    await stage.register(1);
    await stage.clusters.look('public', ORDERS);
    expect(stage.runner.size).toBe(0);
    await stage.register(2, '&ephemeral=true');
    await stage.register(3, '&ephemeral=false&clusterName=EU');
    await stage.register(4, '&ephemeral=false&enabled=false');
    const foreign = { address: '127.0.0.1', port: 5, ephemeral: false, extensions: { consul: {} } };
    await stage.door.register({ ...ORDERS, id: 'foreign' }, foreign);
    await stage.check(TCP);
    expect(stage.runner.size).toBe(1);
    await stage.check({ type: 'NONE' });
    expect(stage.runner.size).toBe(0);
  });

  it('set a status again that a registration has replaced, and none of an instance that is gone', async () => {
    const stage = new Stage();
    const port = await refusing();
    await stage.register(port);
    await stage.check(TCP);
    await stage.rounds(1);
    await stage.register(port);
    expect(await stage.health()).toEqual({ [port]: true });
    await stage.clusters.look('public', ORDERS);
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ [port]: false });
    await stage.door.send('DELETE', `${INSTANCE}?serviceName=orders&ip=127.0.0.1&port=${port}&ephemeral=false`);
    await stage.clusters.look('public', ORDERS);
    expect([stage.runner.size, stage.logged]).toEqual([0, []]);
  });

  it('leave an instance alone that is out of service or no longer persistent', async () => {
    const stage = new Stage();
    const port = await refusing();
    await stage.register(port, '&ephemeral=false&enabled=false');
    const key = { ...ORDERS, id: `127.0.0.1:${port}` };
    const checked = {
      namespace: 'public',
      key,
      name: '',
      node: '',
      serviceId: '',
      address: '',
      ttlMs: null,
      checks: [],
    };
    const report = () => stage.clusters.report(checked, '', { status: 'critical', output: '' });
    const status = async () => JSON.parse((await stage.door.namespace.api.readInstance({ key })).body ?? '').status;
    expect([await report(), await status()]).toEqual(['reported', 'out-of-service']);
    await stage.register(port, '&ephemeral=true');
    expect([await report(), await status()]).toEqual(['gone', 'up']);
    expect(
      await stage.clusters.report({ ...checked, namespace: 'other' }, '', { status: 'critical', output: '' }),
    ).toBe('gone');
  });

  it('replace those before, although no instance has changed', async () => {
    const stage = new Stage();
    const port = await accepting();
    await stage.register(port);
    await stage.check(TCP);
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ [port]: true });
    await stage.check({ type: 'HTTP', path: '/health' });
    await stage.rounds(1);
    expect(await stage.health()).toEqual({ [port]: false });
  });

  it('refuse to have the health set by hand as long as they run', async () => {
    const stage = new Stage();
    await stage.register(1);
    const set = () => stage.door.send('PUT', `${HEALTH}?serviceName=orders&ip=127.0.0.1&port=1&healthy=false`);
    expect(await set()).toEqual([200, 'ok']);
    await stage.check(TCP);
    const why = 'health check is still working, service: DEFAULT_GROUP@@orders, cluster: DEFAULT';
    expect(await set()).toEqual([400, why]);
    await stage.check({ type: 'NONE' });
    expect(await set()).toEqual([200, 'ok']);
  });

  it('are shown, and kept when the service is changed', async () => {
    const stage = new Stage();
    await stage.register(1);
    const http = { type: 'HTTP', path: '/health', headers: '', expectedResponseCode: 204 };
    await stage.check(http, '&checkPort=99&useInstancePort4Check=false');
    const service = '/nacos/v1/ns/service?serviceName=orders';
    await stage.door.send('PUT', `${service}&protectThreshold=0.5&metadata=a%3D1`);
    expect(await stage.door.read(service)).toMatchObject({
      metadata: { a: '1' },
      clusters: [{ name: 'DEFAULT', healthChecker: http }],
    });
    const shown = { healthChecker: http, healthyCheckPort: 99, useInstancePortForCheck: false };
    expect(await stage.door.read('/nacos/v2/ns/service?serviceName=orders')).toMatchObject({
      data: { metadata: { a: '1' }, clusterMap: { DEFAULT: shown } },
    });
    expect(await stage.door.read('/nacos/v1/ns/catalog/service?serviceName=orders')).toMatchObject({
      service: { metadata: { a: '1' } },
      clusters: [{ healthChecker: http, defaultCheckPort: 99, useIPPort4Check: false }],
    });
    const all = await stage.door.read('/nacos/v1/ns/catalog/services?withInstances=true&pageNo=1&pageSize=9');
    expect(all).toMatchObject([{ metadata: { a: '1' } }]);
    expect(JSON.stringify(all)).not.toContain('nacos.cluster');
  });

  it.each([['{'], ['[]'], ['{"type":"MYSQL"}'], ['{"type":"HTTP","expectedResponseCode":"x"}']])(
    'are refused if they are %s',
    async (healthChecker) => {
      const stage = new Stage();
      await stage.register(1);
      const query = `serviceName=orders&clusterName=DEFAULT&healthChecker=${encodeURIComponent(healthChecker)}`;
      const [status, text] = await stage.door.send('PUT', `${CLUSTER}?${query}`);
      expect([status, text]).toEqual([400, expect.stringContaining("Param 'healthChecker' is illegal")]);
    },
  );

  it('are not stored where nothing runs checks', async () => {
    const door = new NacosStage();
    await door.send('POST', `${INSTANCE}?serviceName=orders&ip=127.0.0.1&port=1&ephemeral=false`);
    const query = 'serviceName=orders&clusterName=DEFAULT&healthChecker=%7B%22type%22%3A%22NONE%22%7D';
    expect(await door.send('PUT', `${CLUSTER}?${query}`)).toEqual([200, 'ok']);
    expect(await door.read('/nacos/v1/ns/service?serviceName=orders')).toMatchObject({
      clusters: [{ healthChecker: { type: 'TCP' } }],
    });
  });
});

it('a service that could not be read is read again', async () => {
  const stage = new Stage();
  await stage.register(1);
  await stage.check(TCP);
  const logged: string[] = [];
  const put: string[] = [];
  let isAway = true;
  const clusters = new NacosClusters({
    namespaceOf: () => {
      if (isAway) throw new Error('away');
      return { calls: stage.door.namespace.api };
    },
    log: (_, message) => void logged.push(message),
    followIntervalMs: 5,
  });
  closing.push(() => clusters.close());
  clusters.start({ put: ({ key }) => void put.push(key.id), remove: () => {} });
  await clusters.look('public', ORDERS);
  expect(logged).toEqual(['the clusters of a service could not be read']);
  isAway = false;
  await expect.poll(() => put).toEqual(['127.0.0.1:1']);
});

it('the runner of the host finds the stored checkers when it starts, and sets the health', async () => {
  const stage = new Stage();
  const port = await refusing();
  await stage.register(port);
  await stage.check(TCP);
  const logged: string[] = [];
  const checks = startHostChecks({
    host: '127.0.0.1',
    trustedProxy: false,
    namespaceOf: () => ({ calls: stage.door.namespace.api }),
    directory: { listNamespaces: async () => ({ namespaces: [{ id: 'public', retention: {}, limits: {} }] }) },
    rootToken: ROOT_TOKEN,
    fetch: (request) => stage.door.app.app.fetch(request),
    log: (_, message) => void logged.push(message),
  });
  closing.push(() => checks.close());
  const key = { ...ORDERS, id: `127.0.0.1:${port}` };
  const status = async () => JSON.parse((await stage.door.namespace.api.readInstance({ key })).body ?? '').status;
  await expect.poll(status, { timeout: 30_000 }).toBe('down');
  expect(logged).toEqual([]);
}, 60_000);
