import type { Clock } from '../../src/core/platform/platform';
import type { VirtualTime } from './virtual-time';

/** Start of the world, by its clocks. */
const BEGINNING = Date.UTC(2026, 0, 1);

/** The clock of the registry's machine: it runs at the pace of the world's time, and jumps when it is set. */
export class MachineClock implements Clock {
  readonly #time: VirtualTime;
  #offsetMs = BEGINNING;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now + this.#offsetMs;
  }

  /** Sets the clock forward, or back if `ms` is negative. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  /** Returns the world's time at which the clock shows `clock`, if it does not jump before. */
  timeAt(clock: number): number {
    return clock - this.#offsetMs;
  }
}
