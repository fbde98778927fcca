import { afterEach, describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import { ROOT_TOKEN } from '../../../test/fixtures/test-app';
import { RUNNER_HEADER } from '../../codecs/consul/check-headers';
import { RegistryError } from '../../model/errors';
import { CheckRunner } from '../checks/check-runner';
import type { CheckResult } from '../checks/probe';
import { DoorCalls, HOST_RUNNER } from './door-calls';
import { HostRegistry } from './host-registry';

const started: Stage[] = [];
afterEach(async () => {
  for (const stage of started.splice(0)) await stage.close();
});

const WEB = {
  ID: 'web-1',
  Name: 'web',
  Address: '10.0.0.1',
  Port: 80,
  Check: { HTTP: 'http://10.0.0.1/health', Interval: '10s', DeregisterCriticalServiceAfter: '1m' },
};

/** A registry on a clock that the test moves, and a runner of its checks in the same process. */
class Stage {
  readonly door = new ConsulStage();
  readonly logged: string[] = [];
  result: CheckResult = { status: 'passing', output: 'ok' };
  runs = 0;
  #runner: CheckRunner | undefined;
  #registry: HostRegistry | undefined;

  constructor() {
    started.push(this);
  }

  /** Starts a runner, as a process does that starts. */
  start(): void {
    const clock = this.door.namespace.platform.clock;
    this.#registry = new HostRegistry({
      namespaceOf: (id) => (id === 'public' ? { calls: this.door.namespace.api } : undefined),
      namespaces: async () => ({ ids: ['public'] }),
      door: new DoorCalls({
        url: 'http://rollcall.test',
        token: () => ROOT_TOKEN,
        runner: HOST_RUNNER,
        send: (url, init) => this.door.app.app.fetch(new Request(url, init)),
      }),
      log: (_, message, facts) => void this.logged.push(`${message} ${JSON.stringify(facts)}`),
      // The test looks itself.
      followIntervalMs: 1_000_000,
    });
    this.#runner = new CheckRunner({
      registry: this.#registry,
      run: async () => {
        this.runs += 1;
        return this.result;
      },
      clocks: { monotonic: () => clock.now(), wall: () => clock.now() },
      random: () => 0,
      log: (_, message) => void this.logged.push(message),
    });
    this.#runner.start();
  }

  get checks(): number {
    return this.#runner?.size ?? 0;
  }

  async look(): Promise<void> {
    await this.#registry?.look('public');
  }

  async close(): Promise<void> {
    await this.#runner?.close();
    this.#runner = undefined;
  }

  /** Lets time pass, in steps that are no gaps for the runner. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 500) {
      await this.door.namespace.pass(500);
      this.door.app.now = this.door.namespace.platform.clock.now();
      this.#runner?.tick();
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  register(body: unknown = WEB, path = '/v1/agent/service/register') {
    return this.door.send('PUT', path, body, { [RUNNER_HEADER]: HOST_RUNNER });
  }

  async statuses(): Promise<string[]> {
    const { value } = await this.door.read<{ Status: string }[]>('/v1/health/checks/web');
    return value.map(({ Status }) => Status);
  }
}

describe('the runner in the process of the registry', () => {
  it('finds the checks that exist when it starts, and those that are registered later', async () => {
    const stage = new Stage();
    expect((await stage.register()).status).toBe(200);
    expect(await stage.statuses()).toEqual(['critical']);
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(1_000);
    await expect.poll(() => stage.statuses()).toEqual(['passing']);
    await stage.register({ ...WEB, ID: 'web-2' }, '/node/n2/v1/agent/service/register');
    await stage.look();
    expect(stage.checks).toBe(2);
    await stage.pass(1_000);
    await expect.poll(() => stage.statuses()).toEqual(['passing', 'passing']);
  });

  it('keeps the lease of an instance for as long as it runs', async () => {
    const stage = new Stage();
    await stage.register();
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(120_000);
    expect(await stage.statuses()).toEqual(['passing']);
    expect(stage.runs).toBeGreaterThan(10);
  });

  it('[CR5] leaves its instances to their leases when it dies: they become critical, and are removed', async () => {
    const stage = new Stage();
    await stage.register();
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(2_000);
    await expect.poll(() => stage.statuses()).toEqual(['passing']);
    await stage.close();
    await stage.pass(27_000);
    expect(await stage.statuses()).toEqual(['passing']);
    await stage.pass(4_000);
    expect(await stage.statuses()).toEqual(['critical']);
    await stage.pass(55_000);
    expect(await stage.statuses()).toEqual(['critical']);
    await stage.pass(5_000);
    expect(await stage.statuses()).toEqual([]);
  });

  it('[CR5] takes its instances over again when it comes back in time', async () => {
    const stage = new Stage();
    await stage.register();
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(2_000);
    await stage.close();
    await stage.pass(60_000);
    expect(await stage.statuses()).toEqual(['critical']);
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(2_000);
    await expect.poll(() => stage.statuses()).toEqual(['passing']);
    await stage.pass(60_000);
    expect(await stage.statuses()).toEqual(['passing']);
  });

  it('[CR7] removes an instance whose check is critical for as long as it says', async () => {
    const stage = new Stage();
    stage.result = { status: 'critical', output: 'refused' };
    await stage.register();
    stage.start();
    await expect.poll(() => stage.checks).toBe(1);
    await stage.pass(50_000);
    expect(await stage.statuses()).toEqual(['critical']);
    await stage.pass(30_000);
    await expect.poll(() => stage.statuses()).toEqual([]);
    await expect.poll(() => stage.checks).toBe(0);
  });

  it('does not run what another API has replaced or removed, nor renew it', async () => {
    const stage = new Stage();
    await stage.register();
    await stage.register({ ...WEB, ID: 'web-2' });
    stage.start();
    await expect.poll(() => stage.checks).toBe(2);
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/web/instances';
    expect((await stage.door.app.ask('PUT', `${path}/web-1`, { address: '10.0.0.1', port: 80 })).status).toBe(200);
    expect((await stage.door.app.ask('DELETE', `${path}/web-2`)).status).toBe(204);
    await stage.look();
    expect(stage.checks).toBe(0);
  });

  it('reads everything again when the history no longer reaches back', async () => {
    const stage = new Stage();
    stage.start();
    await stage.look();
    await stage.register();
    const { api } = stage.door.namespace;
    api.changedSince = () => Promise.reject(new RegistryError('COMPACTED', 'the history begins later'));
    await stage.look();
    expect([stage.checks, stage.logged]).toEqual([1, []]);
  });

  it('leaves checks to another runner', async () => {
    const stage = new Stage();
    await stage.door.send('PUT', '/v1/agent/service/register', WEB, { [RUNNER_HEADER]: 'host-1' });
    stage.start();
    await stage.look();
    expect(stage.checks).toBe(0);
  });
});
