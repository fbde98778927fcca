import type { Position } from '../../src/model/cursor';

/**
 * Every revision shown in any response: none may be used for a second change, or be followed by a lower one.
 *
 * A cursor carries random bits of its commit. The same revision with different bits was assigned twice.
 */
export class Revisions {
  readonly violations: string[];
  readonly #checks = new Map<number, number>();
  readonly #changes = new Map<number, string>();
  #epoch: string | undefined;
  #newest = 0;

  constructor(violations: string[]) {
    this.violations = violations;
  }

  /** Highest revision shown in any response. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Checks the position in a response.
   *
   * @param floor Highest revision shown before the call began: the response must be at least as new.
   */
  see({ epoch, revision, check }: Position, floor: number, by: string): void {
    this.#epoch ??= epoch;
    if (epoch !== this.#epoch) this.violations.push(`${by}: epoch ${epoch} after ${this.#epoch}`);
    if (revision < floor) this.violations.push(`${by}: revision ${revision} after ${floor}: it went back`);
    const known = this.#checks.get(revision);
    if (known !== undefined && known !== check) {
      this.violations.push(`${by}: revision ${revision} shows another commit than before: it was used twice`);
    }
    this.#checks.set(revision, check);
    this.#newest = Math.max(this.#newest, revision);
  }

  /** Records the change that a revision belongs to; all records of one batch name the same change. */
  claim(revision: number, change: string): void {
    const owner = this.#changes.get(revision);
    if (owner !== undefined && owner !== change) {
      this.violations.push(`revision ${revision} belongs to ${owner}, and to ${change} too`);
    }
    this.#changes.set(revision, change);
  }
}
