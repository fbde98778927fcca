import type { Clock } from '../../src/core/platform/platform';
import type { VirtualTime } from './virtual-time';

/** When the world begins, as its clocks show it. */
const BEGINNING = Date.UTC(2026, 0, 1);

/** The clock of the registry's machine: it goes at the pace of the world's time, and jumps when somebody sets it. */
export class MachineClock implements Clock {
  readonly #time: VirtualTime;
  #offsetMs = BEGINNING;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.now + this.#offsetMs;
  }

  /** Sets the clock forward, or back where `ms` is negative. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  /** The world's time at which the clock shows `clock`, as long as it does not jump. */
  timeAt(clock: number): number {
    return clock - this.#offsetMs;
  }
}
