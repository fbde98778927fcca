import type { CheckedInstance, CheckRegistry, CheckSink } from './check-registry';
import { type CheckResult, type ProbeDefinition, timeoutMs } from './probe';
import { Renewals } from './renewals';
import { Reports } from './reports';
import { CheckWheel, type Clocks, Gaps, PROCESS_CLOCKS } from './run-times';
import { RunningCheck } from './running-check';

/** Number of checks that run at once. */
const RUNS_MAX_COUNT = 64;

/** How many of them may be checks whose last run took the whole timeout, so that these do not delay the others. */
const SLOW_RUNS_MAX_COUNT = 32;

const TICK_MS = 100;

/** Shortest time between two lines of the log about failures of one kind, which go on while the registry is away. */
const FAILURE_LOG_INTERVAL_MS = 60_000;

/** Runs a check once. Never rejects. */
export type RunCheck = (check: ProbeDefinition, address: string, signal: AbortSignal) => Promise<CheckResult>;

/** Parameters of {@link CheckRunner}. */
export interface CheckRunnerOptions {
  registry: CheckRegistry;
  run: RunCheck;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
  /** Default: those of the process. */
  clocks?: Clocks | undefined;
  /** Returns a number from 0 up to 1. Default: `Math.random`. */
  random?: (() => number) | undefined;
}

/** Runs the checks of a registry's instances, and keeps the leases of these instances. */
export class CheckRunner implements CheckSink {
  readonly #options: CheckRunnerOptions;
  readonly #clocks: Clocks;
  readonly #random: () => number;
  readonly #gaps: Gaps;
  readonly #wheel = new CheckWheel<RunningCheck>();
  readonly #instances = new Map<string, Map<string, RunningCheck>>();
  readonly #ready: RunningCheck[] = [];
  readonly #slowReady: RunningCheck[] = [];
  readonly #reports: Reports;
  readonly #renewals: Renewals;
  readonly #deregistering = new Set<string>();
  #running = 0;
  #slowRunning = 0;
  #gapsSeen = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;

