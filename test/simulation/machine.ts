import type { Retention } from '../../src/core/namespace/commit/journal';
import { Registry } from '../../src/core/namespace/core';
import { newCounters } from '../../src/core/platform/counters';
import type { Platform } from '../../src/core/platform/platform';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import { RegistryError, type RegistryErrorCode } from '../../src/model/errors';
import { ATTENTION_PASS_MS } from '../../src/model/limits';
import { type AlarmFaults, FaultyAlarm } from './faulty-alarm';
import { Crash, FaultyDisk } from './faulty-disk';
import { MachineClock } from './machine-clock';
import { ProcessTime } from './process-time';
import type { SeededRandom } from './seeded-random';
import { type Sent, SimulatedSockets } from './simulated-sockets';
import type { Happening, VirtualTime } from './virtual-time';

/** Outcome of a call, as its caller sees it. `heardAt` is when it reached the registry, if it did. */
export type Reply<T> =
  | { kind: 'answer'; value: T; heardAt: number }
  | { kind: 'refusal'; code: RegistryErrorCode; heardAt: number }
  /** No answer: the registry was down, or died meanwhile. If the call was heard, it may have taken effect. */
  | { kind: 'lost'; heardAt: number | undefined };

/** A call in the world: its name in the trace, how it is made, and a check of its answer. */
export interface Call<T> {
  name: string;
  ask: (registry: Registry) => Promise<T>;
  /** Called at the moment the answer leaves the registry: everything in it must be durable now. */
  onAnswer?: (value: T, heardAt: number) => void;
}

/** Callbacks about the machine. */
export interface MachineWatcher<Probe> {
  trace: (event: string) => void;
  /** Reads the facts from the disk that are compared with answers. */
  probe: (storage: SqlStorage) => Probe;
  /** The registry is about to read its clock; for a call or the alarm, also to arm the alarm. */
  active: (what: 'call' | 'alarm' | 'tick') => void;
  /** The process died; the disk is as the crash left it. */
  died: () => void;
  restarted: () => void;
  /** The registry was loaded into memory again. */
  woke: () => void;
  /** The registry found a gap in its attention. */
  missed: () => void;
  thawed: () => void;
  alarmRan: () => void;
  /** The state of the registry now, when a frame leaves it. */
  sent: () => Sent;
  /** A violation. */
  failed: (invariant: string, what: string) => void;
}

/** Properties of a machine. */
export interface MachineTraits {
  alarm: AlarmFaults;
  /** True if it provides a monotonic clock and ticks, as the resident host does. */
  ticks?: boolean | undefined;
  isDrowsy?: boolean | undefined;
  retention?: Retention | undefined;
}

/** Time on the wire, each way, in milliseconds. */
const WIRE_MS = { from: 0, to: 15 };

/** The platform drops an object from memory after this time without an event. Source: Cloudflare's documentation. */
const HIBERNATION_MS = 10_000;

/** Time after which a caller gives up if its request is lost. */
const TIMEOUT_MS = { from: 100, to: 1_000 };

const LOST = { kind: 'lost', heardAt: undefined } as const;

/** One life of the process: its pending calls are lost when it ends. */
interface Life {
  alive: boolean;
  registry: Registry | undefined;
  /** The process's tick, on a machine that ticks; runs while the registry is in memory. */
  tick: Happening | undefined;
  pending: Set<() => void>;
}

/**
 * The registry's host: one process on one machine, which may lose its memory, die, stay down and come back. It simulates the
 * Durable Object's platform, with a faulty disk, alarm and clock.
 */
export class Machine<Probe> {
  readonly clock: MachineClock;
  readonly disk: FaultyDisk<Probe>;
  readonly alarm: FaultyAlarm;
  readonly sockets: SimulatedSockets;
  readonly #retention: Retention | undefined;
  readonly #ticks: boolean;
  readonly #staysAwakeMs: number;
  readonly #time: VirtualTime;
  readonly #process: ProcessTime;
  readonly #random: SeededRandom;
  readonly #watcher: MachineWatcher<Probe>;
  #life: Life = newLife();
  /** When the process started, in the world's time: its monotonic clock starts at some earlier time. */
  #startedAt = 0;
  #sameProcess = false;
  #away = false;
  /** When the registry was last called, or its alarm ran. */
  #usedAt = 0;

