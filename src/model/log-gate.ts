/**
 * Lets a number of lines through in each second, and counts the others: strangers who are refused by the thousand must
 * not be able to fill a disk.
 */
export class LogGate {
  readonly #perSecond: number;
  #second = Number.NaN;
  #written = 0;
  #leftOut = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
  }

  /**
   * Whether a line may be written now; then, how many were left out since the last one.
   *
   * @param now Milliseconds since the epoch.
   * @returns undefined where it may not.
   */
  admit(now: number): number | undefined {
    const second = Math.floor(now / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written >= this.#perSecond) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#written += 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }
}
