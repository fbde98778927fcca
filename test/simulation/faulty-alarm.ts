import type { Alarm } from '../../src/core/platform/platform';
import { LOOK_LATE_MS } from '../../src/model/limits';
import type { FaultyDisk } from './faulty-disk';
import type { MachineClock } from './machine-clock';
import type { ProcessTime } from './process-time';
import type { SeededRandom } from './seeded-random';
import type { Happening } from './virtual-time';

/** Shares of alarms that are late, and of those that fire again. */
export interface AlarmFaults {
  seconds: number;
  minutes: number;
  hours: number;
  again: number;
}

export interface FaultyAlarmParts {
  time: Pick<ProcessTime, 'now' | 'after'>;
  random: SeededRandom;
  clock: MachineClock;
  disk: FaultyDisk<unknown>;
  faults: AlarmFaults;
  /** Runs the registry's handler. Resolves to false if the machine was down or died in it. */
  run: (dueAt: number) => Promise<boolean>;
  onProblem: (invariant: string, what: string) => void;
}

const TABLE = 'CREATE TABLE IF NOT EXISTS platform_alarm (id INTEGER PRIMARY KEY, at INTEGER)';

/**
 * The platform's alarm. It is stored on the registry's disk, in the order of its writes, as Durable Objects do, so that it
 * is lost or survives with the transactions around it. It fires on time or late, once or twice.
 */
export class FaultyAlarm {
  readonly #parts: FaultyAlarmParts;
  #at: number | null = null;
  #running = false;
  #planned: Happening | undefined;
  /** Number of past lives of the machine. */
  #lives = 0;
  #dead = false;
  /** Number of times it was armed: each writes a row. */
  armings = 0;
  /** Due time of the current or latest alarm, by the registry's clock. */
  #dueAt = 0;

  constructor(parts: FaultyAlarmParts) {
    this.#parts = parts;
    this.#read();
  }

  /** Returns the time for which it is armed, by the registry's clock; null while the handler runs. */
  get armedFor(): number | null {
    return this.#at;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Returns the lateness of the latest alarm, in milliseconds of the clock. */
  get lateness(): number {
    return this.#parts.clock.now() - this.#dueAt;
  }

  /** Returns the due time of the next or running alarm, in the world's time; infinite if there is none. */
  get dueAt(): number {
    const at = this.#running ? this.#dueAt : this.#at;
    return at === null ? Number.POSITIVE_INFINITY : this.#parts.clock.timeAt(at);
  }

  /** Returns the alarm as one run of the process sees it. */
  mount(isAlive: () => boolean): Alarm {
    const { disk, clock, onProblem } = this.#parts;
    return {
      armedFor: () => this.#at,
      arm: (at) => {
        if (!isAlive()) return;
        const isOverdue = this.#at !== null && this.#at < clock.now() - LOOK_LATE_MS;
        if (this.#at !== null && at >= this.#at && !isOverdue)
          onProblem('I8', `the alarm was armed for ${at}, but stood at ${this.#at}`);
        disk.strike();
        disk.plain.run('INSERT OR REPLACE INTO platform_alarm VALUES (1, ?)', at);
        this.armings += 1;
        this.#at = at;
        this.#plan();
        disk.strike();
      },
    };
  }

  /** The machine died: the alarm does not fire until the restart. */
  machineDied(): void {
    this.#planned?.cancel();
    this.#running = false;
    this.#dead = true;
    this.#lives += 1;
  }

  /** The machine is back: restores the alarm from its disk. */
  machineRestarted(): void {
    this.#dead = false;
    this.#read();
    this.#plan();
  }

  /** The clock was set: an alarm that is armed for an hour from now may be due now. */
  clockJumped(): void {
    if (!this.#dead && !this.#running) this.#plan();
  }

  #read(): void {
    const { disk } = this.#parts;
    disk.plain.run(TABLE);
    this.#at = null;
    for (const [at] of disk.plain.read('SELECT at FROM platform_alarm')) this.#at = Number(at);
  }

  #plan(): void {
    const { time, clock } = this.#parts;
    this.#planned?.cancel();
    if (this.#at === null) return;
    this.#planned = time.after(this.#at - clock.now() + this.#lateness(), () => void this.#fire());
  }

  async #fire(): Promise<void> {
    const { disk, random, time, faults } = this.#parts;
    if (this.#running) {
      this.#planned = time.after(1, () => void this.#fire());
      return;
    }
    this.#dueAt = this.#at ?? 0;
    this.#at = null;
    const ran = await this.#run();
    if (!ran) return;
    // The platform deletes an alarm only when its handler has finished; after a crash before that it fires again.
    if (this.#at === null) disk.plain.run('DELETE FROM platform_alarm');
    if (random.chance(faults.again)) time.after(random.whole(0, 2_000), () => void this.#again());
  }

  /**
   * Delivers an alarm twice, as at-least-once allows: nothing may be due any more, and the next one may be armed already.
   */
  async #again(): Promise<void> {
    if (!this.#running && !this.#dead) await this.#run();
  }

  /** Runs the handler. Returns whether it finished. */
  async #run(): Promise<boolean> {
    const life = this.#lives;
    this.#running = true;
    const ran = await this.#parts.run(this.#dueAt);
    if (life !== this.#lives) return false;
    this.#running = false;
    return ran;
  }

  #lateness(): number {
    const { random, faults } = this.#parts;
    const { seconds, minutes, hours } = faults;
    const kind = random.weighted({ none: 1 - seconds - minutes - hours, seconds, minutes, hours });
    if (kind === 'none') return random.whole(0, 20);
    if (kind === 'seconds') return random.whole(100, 10_000);
    return kind === 'minutes' ? random.whole(10_000, 600_000) : random.whole(600_000, 4 * 3_600_000);
  }
}
