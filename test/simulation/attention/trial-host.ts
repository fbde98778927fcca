import type { SeededRandom } from '../seeded-random';
import type { VirtualTime } from '../virtual-time';
import type { Ending, HostKind, PingTime, Subject, SubjectFactory, SubjectHost } from './subject';

const TICK_MS = 250;
const HIBERNATE_AFTER_MS = 10_000;
const ALARM_LATE_MAX_MS = 50;
const RESTART_MAX_MS = 500;
/** A turn that comes later than this after the time of a lost alarm arms a new one. */
const ALARM_LOST_MS = 1_000;
/** Queued messages are taken in over up to this long after a thaw. */
const DRAIN_MAX_MS = 200;

/** Fate of messages sent while the process is frozen or dead. */
export type Meanwhile = 'queued' | 'lost';

/** A time in which the registry received nothing, or a jump of its clock (then both are the same moment). */
export interface Fault {
  kind: 'freeze' | 'suspension' | 'crash' | 'jump';
  from: number;
  to: number;
}

export interface HostOptions {
  kind: HostKind;
  reconnectSpreadMs: number;
  /** Share of alarms that the platform loses. */
  alarmLoss: number;
  ended: (id: string, ending: Ending) => void;
}

type Outage = { meanwhile: Meanwhile; started: number };

/** A simulated host: clocks, one alarm or a tick, sockets, and all of their faults. */
export class TrialHost implements SubjectHost {
  readonly kind: HostKind;
  readonly reconnectSpreadMs: number;
  readonly faults: Fault[] = [];
  readonly subject: Subject;
  readonly #time: VirtualTime;
  readonly #random: SeededRandom;
  readonly #options: HostOptions;
  readonly #sockets = new Map<string, PingTime>();
  readonly #queue: (() => void)[] = [];
  readonly #lostSockets = new Set<() => void>();
  #wallOffset = Date.UTC(2026, 0, 1);
  #monotonicOffset = 0;
  #frozen: Outage | undefined;
  #away: Outage | undefined;
  #process = 0;
  #due: (() => void)[] = [];
  #armed: number | null = null;
  #arming = 0;
  #lastEvent = 0;
  #awake = false;
  /** On `cloudflare`, a fault that no event has followed: it lasts until the first event, or alarm, after `to`. */
  #unnoticed: { fault: Fault; to: number; byAlarm: boolean } | undefined;

  constructor(time: VirtualTime, random: SeededRandom, factory: SubjectFactory, options: HostOptions) {
    this.#time = time;
    this.#random = random;
    this.#options = options;
    this.kind = options.kind;
    this.reconnectSpreadMs = options.reconnectSpreadMs;
    this.subject = factory(this);
    this.#start();
  }

  wall(): number {
    return this.#time.now + this.#wallOffset;
  }

  monotonic(): number {
    return this.kind === 'cloudflare' ? this.wall() : this.#time.now + this.#monotonicOffset;
  }

  armedFor(): number | null {
    return this.#armed;
  }

  arm(at: number): void {
    this.#armed = at;
    this.#watchAlarm(this.#random.chance(this.#options.alarmLoss));
  }

  after(delayMs: number, work: () => void): void {
    const process = this.#process;
    this.#time.after(delayMs, () => {
      if (process !== this.#process) return;
      if (this.#frozen === undefined) work();
      else this.#due.push(() => process === this.#process && work());
    });
  }

  lastPing(id: string): PingTime | undefined {
    return this.#sockets.get(id);
  }

  ended(id: string, ending: Ending): void {
    this.#options.ended(id, ending);
  }