  constructor(options: CheckRunnerOptions) {
    const { registry, clocks = PROCESS_CLOCKS, random = Math.random, log } = options;
    this.#options = options;
    this.#clocks = clocks;
    this.#random = random;
    this.#gaps = new Gaps(clocks);
    const failed = (what: string) => {
      let loggedAt = Number.NEGATIVE_INFINITY;
      return (error: unknown) => {
        const now = clocks.monotonic();
        if (now - loggedAt < FAILURE_LOG_INTERVAL_MS) return;
        loggedAt = now;
        log('warn', what, { error: String(error) });
      };
    };
    this.#reports = new Reports({
      registry,
      onGone: ({ instance }) => this.remove(instance.name),
      onFailure: failed('results of checks could not be reported; they are sent again'),
    });
    this.#renewals = new Renewals({
      registry,
      now: () => clocks.monotonic(),
      isKept: (name) => ![...(this.#instances.get(name)?.values() ?? [])].some((check) => check.isEnding),
      onGone: (name) => this.remove(name),
      onFailure: failed('leases of checked instances could not be renewed; they are renewed again'),
    });
  }

  /** Number of checks. */
  get size(): number {
    let size = 0;
    for (const checks of this.#instances.values()) size += checks.size;
    return size;
  }

  start(): void {
    this.#ticking = setInterval(() => this.tick(), TICK_MS);
    this.#options.registry.start(this);
  }

  put(instance: CheckedInstance): void {
    const before = this.#instances.get(instance.name);
    const after = new Map<string, RunningCheck>();
    for (const check of instance.checks) {
      const known = before?.get(check.id);
      if (known !== undefined && isSame(known, instance, check.definition)) {
        known.instance = instance;
        // What is being reported is newer than what the registry showed.
        if (!this.#reports.has(known)) known.shows(check);
        after.set(check.id, known);
        continue;
      }
      const added = new RunningCheck(instance, check, this.#clocks.monotonic());
      after.set(check.id, added);
      this.#wheel.set(added, this.#clocks.monotonic() + this.#random() * added.intervalMs);
    }
    for (const [id, check] of before ?? []) if (after.get(id) !== check) this.#end(check);
    if (after.size === 0) this.#forget(instance.name);
    else {
      this.#instances.set(instance.name, after);
      this.#renewals.put(instance);
    }
  }

  remove(name: string): void {
    for (const check of this.#instances.get(name)?.values() ?? []) this.#end(check);
    this.#forget(name);
  }

  /** Starts what is due. A timer calls it. */
  tick(): void {
    this.#pass();
    for (const check of this.#wheel.take(this.#clocks.monotonic())) {
      (check.isSlow ? this.#slowReady : this.#ready).push(check);
    }
    this.#runMore();
    this.#renewals.tick();
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    this.#reports.close();
    for (const name of [...this.#instances.keys()]) this.remove(name);
    await this.#options.registry.close();
  }

  #forget(name: string): void {
    this.#instances.delete(name);
    this.#renewals.remove(name);
  }

  #end(check: RunningCheck): void {
    check.isOver = true;
    check.run?.abort();
    this.#wheel.delete(check);
    this.#reports.drop(check);
  }

  /** Notes that the process runs. After a gap, renews all leases, and runs again what was found critical meanwhile. */
  #pass(): void {
    this.#gaps.pass();
    if (this.#gaps.count === this.#gapsSeen) return;
    this.#gapsSeen = this.#gaps.count;
    this.#options.log('warn', 'the process did not run for a while; leases are renewed and checks run again');
    this.#reports.holdUntil(this.#renewals.renewAll());
    const now = this.#clocks.monotonic();
    for (const check of this.#reports.dropCritical()) this.#wheel.set(check, now);
    for (const checks of this.#instances.values()) for (const check of checks.values()) check.forgetTime();
  }

  #runMore(): void {
    for (;;) {
      if (this.#running >= RUNS_MAX_COUNT) return;
      const slow = this.#slowRunning < SLOW_RUNS_MAX_COUNT ? this.#slowReady.shift() : undefined;
      const check = slow ?? this.#ready.shift();
      if (check === undefined) return;
      if (!check.isOver && check.run === undefined) void this.#run(check);
    }
  }

  async #run(check: RunningCheck): Promise<void> {
    const { isSlow } = check;
    const gaps = this.#gapsSeen;
    const controller = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      controller.abort();
    }, timeoutMs(check.definition));
    check.run = controller;
    this.#running += 1;
    if (isSlow) this.#slowRunning += 1;
    const result = await this.#options.run(check.definition, check.instance.address, controller.signal);
    clearTimeout(timer);
    check.run = undefined;
    this.#running -= 1;
    if (isSlow) this.#slowRunning -= 1;
    check.isSlow = isLate;
    this.#pass();
    if (!check.isOver) this.#finish(check, result, gaps);
    this.#runMore();
  }

  #finish(check: RunningCheck, result: CheckResult, gaps: number): void {
    const now = this.#clocks.monotonic();
    if (gaps !== this.#gapsSeen && result.status === 'critical') {
      // The run may have failed because this process did not run.
      check.isSlow = false;
      this.#wheel.set(check, now);
      return;
    }
    const change = check.finish(result, now);
    if (change !== undefined) this.#reports.add(check, change);
    this.#wheel.set(check, now + check.intervalMs);
    if (check.endsInstance(now)) void this.#deregister(check);
  }

  async #deregister({ instance }: RunningCheck): Promise<void> {
    if (this.#deregistering.has(instance.name)) return;
    this.#deregistering.add(instance.name);
    try {
      await this.#options.registry.deregister(instance);
      this.remove(instance.name);
    } catch (error) {
      const facts = { instance: instance.name, error: String(error) };
      this.#options.log('warn', 'an instance that was critical for too long could not be removed', facts);
    } finally {
      this.#deregistering.delete(instance.name);
    }
  }
}

/** Reports whether a check is still the one that runs. */
function isSame(known: RunningCheck, { address }: CheckedInstance, definition: ProbeDefinition): boolean {
  if (known.instance.address !== address) return false;
  return JSON.stringify(known.definition) === JSON.stringify(definition);
}
