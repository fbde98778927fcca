import type { Instance } from '../wire/instance';
import type { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';

/** A service as the registry told it. The same arrays as before where nothing has changed. */
export interface CachedService {
  readonly instances: readonly Instance[];
  readonly protectThreshold: number;
  /** What tells it from another state, for the next time it is asked for. */
  readonly etag: string | undefined;
  /** Since when it may be out of date, in milliseconds on the clock of {@link Time.now}. */
  readonly rightAt: number;
}

export interface EdgeListParts {
  /** Asks the registry, or rejects. May never settle: its request can be cut off together with the one that it is for. */
  ask: (known: CachedService | undefined) => Promise<CachedService>;
  time: Time;
  maxAgeMs: number;
  maxStaleMs: number;
  /** Keeps work going after the answer has left, where the platform would end it. */
  waitUntil: ((work: Promise<unknown>) => void) | undefined;
}

/** How long somebody who has an old list, or somebody else's call to wait for, waits for a new one. */
const WAIT_MAX_MS = 2_000;

/** The registry is not asked again sooner than this after it has answered or failed, where there is a list to go by. */
const ASK_SPACING_MS = 1_000;

const LATE = Symbol('late');

/**
 * The list of one service in one isolate, for as long as that lives: read again before it is too old, without a timer,
 * and by one call for all who want it.
 *
 * Connections in Workers belong to requests, so nothing can watch here, and a call that one request waits for may never
 * end because another one, which made it, is gone. Hence the deadline on whatever is shared.
 */
export class EdgeList {
  readonly #parts: EdgeListParts;
  #told: CachedService | undefined;
  #error: RollcallError | undefined;
  #underWay: { since: number; outcome: Promise<CachedService> } | undefined;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: EdgeListParts) {
    this.#parts = parts;
  }

  /** Milliseconds since the list was right for sure; infinite before the first. */
  get age(): number {
    return this.#told === undefined ? Number.POSITIVE_INFINITY : this.#parts.time.now() - this.#told.rightAt;
  }

  /** What the last attempt to read it failed with; undefined where it did not. */
  get error(): RollcallError | undefined {
    return this.#error;
  }

  /**
   * The list: from memory while it is young enough, otherwise from the registry, and if that gives none, an old one.
   *
   * @throws {RollcallError} Where the registry gave none, and the old one is too old or there never was any.
   */
  async read(): Promise<CachedService> {
    const { maxAgeMs } = this.#parts;
    const told = this.#told;
    if (told !== undefined && this.age < maxAgeMs) {
      // Refreshed behind the answer, so that those who come often never wait.
      if (this.age >= maxAgeMs / 2 && !this.#isAsking && !this.#isQuiet) this.#ask().catch(() => {});
      return told;
    }
    if (this.#isQuiet && this.#usable !== undefined) return this.#usable;
    try {
      return await this.#another();
    } catch (error) {
      if (this.#usable === undefined) throw error;
      return this.#usable;
    }
  }

  /** A list to go by while the registry gives none. */
  get #usable(): CachedService | undefined {
    return this.age < this.#parts.maxStaleMs ? this.#told : undefined;
  }

  get #isQuiet(): boolean {
    return this.#parts.time.now() < this.#quietUntil;
  }

  /** Whether a call is under way of which there is still something to hope for. */
  get #isAsking(): boolean {
    return this.#underWay !== undefined && this.#parts.time.now() - this.#underWay.since < WAIT_MAX_MS;
  }

  /** A newer list, or the old one when it takes too long. */
  async #another(): Promise<CachedService> {
    if (this.#underWay !== undefined && this.#isAsking) {
      const followed = await this.#waitFor(this.#underWay.outcome);
      if (followed !== LATE) return followed;
      if (this.#usable !== undefined) return this.#usable;
    }
    const own = this.#ask();
    if (this.#usable === undefined) return own;
    const told = await this.#waitFor(own);
    return told === LATE ? (this.#usable ?? own) : told;
  }

  #ask(): Promise<CachedService> {
    const { ask, time, waitUntil } = this.#parts;
    const settle = () => {
      if (this.#underWay === flight) this.#underWay = undefined;
      this.#quietUntil = time.now() + ASK_SPACING_MS;
    };
    const outcome = ask(this.#told).then(
      (told) => {
        settle();
        this.#error = undefined;
        // One that was asked for earlier may come later.
        if (this.#told === undefined || told.rightAt >= this.#told.rightAt) this.#told = told;
        return this.#told;
      },
      (error: RollcallError) => {
        settle();
        this.#error = error;
        throw error;
      },
    );
    const flight = { since: time.now(), outcome };
    this.#underWay = flight;
    waitUntil?.(outcome.catch(() => {}));
    return outcome;
  }

  #waitFor(outcome: Promise<CachedService>): Promise<CachedService | typeof LATE> {
    return new Promise((resolve, reject) => {
      const cancel = this.#parts.time.after(WAIT_MAX_MS, () => resolve(LATE), true);
      outcome.then(resolve, reject).finally(cancel);
    });
  }
}
