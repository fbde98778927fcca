/** Tolerance beyond a bound: two alarms that are each late by less than a gap, the commit, and the promised second. */
const SLACK_MS = 3_000;

/** Attention that the registry may lose in a gap: the part that it had not stored, and a slow sync. */
const UNSAVED_MS = 10_000;

/** Number of stretches of listening to keep. */
const STRETCHES_KEPT_COUNT = 500;

/** A time in which the registry listened without a gap. */
interface Stretch {
  from: number;
  to: number;
}

/**
 * Tracks from outside how long the registry has listened, and so by when a silent holder must be gone (I6), and whether a
 * gap that the registry reports has a cause (L9).
 */
export class AttentionOracle {
  readonly #now: () => number;
  readonly #onProblem: (invariant: string, what: string) => void;
  /** Oldest first. The last one goes on. */
  #stretches: Stretch[] = [{ from: 0, to: 0 }];
  #activeAt = 0;
  /** Events since the last gap that may cause one. */
  #causes = new Set<string>();

  constructor(now: () => number, onProblem: (invariant: string, what: string) => void) {
    this.#now = now;
    this.#onProblem = onProblem;
  }

  /** The registry receives a call, an alarm or a tick, and may thereby detect that it has missed others. */
  active(): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined) last.to = Math.max(last.to, this.#activeAt);
    this.#activeAt = this.#now();
  }

  /** Something happened that may keep the registry from listening. */
  troubled(cause: string): void {
    this.#causes.add(cause);
  }

  /**
   * The registry found a gap: its listening starts again now.
   *
   * @param spreadMs Time after a restart in which clients reconnect, before the registry counts as listening.
   */
  missed(spreadMs: number): void {
    if (this.#causes.size === 0) this.#onProblem('L9', 'the registry detected a gap without a cause');
    const from = this.#now() + spreadMs;
    this.#stretches.push({ from, to: from });
    if (this.#stretches.length > STRETCHES_KEPT_COUNT) this.#stretches.shift();
    this.#causes = new Set();
  }

  /** The clock was set back: deadlines move later. */
  delayed(ms: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined) last.from += ms;
  }

  /** Returns when a lease that is past its limit at `limitAt` must have ended, if there is no further gap. */
  endsBy(limitAt: number, ttlMs: number): number {
    const since = this.#stretches.at(-1)?.from ?? 0;
    return Math.max(limitAt, Math.min(since + ttlMs, Number.POSITIVE_INFINITY)) + SLACK_MS;
  }

  /** Returns whether a lease that is past its limit at `limitAt` must have ended at `at`. */
  mustHaveEnded(limitAt: number, ttlMs: number, at: number): boolean {
    const since = this.#stretches.at(-1)?.from ?? 0;
    if (at <= limitAt + SLACK_MS || at <= since + SLACK_MS) return false;
    return at > since + ttlMs + SLACK_MS || this.#listenedMs(limitAt, at) > 2 * ttlMs;
  }

  /** Describes the last stretches, for a problem. */
  picture(at: number): string {
    const last = this.#stretches.slice(-4).map(({ from, to }) => `${from - at}..${to - at}`);
    return `the registry listened ${last.join(', ')}`;
  }

  /** Returns the minimum time of listening between two times. */
  #listenedMs(from: number, to: number): number {
    let listenedMs = 0;
    for (const stretch of this.#stretches) {
      const ms = Math.min(stretch.to, to) - Math.max(stretch.from, from) - UNSAVED_MS;
      if (ms > 0) listenedMs += ms;
    }
    return listenedMs;
  }
}
