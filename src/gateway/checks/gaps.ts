/** Time between two passes above which the process did not run in between: it was frozen, or its machine slept. */
const GAP_MS = 1_000;

/** Clocks of a process, in milliseconds. */
export interface Clocks {
  /** Never goes back. */
  monotonic(): number;
  wall(): number;
}

export const PROCESS_CLOCKS: Clocks = { monotonic: () => performance.now(), wall: () => Date.now() };

/**
 * Detects gaps in the attention of this process. What began before a gap may have failed only because of it: an answer that
 * was not read in time looks like one that was not sent.
 */
export class Gaps {
  readonly #clocks: Clocks;
  #monotonic: number;
  #wall: number;
  #count = 0;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
    this.#monotonic = clocks.monotonic();
    this.#wall = clocks.wall();
  }

  /** Number of gaps so far. */
  get count(): number {
    return this.#count;
  }

  /** Notes that the process runs. Called by a timer, and before anything is concluded from an answer or its absence. */
  pass(): void {
    const [monotonic, wall] = [this.#clocks.monotonic(), this.#clocks.wall()];
    // Some systems stop the monotonic clock while they sleep.
    const isGap = monotonic - this.#monotonic >= GAP_MS || wall - this.#wall >= GAP_MS;
    this.#monotonic = monotonic;
    this.#wall = wall;
    if (isGap) this.#count += 1;
  }
}
