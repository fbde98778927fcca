import type { Clock } from '../../platform/platform';

/** Starting point of a namespace's time. */
interface TimeStart {
  /** The stored shift, in milliseconds. */
  shiftMs: number;
  /** The latest known time on the axis. */
  latest: number;
  /** The latest stamp. */
  latestStamp: number;
}

/**
 * The time inside a namespace. It never runs backwards, and runs at the clock's pace.
 *
 * Leases use this axis. If the host has a monotonic clock, the axis follows that clock, so that a wall clock that
 * jumps moves no deadline. Otherwise it follows the wall clock: when that jumps back, the axis is shifted by the size of
 * the jump, so that a deadline ten seconds away stays ten seconds away. The shift is stored with the checkpoints. A stamp
 * for people (`registeredAt`, the journal) is the wall clock's own time, but never earlier than the previous stamp.
 */
export class NamespaceTime {
  readonly #clock: Clock;
  readonly #monotonic: Clock | undefined;
  /** Difference between the axis and the monotonic clock, or the wall clock if there is none. */
  #shiftMs: number;
  #latest: number;
  #latestStamp: number;
  /** Difference between the axis and the wall clock when they were last compared. */
  #comparedShiftMs: number;

  constructor(clock: Clock, monotonic: Clock | undefined, { shiftMs, latest, latestStamp }: TimeStart) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#latest = latest;
    this.#latestStamp = latestStamp;
    this.#shiftMs = shiftMs;
    if (monotonic !== undefined) {
      this.#shiftMs = Math.floor(Math.max(clock.now() + shiftMs, latest) - monotonic.now());
    }
    this.#comparedShiftMs = this.shiftMs;
  }

  /** Milliseconds between the wall clock and the axis. */
  get shiftMs(): number {
    return this.#monotonic === undefined ? this.#shiftMs : this.now() - this.#clock.now();
  }

  /** Returns the current time on the axis. */
  now(): number {
    const now = Math.floor((this.#monotonic ?? this.#clock).now()) + this.#shiftMs;
    if (now < this.#latest) this.#shiftMs += this.#latest - now;
    else this.#latest = now;
    return this.#latest;
  }

  /** Returns the current time for people. */
  stamp(): number {
    this.#latestStamp = Math.max(this.#latestStamp, this.#clock.now());
    return this.#latestStamp;
  }

  /** Returns the wall clock's time at a time on the axis. */
  clockAt(time: number): number {
    return time - this.shiftMs;
  }

  /** Returns the time on the axis at which the wall clock shows `clock`. */
  whenClockShows(clock: number): number {
    return clock + this.shiftMs;
  }

  /**
   * Returns the time on the axis of a time that the host measured by its monotonic clock, or the wall clock if it has none.
   */
  whenHostShows(time: number): number {
    return Math.floor(time) + this.#shiftMs;
  }

  /**
   * Returns how far the axis has moved against the wall clock since the last call, in milliseconds: negative if
   * the wall clock jumped forward, or ran on while the machine was suspended and the monotonic clock stood still. 0 on a
   * host with one clock.
   */
  clockJumpMs(): number {
    if (this.#monotonic === undefined) return 0;
    const { shiftMs } = this;
    const jumpMs = shiftMs - this.#comparedShiftMs;
    this.#comparedShiftMs = shiftMs;
    return jumpMs;
  }
}