  constructor(time: VirtualTime, random: SeededRandom, traits: MachineTraits, watcher: MachineWatcher<Probe>) {
    this.#time = time;
    this.#random = random;
    this.#watcher = watcher;
    this.clock = new MachineClock(time);
    this.#ticks = traits.ticks ?? false;
    this.#staysAwakeMs = traits.isDrowsy ? 0 : HIBERNATION_MS;
    this.#process = new ProcessTime(time, random.fork());
    this.disk = new FaultyDisk({
      time: this.#process,
      random: random.fork(),
      probe: watcher.probe,
      died: () => this.#end(),
    });
    this.alarm = new FaultyAlarm({
      time: this.#process,
      random: random.fork(),
      clock: this.clock,
      disk: this.disk,
      faults: traits.alarm,
      run: (dueAt) => this.#runAlarm(dueAt),
      onProblem: watcher.failed,
    });
    this.#retention = traits.retention;
    this.sockets = new SimulatedSockets({
      time,
      random: random.fork(),
      clock: this.clock,
      deliver: (name, ask) => void this.#deliver({ name, ask }),
      arrive: (work) => this.#process.arrive(work),
      hostNow: () => this.#hostNow(),
      sent: watcher.sent,
    });
  }

  /** Returns whether its process is frozen: then nothing runs in it. */
  get isFrozen(): boolean {
    return this.#process.isFrozen;
  }

  /** Returns whether the process survived the last crash. */
  get sameProcess(): boolean {
    return this.#sameProcess;
  }

  /** Returns whether calls reach the registry. */
  get up(): boolean {
    return !this.#away;
  }

  /** Returns whether the registry is in memory. */
  get awake(): boolean {
    return this.#life.registry !== undefined;
  }

  /** Returns whether no call, alarm or sync is pending. */
  get idle(): boolean {
    return this.up && !this.isFrozen && this.#life.pending.size === 0 && !this.disk.syncing && !this.alarm.running;
  }

  /** Returns whether the platform may drop the registry from memory. */
  get mayHibernate(): boolean {
    return this.awake && this.idle && !this.#ticks && this.#time.now - this.#usedAt >= this.#staysAwakeMs;
  }

