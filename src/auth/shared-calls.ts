/** A call under way: since when, in milliseconds since the epoch, and its outcome. */
interface Flight<T> {
  since: number;
  outcome: Promise<T>;
}

/** How calls are shared. */
export interface SharedCallsOptions {
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long somebody waits for another's call before it makes its own, in milliseconds. */
  followMaxMs: number;
  /** Calls that are followed at the same time; the oldest goes first. */
  maxCount: number;
  /** Keeps a call going after the request that made it is over, where the platform would end it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

const LATE = Symbol('late');

/**
 * Makes one call of many that ask the same at the same time.
 *
 * A call may be cut off with the request that made it, and then never ends: who follows it has a deadline of its own,
 * and makes the call itself after that.
 */
export class SharedCalls<T> {
  readonly #options: SharedCallsOptions;
  readonly #underWay = new Map<string, Flight<T>>();

  constructor(options: SharedCallsOptions) {
    this.#options = options;
  }

  /** The outcome of `ask`, or of the same call by another that is under way. */
  async call(key: string, ask: () => Promise<T>): Promise<T> {
    const { now, followMaxMs } = this.#options;
    const flight = this.#underWay.get(key);
    if (flight !== undefined && now() - flight.since < followMaxMs) {
      const followed = await this.#follow(flight.outcome);
      if (followed !== LATE) return followed;
    }
    return this.#lead(key, ask);
  }

  async #lead(key: string, ask: () => Promise<T>): Promise<T> {
    const { now, maxCount, waitUntil } = this.#options;
    const flight: Flight<T> = { since: now(), outcome: ask() };
    waitUntil?.(flight.outcome.catch(() => undefined));
    this.#underWay.delete(key);
    this.#underWay.set(key, flight);
    for (const oldest of this.#underWay.keys()) {
      if (this.#underWay.size <= maxCount) break;
      this.#underWay.delete(oldest);
    }
    try {
      return await flight.outcome;
    } finally {
      if (this.#underWay.get(key) === flight) this.#underWay.delete(key);
    }
  }

  async #follow(outcome: Promise<T>): Promise<T | typeof LATE> {
    const { promise: late, resolve } = Promise.withResolvers<typeof LATE>();
    const timer = setTimeout(() => resolve(LATE), this.#options.followMaxMs);
    try {
      return await Promise.race([outcome, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
