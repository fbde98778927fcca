import { afterEach, describe, expect, it, vi } from 'vitest';
import { probeDefinition } from '../../../test/fixtures/probes';
import type { CheckedInstance, CheckRegistry, CheckSink, CheckToRun } from './check-registry';
import { CheckRunner } from './check-runner';
import type { CheckResult, ProbeDefinition } from './probe';

const PASSING: CheckResult = { status: 'passing', output: 'ok' };
const CRITICAL: CheckResult = { status: 'critical', output: 'refused' };

afterEach(() => {
  vi.useRealTimers();
});

/** A runner with clocks, a registry and probes that the test controls. */
class Stage implements CheckRegistry {
  now = 0;
  wall = 0;
  readonly calls: string[] = [];
  /** Names that the registry does not have any more. */
  gone = new Set<string>();
  isAway = false;
  held: Promise<void> = Promise.resolve();
  results = new Map<string, CheckResult>();
  /** Ends the runs of these checks; absent: they end at once. */
  readonly pending: { id: string; end: (result: CheckResult) => void; signal: AbortSignal }[] = [];
  hangs = false;
  runs = 0;
  readonly runner: CheckRunner;
  readonly logged: string[] = [];

  constructor() {
    this.runner = new CheckRunner({
      registry: this,
      run: (definition, _, signal) => this.#run(definition, signal),
      clocks: { monotonic: () => this.now, wall: () => this.wall },
      random: () => 0.5,
      log: (_, message) => void this.logged.push(message),
    });
  }

  #run({ http: id }: ProbeDefinition, signal: AbortSignal): Promise<CheckResult> {
    this.runs += 1;
    if (!this.hangs) return Promise.resolve(this.results.get(id) ?? PASSING);
    return new Promise((resolve) => {
      this.pending.push({ id, end: resolve, signal });
      signal.addEventListener('abort', () => resolve({ status: 'critical', output: 'late' }));
    });
  }

  start(_sink: CheckSink): void {}

  async renew(_namespace: string, instances: readonly CheckedInstance[]): Promise<string[]> {
    this.calls.push(`renew ${instances.map(({ name }) => name).join()}`);
    await this.held;
    if (this.isAway) throw new Error('away');
    return instances.map(({ name }) => name).filter((name) => this.gone.has(name));
  }

  async report({ name }: CheckedInstance, check: string, { status, output }: CheckResult) {
    if (this.isAway) throw new Error('away');
    this.calls.push(`${name} ${check} ${status} ${output}`);
    return this.gone.has(name) ? 'gone' : 'reported';
  }

  async deregister({ name }: CheckedInstance): Promise<void> {
    this.calls.push(`deregister ${name}`);
  }

  async close(): Promise<void> {}

  /** Lets time pass in ticks, without gaps. */
  async pass(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += 100;
      this.wall += 100;
      this.runner.tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** The calls so far that are no renewals. */
  take(): string[] {
    return this.calls.splice(0).filter((call) => !call.startsWith('renew'));
  }
}

function instance(name: string, checks: Partial<CheckToRun>[] = [{}], ttlMs: number | null = 30_000): CheckedInstance {
  return {
    name,
    namespace: 'public',
    key: { group: 'DEFAULT_GROUP', service: 'web', id: name },
    node: 'rollcall',
    serviceId: name,
    address: '127.0.0.1',
    ttlMs,
    checks: checks.map((check, index) => ({
      id: `c${index}`,
      definition: probeDefinition({ kind: 'http', http: name, interval: 10e9 }),
      shown: { status: 'critical', output: '' },
      isReported: false,
      ...check,
    })),
  };
}

const definition = (name: string, members: Partial<ProbeDefinition>) =>
  probeDefinition({ kind: 'http', http: name, interval: 10e9, ...members });