  /** Sends a call over the wire, and resolves when its outcome reaches the caller. */
  async call<T>(call: Call<T>): Promise<Reply<T>> {
    await this.#wire();
    const reply = this.up && (await this.#arrives()) ? await this.#ask(call) : LOST;
    await this.#wire();
    return reply;
  }

  /** Freezes the process, as SIGSTOP does: its memory and its sockets survive. */
  freeze(ms: number, losesMessages: boolean): void {
    this.#process.freeze(ms, losesMessages, () => this.#watcher.thawed());
  }

  /** Resolves when a message reaches the registry; to false if it never will, once its sender has given up. */
  #arrives(): Promise<boolean> {
    return new Promise((resolve) => {
      const { pending } = this.#life;
      const lose = () => resolve(false);
      pending.add(lose);
      const heard = (isHeard: boolean) => {
        pending.delete(lose);
        resolve(isHeard && this.up);
      };
      this.#process.arrive(
        () => heard(true),
        () => void this.#time.after(this.#random.whole(TIMEOUT_MS.from, TIMEOUT_MS.to), () => heard(false)),
      );
    });
  }

  /** Drops the registry from memory, as a hibernating Durable Object. The process survives. */
  hibernate(): void {
    this.#watcher.trace('hibernates');
    this.#life = newLife();
    this.sockets.slept();
  }

  /** Sets the clock. */
  jump(ms: number): void {
    this.clock.jump(ms);
    this.alarm.clockJumped();
  }

  /** Kills the process at a coming storage step: the next one is 1. */
  crashIn(steps: number): void {
    this.disk.crashIn(steps);
  }

  /** Kills the process now. */
  crash(): void {
    this.disk.die();
  }

  /** Drops everything in memory. Mostly the process ends too; sometimes only the object is reset. */
  #end(): void {
    const { pending, tick } = this.#life;
    this.#life.alive = false;
    this.#away = true;
    tick?.cancel();
    this.#process.died();
    this.alarm.machineDied();
    this.#life = newLife();
    this.sockets.died();
    for (const lose of pending) lose();
    this.#sameProcess = this.#random.chance(0.2);
    this.#watcher.died();
  }

  /** Restarts the machine after {@link crash}. */
  restart(): void {
    this.disk.restart();
    this.#away = false;
    this.#startedAt = this.#time.now;
    this.#watcher.restarted();
    this.alarm.machineRestarted();
  }

  /** Delivers a message of a socket, which needs no answer. */
  async #deliver(call: Call<void>): Promise<void> {
    if (this.up) await this.#ask(call);
  }

  #ask<T>(call: Call<T>): Promise<Reply<T>> {
    const life = this.#life;
    const heardAt = this.#time.now;
    this.#usedAt = heardAt;
    return new Promise((resolve) => {
      const lose = () => resolve({ kind: 'lost', heardAt });
      const done = (reply: Reply<T>) => {
        if (!life.alive) return;
        life.pending.delete(lose);
        resolve(reply);
      };
      life.pending.add(lose);
      const registry = this.#wake(life);
      if (registry === undefined) return;
      this.#watcher.active('call');
      call.ask(registry).then(
        (value) => {
          if (!life.alive) return;
          call.onAnswer?.(value, heardAt);
          done({ kind: 'answer', value, heardAt });
        },
        (error: unknown) => {
          if (!life.alive) return;
          if (!(error instanceof RegistryError)) this.#watcher.failed('I10', `${call.name} threw ${describe(error)}`);
          else if (error.code === 'UNAVAILABLE') done({ kind: 'lost', heardAt });
          else done({ kind: 'refusal', code: error.code, heardAt });
        },
      );
    });
  }

  /** Returns the registry, after waking it if necessary; undefined if that killed the process. */
  #wake(life: Life): Registry | undefined {
    if (!life.alive) return undefined;
    if (life.registry !== undefined) return life.registry;
    try {
      const registry = Registry.wake(this.#platform(life), this.#retention);
      if (!life.alive) return undefined;
      life.registry = registry;
      this.#watcher.woke();
      if (this.#ticks) this.#tick(life, registry);
    } catch (error) {
      this.#survive(life, 'waking', error);
    }
    return life.registry;
  }

  async #runAlarm(dueAt: number): Promise<boolean> {
    if (!this.up) return false;
    const life = this.#life;
    const registry = this.#wake(life);
    if (registry === undefined) return false;
    this.#usedAt = this.#time.now;
    this.#watcher.trace(`alarm, ${this.alarm.lateness} ms late`);
    this.#watcher.active('alarm');
    await new Promise<void>((resolve) => {
      life.pending.add(resolve);
      const ran = registry.alarm(dueAt).catch((error: unknown) => this.#survive(life, 'the alarm', error));
      void ran.then(() => {
        life.pending.delete(resolve);
        resolve();
      });
    });
    if (life.alive) this.#watcher.alarmRan();
    return life.alive;
  }

  /** Handles an error outside of any call: the platform would restart the object. */
  #survive(life: Life, where: string, error: unknown): void {
    if (!life.alive) return;
    if (isDiskFailure(error)) this.disk.die();
    else this.#watcher.failed('I10', `${where} threw ${describe(error)}`);
  }

  #platform(life: Life): Platform {
    return {
      storage: this.disk.mount(),
      clock: this.clock,
      monotonic: this.#ticks ? { now: () => this.#hostNow() } : undefined,
      random: { fraction: () => this.#random.fraction(), id: () => this.#random.id() },
      alarm: this.alarm.mount(() => life.alive),
      claimsOf: () => [],
      nextTurn: () => new Promise((resolve) => void this.#process.after(this.#random.whole(0, 1), resolve)),
      connections: this.sockets,
      digest: async (secret) => `digest of ${secret}`,
      counters: newCounters(this.clock.now()),
      endedTokens: async () => [],
      audit: { begin: async () => 0, end: () => {} },
      erase: () => {
        throw new Error('no simulated namespace is erased');
      },
      abort: (reason) => {
        if (!life.alive) return;
        this.#watcher.trace(`aborts: ${reason}`);
        this.disk.die();
      },
      log: (level, message, facts) => {
        if (!life.alive) return;
        this.#watcher.trace(`${level}: ${message} ${JSON.stringify(facts ?? {})}`);
        if (message.startsWith('leases end later')) this.#watcher.missed();
        if (level === 'error' && !message.startsWith('a commit')) {
          this.#watcher.failed('I10', `${message} ${JSON.stringify(facts ?? {})}`);
        }
      },
    };
  }

  /** Returns the time by which leases are counted: of a separate clock on a machine that ticks. */
  #hostNow(): number {
    return this.#ticks ? this.#time.now - this.#startedAt + 1_000 : this.clock.now();
  }

  #tick(life: Life, registry: Registry): void {
    life.tick = this.#process.after(ATTENTION_PASS_MS, () => {
      if (!life.alive) return;
      this.#watcher.active('tick');
      registry.tick().catch((error: unknown) => this.#survive(life, 'a tick', error));
      this.#tick(life, registry);
    });
  }

  #wire(): Promise<void> {
    return new Promise((resolve) => this.#time.after(this.#random.whole(WIRE_MS.from, WIRE_MS.to), resolve));
  }
}

function newLife(): Life {
  return { alive: true, registry: undefined, tick: undefined, pending: new Set() };
}

const isDiskFailure = (error: unknown) =>
  error instanceof Crash || (error instanceof Error && error.message.includes('disk is full'));

const describe = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
