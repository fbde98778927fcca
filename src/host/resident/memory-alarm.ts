import type { Alarm } from '../../core/platform/platform';

/** An alarm held in memory and checked by the host's tick. */
export class MemoryAlarm implements Alarm {
  #armedFor: number | null = null;

  armedFor(): number | null {
    return this.#armedFor;
  }

  arm(at: number): void {
    this.#armedFor = at;
  }

  /** Moves the alarm with a jump of the wall clock, so that the time left until it fires stays the same. */
  moveWithClock(jumpMs: number): void {
    if (this.#armedFor !== null) this.#armedFor += jumpMs;
  }

  /** Disarms the alarm if it is due by `now`, and returns the time it was set to; undefined if it is not due. */
  fired(now: number): number | undefined {
    const at = this.#armedFor;
    if (at === null || at > now) return undefined;
    this.#armedFor = null;
    return at;
  }
}
