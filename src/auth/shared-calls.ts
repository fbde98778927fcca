/** A call in flight: its start, in milliseconds since the epoch, and its outcome. */
interface Flight<T> {
  since: number;
  outcome: Promise<T>;
}

/** Options of {@link SharedCalls}. */
export interface SharedCallsOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Longest wait of a caller for another's call before it makes its own, in milliseconds. */
  followMaxMs: number;
  /** Calls in flight that can be followed; the oldest is dropped first. */
  maxCount: number;
  /** True: followers of a call receive its failure. False: each of them then makes the call itself. */
  sharesFailures: boolean;
  /** Keeps a call alive after the request that made it has ended, on platforms that would cancel it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** Result of following a call that failed or took too long. */
const NOTHING = Symbol('nothing');

/**
 * Combines concurrent calls with the same key into one.
 *
 * A call may be cancelled with the request that made it, and then never settles. A follower therefore has a deadline of
 * its own, after which it makes the call itself.
 */
export class SharedCalls<T> {
  readonly #options: SharedCallsOptions;
  readonly #flights = new Map<string, Flight<T>>();

  constructor(options: SharedCallsOptions) {
    this.#options = options;
  }

  /**
   * Returns the outcome of `ask`, or of a call with the same key that is in flight.
   *
   * @param suits Reports whether the outcome of another's call can be used.
   */
  async call(key: string, ask: () => Promise<T>, suits: (outcome: T) => boolean = () => true): Promise<T> {
    const { now, followMaxMs } = this.#options;
    const flight = this.#flights.get(key);
    if (flight !== undefined && now() - flight.since < followMaxMs) {
      const followed = await this.#follow(flight.outcome);
      if (followed !== NOTHING && suits(followed)) return followed;
    }
    return this.#lead(key, ask);
  }

  async #lead(key: string, ask: () => Promise<T>): Promise<T> {
    const { now, maxCount, waitUntil } = this.#options;
    const flight: Flight<T> = { since: now(), outcome: ask() };
    waitUntil?.(flight.outcome.catch(() => undefined));
    this.#flights.delete(key);
    this.#flights.set(key, flight);
    // A cancelled call never settles and would stay in the map; this bounds the number of such calls.
    for (const oldest of this.#flights.keys()) {
      if (this.#flights.size <= maxCount) break;
      this.#flights.delete(oldest);
    }
    try {
      return await flight.outcome;
    } finally {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    }
  }

  /** Waits for another caller's call, for at most `followMaxMs`. */
  async #follow(outcome: Promise<T>): Promise<T | typeof NOTHING> {
    const { followMaxMs, sharesFailures } = this.#options;
    const { promise: late, resolve } = Promise.withResolvers<typeof NOTHING>();
    const timer = setTimeout(() => resolve(NOTHING), followMaxMs);
    try {
      return await Promise.race([sharesFailures ? outcome : outcome.catch((): typeof NOTHING => NOTHING), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
