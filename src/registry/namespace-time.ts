import type { Clock } from './platform';

/**
 * The time inside a namespace: it never runs backwards, and it runs at the clock's pace.
 *
 * Leases live on this axis. When the clock jumps back, the axis is shifted by the size of the jump, so that what was
 * ten seconds away still is; the shift is kept with the checkpoints. A stamp for people (`registeredAt`, the journal)
 * is the clock's own time, but never less than the stamp before it.
 */
export class NamespaceTime {
  readonly #clock: Clock;
  #shiftMs: number;
  #latest: number;
  #latestStamp: number;

  /**
   * @param shiftMs The shift that was kept, in milliseconds.
   * @param latest The latest time on the axis that is known to have been; the axis goes on from there.
   * @param latestStamp The latest stamp that was given.
   */
  constructor(clock: Clock, shiftMs: number, latest: number, latestStamp: number) {
    this.#clock = clock;
    this.#shiftMs = shiftMs;
    this.#latest = latest;
    this.#latestStamp = latestStamp;
  }

  /** Milliseconds between the clock and the axis. */
  get shiftMs(): number {
    return this.#shiftMs;
  }

  /** Now, on the axis. */
  now(): number {
    const now = this.#clock.now() + this.#shiftMs;
    if (now < this.#latest) this.#shiftMs += this.#latest - now;
    else this.#latest = now;
    return this.#latest;
  }

  /** Now, for people. */
  stamp(): number {
    this.#latestStamp = Math.max(this.#latestStamp, this.#clock.now());
    return this.#latestStamp;
  }

  /** What the clock shows at a time on the axis. */
  clockAt(time: number): number {
    return time - this.#shiftMs;
  }

  /** The time on the axis at which the clock shows `clock`. */
  whenClockShows(clock: number): number {
    return clock + this.#shiftMs;
  }
}
