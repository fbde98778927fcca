/**
 * How long what a source has lost stays here after the source came back, in milliseconds. Registries that keep their
 * leases in memory start empty, and their clients register again at their next beat: Eureka's every 30 s, and the pause
 * that they may have made before is at most twice that.
 */
const RETURN_GRACE_MS = 120_000;

/** How long a source may be away, in milliseconds, before what it had is left to lapse: nobody knows any more whether it lives. */
const AWAY_MAX_MS = 15 * 60_000;

/** Tells a source that has lost its memory from one whose instances are gone. */
export class Patience {
  #awaySince: number | undefined;
  #isEmpty = false;
  #keepsUntil = Number.NEGATIVE_INFINITY;

  /** The source could not be read. @param now Milliseconds, from anywhere. */
  away(now: number): void {
    this.#awaySince ??= now;
  }

  /**
   * The source was read.
   *
   * @param count Instances that it has.
   * @param holds Whether anything of it is here.
   */
  back(now: number, count: number, holds: boolean): void {
    const isEmpty = count === 0 && holds;
    const isEmptied = isEmpty && !this.#isEmpty;
    this.#isEmpty = isEmpty;
    if (this.#awaySince === undefined && !isEmptied) return;
    this.#awaySince = undefined;
    this.#keepsUntil = now + RETURN_GRACE_MS;
  }

  /** Whether what the source has no more is to be removed, rather than to be kept for now. */
  mayRemove(now: number): boolean {
    return this.#awaySince === undefined && now >= this.#keepsUntil;
  }

  /** Whether the source has been away for so long that nothing is known of it any more. */
  isOver(now: number): boolean {
    return this.#awaySince !== undefined && now - this.#awaySince >= AWAY_MAX_MS;
  }
}
