import { DEFAULT_RETENTION } from '../../src/core/namespace/commit/journal';
import { decodeCursor } from '../../src/model/cursor';
import { AttentionOracle } from './attention-oracle';
import { Chronicle } from './chronicle';
import { GrantedOracle } from './granted-oracle';
import { compactedRevision, headRevision, type JournaledRevision } from './journal-rows';
import { unlawful } from './lawful-revision';
import { LeaseOracle } from './lease-oracle';
import { type Call, Machine, type Reply } from './machine';
import { RowLedger } from './row-ledger';
import type { Scenario } from './scenario';
import type { SeededRandom } from './seeded-random';
import { SessionOracle } from './session-oracle';
import { Trace } from './trace';
import type { VirtualTime } from './virtual-time';

/** A look later than this is a gap. */
const LOOK_LATE_MS = 500;

/** Maximum time from the decision of a commit until the journal has it: two slow syncs. */
const COMMIT_MAX_MS = 3_000;

/** Returns the time between two looks of a host without a monotonic clock. Source: DESIGN.md section 5. */
function lookIntervalMs(shortestTtlMs: number): number {
  return Math.min(60_000, Math.max(2_000, shortestTtlMs / 6));
}

/** A violation of an invariant. */
export interface Problem {
  invariant: string;
  what: string;
}

/** An answer with a cursor; every answer has one. */
export interface Positioned {
  cursor: string;
}

/**
 * A simulated world: the machine with the registry, and all of its observers. Its clients call the registry through {@link
 * ask}, and report renewals to {@link leases}.
 */
export class World {
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly scenario: Scenario;
  readonly machine: Machine<number>;
  readonly chronicle: Chronicle;
  readonly attention: AttentionOracle;
  readonly leases: LeaseOracle;
  readonly sessions: SessionOracle;
  readonly granted: GrantedOracle;
  readonly ledger: RowLedger;
  readonly trace: Trace;
  readonly problems: Problem[] = [];
  /** Times in which the process was frozen, unless a crash ended them earlier. */
  readonly freezes: { from: number; to: number }[] = [];
  /** True if no more faults are injected, because the run is ending. */
  faultsRest = false;
  /** Called with each durable revision, and the time of its decision. */
  readonly onRevision: ((revision: JournaledRevision, at: number) => void)[] = [];
  #epoch: string | undefined;
  #newestAnswered = 0;
  #downSince = Number.NEGATIVE_INFINITY;
  #missedAt = Number.NEGATIVE_INFINITY;
  /** When the registry was last active: it knows its clock's time then. */
  #activeAt = Number.NEGATIVE_INFINITY;
  #mayHaveArmedAt = Number.NEGATIVE_INFINITY;
  /** Distance that the clock was set back since then; and earlier distances, which only its memory knows. */
  #unseenJumpMs = 0;
  #unsavedJumpMs = 0;
  #jumpedAt = Number.NEGATIVE_INFINITY;
  #waitingForMachine: (() => void)[] = [];
  counts = { calls: 0, answers: 0, refusals: 0, lost: 0, crashes: 0, hibernations: 0, jumps: 0, freezes: 0, alarms: 0 };

  constructor(time: VirtualTime, random: SeededRandom, scenario: Scenario, watched?: string) {
    this.time = time;
    this.random = random;
    this.scenario = scenario;
    const now = () => time.now;
    const onProblem = (invariant: string, what: string) => this.report(invariant, what);
    this.trace = new Trace(now, watched);
    this.attention = new AttentionOracle(now, onProblem);
    this.leases = new LeaseOracle({ now, onProblem, attention: this.attention });
    this.sessions = new SessionOracle({ now, onProblem });
    this.machine = new Machine(time, random.fork(), scenario, {
      trace: (event) => this.trace.add(event),
      probe: headRevision,
      active: (what) => {
        this.#active();
        if (time.now - this.machine.alarm.dueAt > LOOK_LATE_MS) this.attention.troubled('an alarm is late');
        this.attention.active();
        if (what !== 'tick') this.#mayHaveArmedAt = time.now;
      },
      woke: () => this.ledger.woke(),
      died: () => this.#died(),
      restarted: () => this.#restarted(),
      missed: () => {
        this.attention.missed(this.#downSince > this.#missedAt ? this.sessions.spreadMs : 0);
        this.#missedAt = time.now;
        this.leases.missed();
        this.sessions.troubled();
        this.granted.troubled();
        this.ledger.missed();
      },
      thawed: () => {
        this.trace.add('thaws');
        this.leases.hears();
      },
      alarmRan: () => {
        this.counts.alarms += 1;
      },
      sent: () => {
        const { durable, plain } = this.machine.disk;
        return { at: time.now, durable, compacted: compactedRevision(plain) };
      },
      failed: (invariant, what) => this.report(invariant, what),
    });
    this.chronicle = new Chronicle({
      storage: () => this.machine.disk.plain,
      durable: () => this.machine.disk.durable,
      clock: () => this.machine.clock.now(),
      retention: scenario.retention ?? DEFAULT_RETENTION,
      onRevision: (revision) => this.#readRevision(revision),
      onProblem,
    });
    this.granted = new GrantedOracle({
      now,
      clock: () => this.machine.clock.now(),
      storage: () => this.machine.disk.plain,
      hasSteadyClock: scenario.clockJumps === null,
      leases: this.leases,
      onProblem,
    });
    this.ledger = new RowLedger({
      now,
      granted: this.granted.rows,
      rowsWritten: () => this.machine.disk.rowsWritten,
      chronicle: this.chronicle,
      onProblem,
    });
  }

  get failed(): boolean {
    return this.problems.length > 0;
  }

  /** Returns whether a recent time of the registry can be compared with the world's. */
  get clockIsSteady(): boolean {
    return this.time.now - this.#jumpedAt > COMMIT_MAX_MS;
  }

  /** Reports a violation: the run ends after this event. */
  report(invariant: string, what: string): void {
    this.trace.add(`PROBLEM ${invariant}: ${what}`);
    this.problems.push({ invariant, what });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.time.after(ms, resolve));
  }

