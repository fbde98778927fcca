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
  /** Whether those who follow a call are told its failure; if not, each of them then makes the call itself. */
  sharesFailures: boolean;
  /** Keeps a call going after the request that made it is over, where the platform would end it. */
  waitUntil?: ((work: Promise<unknown>) => void) | undefined;
}

/** What following another's call came to where it gave nothing to be used. */
const NOTHING = Symbol('nothing');

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

  /**
   * The outcome of `ask`, or of the same call by another that is under way.
   *
   * @param suits Whether the outcome of another's call will do.
   */
  async call(key: string, ask: () => Promise<T>, suits: (outcome: T) => boolean = () => true): Promise<T> {
    const { now, followMaxMs } = this.#options;
    const flight = this.#underWay.get(key);
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
    this.#underWay.delete(key);
    this.#underWay.set(key, flight);
    // A call that was cut off never ends by itself; what is left of such calls is bounded here.
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

  /** Waits for somebody else's call, for a while. */
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
