import { LEASE_SLACK_MS } from '../../../model/limits';

/** Stored form of attention, in row 0 of a checkpoint. All times in milliseconds on the namespace's axis. */
export interface StoredAttention {
  /** Start of the latest stretch in which messages were taken in without a gap. */
  since: number;
  /** Attention before that stretch. Never 0, so that 0 can stand for "not asked" in the lease table. */
  attendedMs: number;
}

/**
 * Tracks how long the registry has listened.
 *
 * A registry that was frozen, restarted or cut off has not heard renewals that were sent in time, so it ends a lease only
 * after it has listened long enough to judge. A *gap* is a stretch in which nothing was taken in; attention counts the
 * time outside of gaps.
 *
 * Source: DESIGN.md section 5; design/decisions/0019-attention.md.
 */
export class Attention {
  #since: number;
  #attendedMs: number;
  #lastPass: number;
  #gaps = 0;
  #hasPassed = false;
  /** Leases end after this, if they can wait: the registry has just come back from a pause that was too short for a gap. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** When the alarm that is armed is due. A host without a monotonic clock knows of a gap by an alarm that is overdue. */
  lookDueAt: number;

  /**
   * @param stored As the last checkpoint left it.
   * @param lastPass The latest moment at which the registry is known to have listened.
   * @param lookDueAt When the alarm is due; `-Infinity` where none is armed, though one should be.
   */
  constructor(stored: StoredAttention, lastPass: number, lookDueAt: number) {
    this.#since = stored.since;
    this.#attendedMs = stored.attendedMs;
    this.#lastPass = lastPass;
    this.lookDueAt = lookDueAt;
  }

  /** Start of the latest stretch without a gap. After a wake it lies ahead by the time that clients take to reconnect. */
  get since(): number {
    return this.#since;
  }

  get lastPass(): number {
    return this.#lastPass;
  }

  /** True if the registry has taken in anything since the namespace woke. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** Gaps since the namespace woke. */
  get gaps(): number {
    return this.#gaps;
  }

  get stored(): StoredAttention {
    return { since: this.#since, attendedMs: this.#attendedMs };
  }

  /** Attention in all, in milliseconds, at `now`. */
  attendedAt(now: number): number {
    return this.#attendedMs + Math.max(0, now - this.#since);
  }

  /** Returns when `ms` of attention will have passed since it stood at `attendedMs`, if no gap comes between. */
  dueAfter(attendedMs: number, ms: number): number {
    return this.#since + attendedMs + ms - this.#attendedMs;
  }

  /** Notes that the registry takes in messages at `now`. */
  pass(now: number): void {
    this.#lastPass = now;
    this.#hasPassed = true;
  }

  /** Holds back ends of leases for a moment, after a pause in which renewals may have queued. */
  hold(now: number): void {
    this.#heldUntil = now + LEASE_SLACK_MS;
  }

  /**
   * Notes that nothing was taken in between the last pass and `now`.
   *
   * @param spreadMs Time that clients were given to reconnect in; they are not expected to be heard before.
   */
  gap(now: number, spreadMs: number): void {
    this.#attendedMs += Math.max(0, this.#lastPass - this.#since);
    this.#since = Math.max(this.#since, now + spreadMs);
    this.#lastPass = now;
    this.#gaps += 1;
  }
}
