import type { Alarm } from '../../src/core/platform/platform';
import { LOOK_LATE_MS } from '../../src/model/limits';
import type { FaultyDisk } from './faulty-disk';
import type { MachineClock } from './machine-clock';
import type { ProcessTime } from './process-time';
import type { SeededRandom } from './seeded-random';
import type { Happening } from './virtual-time';

/** How late alarms are, as shares of all, and how often one that has run comes again. */
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
  /** Runs the registry's handler. False if the machine died in it, or was not there to run it. */
  run: (dueAt: number) => Promise<boolean>;
  onProblem: (invariant: string, what: string) => void;
}

const TABLE = 'CREATE TABLE IF NOT EXISTS platform_alarm (id INTEGER PRIMARY KEY, at INTEGER)';

/**
 * The platform's alarm: kept on the disk of the registry, in the order of its writes, as Durable Objects keep theirs, so
 * that it is lost or survives together with the transactions around it. It comes on time or late, once or twice.
 */
export class FaultyAlarm {
  readonly #parts: FaultyAlarmParts;
  #at: number | null = null;
  #running = false;
  #planned: Happening | undefined;
  /** Lives of the machine that are over. */
  #lives = 0;
  #dead = false;
  /** Times that it was armed: each is a row written. */
  armings = 0;
  /** When the one was due that comes now, or came last, as the registry's clock shows it. */
  #dueAt = 0;

  constructor(parts: FaultyAlarmParts) {
    this.#parts = parts;
    this.#read();
  }

  /** When it is set to fire, as the registry's clock shows it; null while the handler runs. */
  get armedFor(): number | null {
    return this.#at;
  }

  get running(): boolean {
    return this.#running;
  }

  /** How late the last one came, in milliseconds of the clock. */
  get lateness(): number {
    return this.#parts.clock.now() - this.#dueAt;
  }

  /** When the next one is due, or the one that is running was, in the world's time; never, if there is none. */
  get dueAt(): number {
    const at = this.#running ? this.#dueAt : this.#at;
    return at === null ? Number.POSITIVE_INFINITY : this.#parts.clock.timeAt(at);
  }

  /** The alarm as one run of the process sees it. */
  mount(isAlive: () => boolean): Alarm {
    const { disk, clock, onProblem } = this.#parts;
    return {
      armedFor: () => this.#at,
      arm: (at) => {
        if (!isAlive()) return;
        const isOverdue = this.#at !== null && this.#at < clock.now() - LOOK_LATE_MS;
        if (this.#at !== null && at >= this.#at && !isOverdue)
          onProblem('I8', `the alarm was armed for ${at}, and stood at ${this.#at}`);
        disk.strike();
        disk.plain.run('INSERT OR REPLACE INTO platform_alarm VALUES (1, ?)', at);
        this.armings += 1;
        this.#at = at;
        this.#plan();
        disk.strike();
      },
    };
  }

  /** The machine died: nothing fires until it is back. */
  machineDied(): void {
    this.#planned?.cancel();
    this.#running = false;
    this.#dead = true;
    this.#lives += 1;
  }

  /** The machine is back: what counts is what its disk holds. */
  machineRestarted(): void {
    this.#dead = false;
    this.#read();
    this.#plan();
  }

  /** The clock was set: what was armed for an hour may be due now. */
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
    // The platform forgets an alarm only when its handler is done; a crash before that lets it come again.
    if (this.#at === null) disk.plain.run('DELETE FROM platform_alarm');
    if (random.chance(faults.again)) time.after(random.whole(0, 2_000), () => void this.#again());
  }

  /** At least once is sometimes twice: nothing may be due any more, and the next one is armed already. */
  async #again(): Promise<void> {
    if (!this.#running && !this.#dead) await this.#run();
  }

  /** Runs the handler. Returns whether it came to its end. */
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