  /** Resolves once calls reach the registry. Earlier attempts would only fail. */
  untilUp(): Promise<void> {
    return this.machine.up ? Promise.resolve() : new Promise((resolve) => this.#waitingForMachine.push(resolve));
  }

  /** Calls the registry. `check` is called at the moment of the answer, with its revision. */
  async ask<T extends Positioned>(
    call: Call<T>,
    check?: (value: T, heardAt: number, revision: number) => void,
  ): Promise<Reply<T>> {
    this.counts.calls += 1;
    let answeredBefore = 0;
    const reply = await this.machine.call({
      name: call.name,
      ask: (registry) => {
        answeredBefore = this.#newestAnswered;
        if (this.trace.watches(call.name)) this.trace.add(call.name);
        return call.ask(registry);
      },
      onAnswer: (value, heardAt) => {
        const revision = this.#checkCursor(call.name, value.cursor, answeredBefore);
        check?.(value, heardAt, revision);
      },
    });
    if (this.trace.watches(call.name)) this.trace.add(`${call.name}: ${JSON.stringify(reply)}`);
    if (reply.kind === 'answer') this.counts.answers += 1;
    else if (reply.kind === 'refusal') this.counts.refusals += 1;
    else this.counts.lost += 1;
    return reply;
  }

  /** Makes the machine die at one of the next storage steps, or else within a minute. */
  crashSoon(): void {
    const { crashes } = this.counts;
    this.machine.crashIn(this.random.whole(1, 60));
    this.time.after(this.random.magnitude(10, 60_000), () => {
      if (this.counts.crashes === crashes && this.machine.up) this.machine.crash();
    });
  }

  /** Drops the registry from memory as soon as the platform may. */
  hibernate(): void {
    if (!this.machine.awake) return;
    this.#when(
      () => this.machine.mayHibernate,
      () => {
        // The look that should store renewals has not come.
        const isLate = this.machine.alarm.dueAt < this.time.now;
        if (isLate || this.scenario.isDrowsy) this.attention.troubled('an alarm is late');
        this.counts.hibernations += 1;
        this.#forgetJumps();
        this.machine.hibernate();
      },
    );
  }

  /** Freezes the process; arriving messages are queued or lost. */
  freeze(ms: number): void {
    const { machine, random, leases, attention } = this;
    if (!machine.up || machine.isFrozen) return;
    const isLosing = random.chance(0.5);
    this.trace.add(`freezes for ${Math.round(ms)} ms, and messages are ${isLosing ? 'lost' : 'queued'}`);
    this.counts.freezes += 1;
    this.freezes.push({ from: this.time.now, to: this.time.now + ms });
    attention.troubled('the process froze');
    leases.deaf();
    machine.freeze(ms, isLosing);
  }

  jump(ms: number): void {
    this.trace.add(`the clock jumps by ${ms} ms`);
    this.counts.jumps += 1;
    this.#jumpedAt = this.time.now;
    this.granted.troubled();
    this.attention.troubled('the clock jumped');
    // With a monotonic clock, jumps do not affect leases.
    if (this.scenario.ticks !== true) this.#shiftLeases(ms);
    this.machine.jump(ms);
  }

