import type { Clock, Heard } from '../../core/platform/platform';
import { ATTENTION_LATE_MS, ATTENTION_PASS_MS, CLOCK_JUMP_MIN_MS } from '../../model/limits';

/** State of a process's attention at the moment at which a namespace left its memory. */
export interface AttentionMark {
  /** Time of the mark, by the monotonic clock. */
  at: number;
  /** Total listening time of the process, in milliseconds. */
  attendedMs: number;
  /** Total number of gaps of the process. */
  gaps: number;
  /** False if clients were disconnected at that moment or renewals were lost. */
  isClean: boolean;
}

/** Mark of a namespace that another process stored. */
export const PROCESS_START: AttentionMark = {
  at: Number.NEGATIVE_INFINITY,
  attendedMs: 0,
  gaps: 0,
  isClean: false,
};

/**
 * Tracks how long the process has listened on behalf of its sleeping namespaces, by its monotonic clock. A gap in which the
 * process was frozen is a gap for all of them.
 *
 * Source: DESIGN.md section 5.
 */
export class ProcessAttention {
  readonly #clock: Clock;
  readonly #monotonic: Clock;
  /** Start of the latest period without a gap. */
  #since: number;
  /** Listening time before that period. */
  #attendedMs = 0;
  #gaps = 0;
  #passedAt: number;
  /** Difference of wall clock and monotonic clock at the last comparison. */
  #clockShift: number;

  constructor({ clock, monotonic }: { clock: Clock; monotonic: Clock }) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#since = monotonic.now();
    this.#passedAt = this.#since;
    this.#clockShift = clock.now() - this.#since;
  }

  /**
   * Records that the process takes in messages.
   *
   * @returns Jump of the wall clock since the last call, in milliseconds; 0 if there was none.
   */
  pass(): number {
    const now = this.#monotonic.now();
    const jumpMs = this.#clock.now() - now - this.#clockShift;
    const hasJumped = Math.abs(jumpMs) >= CLOCK_JUMP_MIN_MS;
    if (hasJumped || now - this.#passedAt >= ATTENTION_PASS_MS + ATTENTION_LATE_MS) {
      this.#attendedMs += this.#passedAt - this.#since;
      this.#since = now;
      this.#gaps += 1;
    }
    this.#passedAt = now;
    this.#clockShift += jumpMs;
    return hasJumped ? jumpMs : 0;
  }

  /** Returns a mark of this moment. Call {@link pass} first. */
  mark(isClean: boolean): AttentionMark {
    const at = this.#passedAt;
    return { at, attendedMs: this.#attendedMs + at - this.#since, gaps: this.#gaps, isClean };
  }

  /** Returns how the process has listened since a mark. Call {@link pass} first. */
  heardSince({ at, attendedMs, gaps, isClean }: AttentionMark): Heard {
    if (isClean && this.#gaps === gaps) return 'all';
    return {
      since: Math.max(this.#since, at),
      beforeMs: Math.max(0, this.#attendedMs - attendedMs),
      wereCutOff: !isClean,
    };
  }
}