  /** Sends a request that reaches the registry after a few milliseconds. Resolves to undefined if it is lost. */
  async call<T>(work: (subject: Subject) => Promise<T>): Promise<T | undefined> {
    await this.#wire();
    const answer = await new Promise<T | undefined>((resolve) => this.#arrive(work, resolve));
    await this.#wire();
    return answer;
  }

  /** Opens a socket for a session; `lost` is called when it breaks. */
  openSocket(id: string, lost: () => void): void {
    this.#sockets.set(id, this.#pingTime());
    this.#lostSockets.add(lost);
  }

  /** Delivers a ping over a live socket: queued while the process is frozen, since TCP keeps it. */
  ping(id: string, received: () => void): void {
    if (this.#frozen !== undefined) {
      this.#queue.push(() => this.ping(id, received));
      return;
    }
    if (this.#away !== undefined || !this.#sockets.has(id)) return;
    this.#sockets.set(id, this.#pingTime());
    received();
  }

  /** Stops the process for a while. With `suspended`, its monotonic clock stops too. */
  freeze(lengthMs: number, meanwhile: Meanwhile, suspended = false): void {
    if (this.#frozen !== undefined || this.#away !== undefined) return;
    this.#frozen = { meanwhile, started: this.#time.now };
    this.#time.after(lengthMs, () => {
      if (suspended) this.#monotonicOffset -= lengthMs;
      this.#thaw(suspended ? 'suspension' : 'freeze');
    });
  }

  /** Kills the process. It is back after `awayMs`; without it, as soon as a supervisor is. */
  crash(awayMs?: number, meanwhile: Meanwhile = 'lost'): void {
    if (this.#frozen !== undefined || this.#away !== undefined) return;
    this.#process += 1;
    this.#awake = false;
    this.#due = [];
    this.subject.crash();
    this.#sockets.clear();
    const lost = [...this.#lostSockets];
    this.#lostSockets.clear();
    this.#away = { meanwhile, started: this.#time.now };
    const back = this.kind === 'resident' ? this.#random.whole(20, RESTART_MAX_MS) : this.#random.whole(0, 20);
    this.#time.after(awayMs ?? back, () => this.#thaw('crash'));
    for (const notify of lost) notify();
  }

  /** Sets the wall clock forward, or back if `byMs` is negative. */
  jump(byMs: number): void {
    this.#wallOffset += Math.round(byMs);
    this.faults.push({ kind: 'jump', from: this.#time.now, to: this.#time.now });
    if (this.#armed !== null) this.#watchAlarm(false);
  }

  #start(): void {
    if (this.kind === 'cloudflare') return;
    // The first start is a gap like any other.
    if (this.faults.length === 0) this.faults.push({ kind: 'crash', from: this.#time.now, to: this.#time.now });
    this.subject.start();
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    this.after(TICK_MS, () => {
      this.subject.tick();
      this.#scheduleTick();
    });
  }

  /** Brings the process back: timers and messages in either order, messages in the order they were sent. */
  #thaw(kind: 'freeze' | 'suspension' | 'crash'): void {
    const outage = this.#frozen ?? this.#away;
    if (outage !== undefined) this.#lastsUntilNoticed({ kind, from: outage.started, to: this.#time.now }, 0);
    this.#frozen = undefined;
    this.#away = undefined;
    if (kind === 'crash') this.#start();
    const due = this.#due;
    this.#due = [];
    const queue = this.#queue.splice(0);
    const timersFirst = this.#random.chance(0.5);
    const drainMs = this.#random.chance(0.5) ? 0 : this.#random.whole(1, DRAIN_MAX_MS);
    if (timersFirst) for (const work of due) work();
    queue.forEach((work, index) => {
      if (drainMs === 0) work();
      else this.#time.after((drainMs * index) / queue.length, work);
    });
    if (!timersFirst) for (const work of due) work();
  }

  /** Notes a fault. On `cloudflare` an alarm that is lost, or an object that is gone, is noticed by the next event. */
  #lastsUntilNoticed(fault: Fault, afterMs: number): void {
    this.faults.push(fault);
    if (this.kind === 'resident') return;
    const byAlarm = fault.kind === 'crash' && this.subject.noticesCrashesByAlarm === true;
    this.#unnoticed = { fault, to: fault.to + afterMs, byAlarm };
    fault.to = Number.POSITIVE_INFINITY;
  }

  #arrive<T>(work: (subject: Subject) => Promise<T>, resolve: (answer: T | undefined) => void): void {
    const outage = this.#frozen ?? this.#away;
    if (outage !== undefined) {
      if (outage.meanwhile === 'lost') resolve(undefined);
      else this.#queue.push(() => this.#arrive(work, resolve));
      return;
    }
    this.#touch();
    const process = this.#process;
    void work(this.subject).then((answer) => resolve(process === this.#process ? answer : undefined));
  }

  /** Delivers the alarm when the wall clock reaches its time, a little late, or never if it is lost. */
  #watchAlarm(lost: boolean): void {
    const arming = ++this.#arming;
    if (this.#armed === null) return;
    const delayMs = this.#armed - this.wall() + this.#random.whole(0, ALARM_LATE_MAX_MS);
    const fire = () => {
      if (arming !== this.#arming || this.#armed === null) return;
      if (this.#frozen !== undefined || this.#away !== undefined) {
        this.#due.push(fire);
        return;
      }
      if (lost) {
        this.#lastsUntilNoticed({ kind: 'freeze', from: this.#time.now, to: this.#time.now }, ALARM_LOST_MS);
        return;
      }
      const scheduledFor = this.#armed;
      this.#armed = null;
      this.#touch(true);
      void this.subject.alarm(scheduledFor);
    };
    this.#time.after(delayMs, fire);
  }

  /** Notes an event, and hibernates when none has followed for a while. */
  #touch(isAlarm = false): void {
    this.#lastEvent = this.#time.now;
    const unnoticed = this.#unnoticed;
    if (unnoticed !== undefined && this.#time.now >= unnoticed.to && (isAlarm || !unnoticed.byAlarm)) {
      unnoticed.fault.to = this.#time.now;
      this.#unnoticed = undefined;
    }
    if (this.kind === 'resident' || this.#awake) return;
    this.#awake = true;
    this.#sleepWhenIdle(HIBERNATE_AFTER_MS);
  }

  #sleepWhenIdle(afterMs: number): void {
    const process = this.#process;
    this.#time.after(afterMs, () => {
      if (process !== this.#process || !this.#awake) return;
      const idleMs = this.#time.now - this.#lastEvent;
      if (idleMs < HIBERNATE_AFTER_MS) return this.#sleepWhenIdle(HIBERNATE_AFTER_MS - idleMs);
      if (this.#frozen !== undefined) return this.#sleepWhenIdle(HIBERNATE_AFTER_MS);
      this.#awake = false;
      this.#process += 1;
      this.subject.hibernate();
    });
  }

  #pingTime(): PingTime {
    return { wall: this.wall(), monotonic: this.monotonic() };
  }

  #wire(): Promise<void> {
    return new Promise((resolve) => this.#time.after(this.#random.whole(0, 15), resolve));
  }
}