describe('the runner of checks', () => {
  it('[CR4] runs a check first after a part of its interval, and reports only what changes', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    await stage.pass(4_900);
    expect(stage.runs).toBe(0);
    await stage.pass(200);
    expect(stage.take()).toEqual(['a c0 passing ok']);
    await stage.pass(50_000);
    expect(stage.runs).toBe(6);
    expect(stage.take()).toEqual([]);
    stage.results.set('a', CRITICAL);
    await stage.pass(10_100);
    expect(stage.take()).toEqual(['a c0 critical refused']);
  });

  it('reports the first result also if it is that of the registration', async () => {
    const stage = new Stage();
    stage.results.set('a', { status: 'critical', output: '' });
    stage.runner.put(instance('a'));
    await stage.pass(20_000);
    expect(stage.take()).toEqual(['a c0 critical ']);
  });

  it('[CR4] reports another output at most every five minutes', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    await stage.pass(10_000);
    stage.take();
    let count = 0;
    for (let round = 0; round < 61; round += 1) {
      stage.results.set('a', { status: 'passing', output: `answer ${round}` });
      await stage.pass(10_100);
      count += stage.take().length;
    }
    expect(count).toBe(2);
  });

  it('takes an output that the registry has cut for the same', async () => {
    const stage = new Stage();
    stage.results.set('a', { status: 'passing', output: 'x'.repeat(1_000) });
    const shown = { status: 'passing', output: `${'x'.repeat(512)} ... (captured 512 of 1000 bytes)` } as const;
    stage.runner.put(instance('a', [{ shown, isReported: true }]));
    await stage.pass(10_000);
    expect(stage.take()).toEqual([]);
    stage.results.set('a', { status: 'passing', output: `y${'x'.repeat(999)}` });
    await stage.pass(10_000);
    expect(stage.take()).toHaveLength(1);
  });

  it('[CR1] changes the status only after as many results as the check asks for', async () => {
    const stage = new Stage();
    const limits = { successBeforePassing: 2, failuresBeforeWarning: 2, failuresBeforeCritical: 3 };
    stage.runner.put(instance('a', [{ definition: definition('a', limits) }]));
    const next = async (result: CheckResult) => {
      stage.results.set('a', result);
      await stage.pass(10_100);
      return stage.take();
    };
    expect(await next(PASSING)).toEqual(['a c0 passing ok']);
    expect(await next(CRITICAL)).toEqual([]);
    expect(await next(CRITICAL)).toEqual(['a c0 warning refused']);
    expect(await next(CRITICAL)).toEqual(['a c0 critical refused']);
    expect(await next(PASSING)).toEqual([]);
    expect(await next(PASSING)).toEqual(['a c0 passing ok']);
  });

  it('[CR1] takes the first result of a check without counting', async () => {
    const stage = new Stage();
    stage.results.set('a', CRITICAL);
    stage.runner.put(instance('a', [{ definition: definition('a', { failuresBeforeCritical: 3 }) }]));
    await stage.pass(10_000);
    expect(stage.take()).toEqual(['a c0 critical refused']);
  });

  it('reports no other output of an instance that is to be removed, which would keep it', async () => {
    const stage = new Stage();
    stage.results.set('a', CRITICAL);
    stage.runner.put(instance('a', [{ definition: definition('a', { deregisterAfter: 3_600e9 }) }]));
    await stage.pass(10_000);
    stage.take();
    stage.results.set('a', { status: 'critical', output: 'refused again' });
    await stage.pass(310_000);
    expect(stage.take()).toEqual([]);
  });

  it('renews the leases of all instances that it keeps, and forgets those that are gone', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    stage.runner.put(instance('b'));
    stage.runner.put(instance('c', [{}], null));
    await stage.pass(1_000);
    expect(stage.calls.splice(0)).toEqual(['renew a,b']);
    await stage.pass(30_000);
    expect(stage.calls.filter((call) => call === 'renew a,b').length).toBeGreaterThanOrEqual(3);
    stage.gone.add('b');
    await stage.pass(10_000);
    expect(stage.runner.size).toBe(2);
  });

  it('logs once a minute that the registry is away', async () => {
    const stage = new Stage();
    stage.isAway = true;
    stage.runner.put(instance('a'));
    await stage.pass(90_000);
    const about = stage.logged.filter((message) => message.startsWith('leases of checked instances'));
    expect(about).toHaveLength(2);
  });

  it('[CR7] renews no instance that is to be removed because it is critical, and removes it itself in time', async () => {
    const stage = new Stage();
    stage.results.set('a', CRITICAL);
    stage.runner.put(instance('a', [{ definition: definition('a', { deregisterAfter: 60e9 }) }]));
    await stage.pass(10_000);
    expect(stage.take()).toEqual(['a c0 critical refused']);
    await stage.pass(50_000);
    expect(stage.calls).toEqual([]);
    await stage.pass(20_000);
    expect(stage.calls).toEqual(['deregister a']);
    expect(stage.runner.size).toBe(0);
  });

  it('[CR4] repeats reports until the registry is back, and then sends only the newest result', async () => {
    const stage = new Stage();
    stage.isAway = true;
    stage.runner.put(instance('a'));
    await stage.pass(10_000);
    stage.results.set('a', CRITICAL);
    await stage.pass(10_100);
    expect(stage.take()).toEqual([]);
    stage.isAway = false;
    await expect.poll(() => stage.take()).toEqual(['a c0 critical refused']);
    expect(stage.logged).toContain('results of checks could not be reported; they are sent again');
  });

  it('[CR3] runs at most 64 checks at once, and at most 32 that took their whole timeout before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const stage = new Stage();
    stage.hangs = true;
    const add = (kind: string, count: number, timeout: number) => {
      for (let index = 0; index < count; index += 1) {
        stage.runner.put(instance(`${kind} ${index}`, [{ definition: definition(kind, { timeout }) }]));
      }
    };
    const open = (id: string) => stage.pending.filter((each) => each.id === id && !each.signal.aborted).length;
    const timeOut = async () => {
      vi.advanceTimersByTime(1_000);
      await stage.pass(100);
    };
    add('slow', 100, 1_000e6);
    await stage.pass(5_000);
    expect([open('slow'), stage.runs]).toEqual([64, 64]);
    await timeOut();
    expect([open('slow'), stage.runs]).toEqual([36, 100]);
    await timeOut();
    expect(open('slow')).toBe(0);
    // Their next runs are due, and leave room for others.
    await stage.pass(10_000);
    expect(open('slow')).toBe(32);
    add('other', 40, 60e9);
    await stage.pass(5_000);
    expect([open('slow'), open('other')]).toEqual([32, 32]);
  });

  it('keeps the state of a check that is registered again without a change', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    await stage.pass(9_000);
    stage.take();
    // The registration shows another status, so that the next result is reported again.
    stage.runner.put(instance('a'));
    await stage.pass(7_000);
    expect(stage.take()).toEqual(['a c0 passing ok']);
    expect(stage.runs).toBe(2);
    stage.runner.put(instance('a', [{ definition: definition('a', { interval: 100e9 }) }]));
    await stage.pass(40_000);
    expect(stage.runs).toBe(2);
    stage.runner.put(instance('a', []));
    expect(stage.runner.size).toBe(0);
  });

  it('ends a run whose check is removed meanwhile, and reports nothing of it', async () => {
    const stage = new Stage();
    stage.hangs = true;
    stage.runner.put(instance('a'));
    await stage.pass(6_000);
    stage.runner.remove('a');
    expect(stage.pending[0]?.signal.aborted).toBe(true);
    await stage.pass(20_000);
    expect(stage.take()).toEqual([]);
    expect(stage.runs).toBe(1);
  });
});

