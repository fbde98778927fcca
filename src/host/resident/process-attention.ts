import type { Clock, Heard } from '../../core/platform/platform';
import { ATTENTION_LATE_MS, ATTENTION_PASS_MS, CLOCK_JUMP_MIN_MS } from '../../model/limits';

/** A moment in the attention of a process, at which a namespace left its memory. */
export interface AttentionMark {
  /** By the monotonic clock. */
  at: number;
  /** Attention of the process in all, in milliseconds. */
  attendedMs: number;
  /** Gaps of the process in all. */
  gaps: number;
  /** False: its clients were cut off at that moment, or renewals were lost. */
  isClean: boolean;
}

/** Stands for the start of the process, where another one stored the namespace. */
export const PROCESS_START: AttentionMark = {
  at: Number.NEGATIVE_INFINITY,
  attendedMs: 0,
  gaps: 0,
  isClean: false,
};

/**
 * Tracks how long the process has listened, by its monotonic clock, on behalf of the namespaces that sleep: a gap in which the
 * process was frozen is one for all of them.
 *
 * Source: DESIGN.md section 5.
 */
export class ProcessAttention {
  readonly #clock: Clock;
  readonly #monotonic: Clock;
  /** Start of the latest stretch without a gap. */
  #since: number;
  /** Attention before that stretch. */
  #attendedMs = 0;
  #gaps = 0;
  #passedAt: number;
  /** Wall clock minus monotonic clock, when it was last compared. */
  #clockShift: number;

  constructor({ clock, monotonic }: { clock: Clock; monotonic: Clock }) {
    this.#clock = clock;
    this.#monotonic = monotonic;
    this.#since = monotonic.now();
    this.#passedAt = this.#since;
    this.#clockShift = clock.now() - this.#since;
  }

  /**
   * Notes that the process takes in messages.
   *
   * @returns How far the wall clock jumped since this was last called, in milliseconds; 0 where it did not.
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

  /** Marks this moment. Call {@link pass} before. */
  mark(isClean: boolean): AttentionMark {
    const at = this.#passedAt;
    return { at, attendedMs: this.#attendedMs + at - this.#since, gaps: this.#gaps, isClean };
  }

  /** Returns what the process has heard since a mark. Call {@link pass} before. */
  heardSince({ at, attendedMs, gaps, isClean }: AttentionMark): Heard {
    if (isClean && this.#gaps === gaps) return 'all';
    return {
      since: Math.max(this.#since, at),
      beforeMs: Math.max(0, this.#attendedMs - attendedMs),
      wereCutOff: !isClean,
    };
  }
}