  #shiftLeases(ms: number): void {
    if (ms < 0) {
      if (this.machine.awake) this.#unseenJumpMs -= ms;
      else this.leases.delayed(-ms);
    } else if (ms < lookIntervalMs(this.leases.shortestTtlMs) + 2 * LOOK_LATE_MS) this.leases.hastened(ms);
  }

  /** Makes the checks that require an idle moment in the next one. */
  checkUp(): void {
    this.#when(
      () => this.machine.idle,
      () => {
        this.chronicle.follow();
        if (this.chronicle.replica.revision > 0) this.ledger.close();
        this.#checkAlarm();
        if (this.machine.alarm.dueAt > this.time.now) this.sessions.check(this.chronicle.replica);
      },
    );
  }

  /** Acts in the next suitable moment, unless none comes soon. */
  #when(isRight: () => boolean, act: () => void, triesLeft = 500): void {
    if (isRight()) act();
    else if (triesLeft > 0) this.time.after(7, () => this.#when(isRight, act, triesLeft - 1));
  }

  #checkCursor(name: string, cursor: string, answeredBefore: number): number {
    const position = decodeCursor(cursor);
    if (position === undefined) {
      this.report('Q1', `${name} was answered with the cursor ${cursor}`);
      return 0;
    }
    const { epoch, revision } = position;
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) this.report('S2', `${name} was answered in epoch ${epoch}, not ${this.#epoch}`);
    const { durable } = this.machine.disk;
    if (revision > durable) this.report('I3', `${name} was answered at revision ${revision}; durable is ${durable}`);
    if (revision < answeredBefore) {
      this.report(
        'I4',
        `${name} was answered at revision ${revision}, and revision ${answeredBefore} was reported before`,
      );
    }
    this.#newestAnswered = Math.max(this.#newestAnswered, revision);
    this.chronicle.follow();
    return revision;
  }

  #readRevision(revision: JournaledRevision): void {
    const at = this.#timeOf(revision);
    for (const { key, cause, after } of revision.entries) {
      if (this.trace.watches(key))
        this.trace.add(`journal ${at}: ${revision.revision} ${key} ${cause} ${after?.lease}`);
    }
    for (const change of revision.changes) {
      if (this.trace.watches(change.id))
        this.trace.add(`journal ${at}: ${revision.revision} ${JSON.stringify(change)}`);
      if (change.kind !== 'instance') continue;
      const { cause } = change;
      if (cause === 'expired' || cause === 'unhealthy') this.leases.ranOut(change, cause, at);
      if (change.after === null) this.leases.released(change, at);
    }
    this.sessions.revised(revision, at, this.chronicle.replica);
    this.granted.revised(revision, at, this.chronicle.replica);
    for (const problem of unlawful(revision)) this.report(...problem);
    for (const listener of this.onRevision) listener(revision, at);
  }

  /** Returns when a revision was decided, in the world's time; now, if the clock jumped since and the time is unknown. */
  #timeOf({ at }: JournaledRevision): number {
    const { now } = this.time;
    const decidedAt = this.machine.clock.timeAt(at);
    const isRecent = decidedAt <= now && decidedAt >= now - COMMIT_MAX_MS;
    const isFromBefore = decidedAt <= this.#downSince && decidedAt >= this.#downSince - COMMIT_MAX_MS;
    return isRecent || isFromBefore ? decidedAt : now;
  }

  #died(): void {
    const { time, scenario, random, machine } = this;
    this.counts.crashes += 1;
    this.#downSince = time.now;
    this.#forgetJumps();
    this.attention.troubled('a crash');
    this.leases.deaf();
    this.ledger.died();
    // An object that is only reset is back at once, in the same process.
    const awayMs = machine.sameProcess
      ? random.whole(0, 50)
      : random.magnitude(scenario.outageMs.from, scenario.outageMs.to);
    this.trace.add(`crashes for ${Math.round(awayMs)} ms`);
    time.after(awayMs, () => machine.restart());
  }

  #restarted(): void {
    this.trace.add(`restarts; durable is revision ${this.machine.disk.durable}`);
    this.leases.hears();
    this.sessions.troubled();
    this.granted.troubled();
    this.chronicle.compareAfterCrash();
    const waiting = this.#waitingForMachine;
    this.#waitingForMachine = [];
    for (const resolve of waiting) resolve();
  }

  /**
   * The registry reads its clock. If it shows less than last time, it continues from there, and the elapsed time is lost.
   */
  #active(): void {
    const lostMs = Math.min(this.#unseenJumpMs, this.time.now - this.#activeAt);
    this.leases.delayed(lostMs);
    this.#unsavedJumpMs += this.#unseenJumpMs - lostMs;
    this.#unseenJumpMs = 0;
    this.#activeAt = this.time.now;
  }

  /** Its memory is lost, with the distance that the clock was set back: leases last that much longer. */
  #forgetJumps(): void {
    this.leases.delayed(this.#unseenJumpMs + this.#unsavedJumpMs);
    this.#unseenJumpMs = 0;
    this.#unsavedJumpMs = 0;
  }

  /** Checks that an alarm is armed by the earliest deadline, and so that no earlier deadline was left over. */
  #checkAlarm(): void {
    // A clock that was set back is noticed only at the next look.
    if (this.#mayHaveArmedAt <= this.#jumpedAt) return;
    const instances: { key: { group: string; service: string; id: string }; healthy: boolean }[] = [];
    for (const [key, { text }] of this.chronicle.replica.records()) {
      if (key.kind === 'instance') instances.push({ key, healthy: !text.includes('"healthy":false') });
    }
    const { at, name } = this.leases.earliestDeadline([...instances, ...this.granted.dueOnDisk()]);
    if (at === Number.POSITIVE_INFINITY) return;
    const armedAt = this.machine.alarm.dueAt;
    if (armedAt > at + 1_000) {
      this.report('I6', `${name} is due at ${at}, and the alarm stands at ${armedAt}; it is ${this.time.now}`);
    }
  }
}
