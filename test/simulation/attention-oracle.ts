/** Beyond a bound: an alarm that is late by less than a gap, twice; the commit; and the second that is promised. */
const SLACK_MS = 3_000;

/** Attention that a gap may make the registry forget: what it had not stored, and a slow sync. */
const UNSAVED_MS = 10_000;

/** How many stretches of listening are remembered. */
const STRETCHES_KEPT_COUNT = 500;

/** A time in which the registry listened without a gap. */
interface Stretch {
  from: number;
  to: number;
}

/**
 * Knows from outside how long the registry has listened, and so by when a silent holder must be gone (I6), and whether a
 * gap that the registry claims has a cause (L9).
 */
export class AttentionOracle {
  readonly #now: () => number;
  readonly #onProblem: (invariant: string, what: string) => void;
  /** Oldest first. The last one goes on. */
  #stretches: Stretch[] = [{ from: 0, to: 0 }];
  #activeAt = 0;
  /** Events since the last gap that may be a cause of one. */
  #causes = new Set<string>();

  constructor(now: () => number, onProblem: (invariant: string, what: string) => void) {
    this.#now = now;
    this.#onProblem = onProblem;
  }

  /** The registry takes something in: a call, an alarm, a tick. It may find out by it that it has missed others. */
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
   * The registry found a gap: it listens anew from now on.
   *
   * @param spreadMs After a restart: how long it waits for clients to come back, before it counts as listening.
   */
  missed(spreadMs: number): void {
    if (this.#causes.size === 0) this.#onProblem('L9', 'the registry found a gap, and nothing had happened');
    const from = this.#now() + spreadMs;
    this.#stretches.push({ from, to: from });
    if (this.#stretches.length > STRETCHES_KEPT_COUNT) this.#stretches.shift();
    this.#causes = new Set();
  }

  /** The clock was set back: what was to end at a time ends later. */
  delayed(ms: number): void {
    const last = this.#stretches.at(-1);
    if (last !== undefined) last.from += ms;
  }

  /** When a lease that is past its limit at `limitAt` must have ended, if no further gap comes. */
  endsBy(limitAt: number, ttlMs: number): number {
    const since = this.#stretches.at(-1)?.from ?? 0;
    return Math.max(limitAt, Math.min(since + ttlMs, Number.POSITIVE_INFINITY)) + SLACK_MS;
  }

  /** True if a lease that is past its limit at `limitAt` must have ended at `at`. */
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

  /** Time of listening between two times, at least. */
  #listenedMs(from: number, to: number): number {
    let listenedMs = 0;
    for (const stretch of this.#stretches) {
      const ms = Math.min(stretch.to, to) - Math.max(stretch.from, from) - UNSAVED_MS;
      if (ms > 0) listenedMs += ms;
    }
    return listenedMs;
  }
}