describe('a runner that was frozen', () => {
  it('[CR6] renews first, runs again what failed meanwhile, and reports nothing critical of that time', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    await stage.pass(12_000);
    stage.hangs = true;
    await stage.pass(5_000);
    expect(stage.pending).toHaveLength(1);
    stage.calls.splice(0);
    // Frozen for a minute. The timeout of the run fires when the process goes on, before any tick.
    stage.now += 60_000;
    stage.wall += 60_000;
    let answer = () => {};
    stage.held = new Promise((resolve) => {
      answer = resolve;
    });
    stage.hangs = false;
    stage.results.set('a', CRITICAL);
    stage.pending[0]?.end({ status: 'critical', output: 'late' });
    await stage.pass(1_000);
    expect(stage.calls).toEqual(['renew a']);
    expect(stage.runs).toBe(3);
    answer();
    await stage.pass(100);
    expect(stage.take()).toEqual(['a c0 critical refused']);
  });

  it('counts the time for which a check is critical anew', async () => {
    const stage = new Stage();
    stage.results.set('a', CRITICAL);
    stage.runner.put(instance('a', [{ definition: definition('a', { deregisterAfter: 60e9 }) }]));
    await stage.pass(10_000);
    stage.now += 120_000;
    stage.wall += 120_000;
    await stage.pass(30_000);
    expect(stage.take()).toEqual(['a c0 critical refused']);
  });

  it('notices that its machine slept by the wall clock', async () => {
    const stage = new Stage();
    stage.runner.put(instance('a'));
    await stage.pass(2_000);
    stage.calls.splice(0);
    stage.wall += 60_000;
    await stage.pass(100);
    expect(stage.calls).toEqual(['renew a']);
  });
});
