import type { Instance } from '../wire/instance';
import type { OutageReports } from '../wire/outage-reports';
import type { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';

/** A service as the registry returned it. Arrays are reused if nothing has changed. */
export interface CachedService {
  readonly instances: readonly Instance[];
  readonly protectThreshold: number;
  /** ETag for the next conditional read. */
  readonly etag: string | undefined;
  /** Last time when it was certainly current, in milliseconds on the clock of {@link Time.now}. */
  readonly currentAt: number;
}

export interface EdgeListParts {
  /** Reads from the registry. May never settle: the platform can cancel it together with the request it is made for. */
  ask: (known: CachedService | undefined) => Promise<CachedService>;
  time: Time;
  maxAgeMs: number;
  maxStaleMs: number;
  outages: Pick<OutageReports, 'report'>;
  /** Keeps work running after the response has been sent, on platforms that would stop it. */
  waitUntil: ((work: Promise<unknown>) => void) | undefined;
}

/** Time to wait for a new list, for a request that has a stale list or waits for another request's read. */
const WAIT_MAX_MS = 2_000;

/** Minimum time between reads from the registry while there is a usable list. */
const ASK_SPACING_MS = 1_000;

const LATE = Symbol('late');

/**
 * The list of a service in the memory of an isolate. It is refreshed before it expires, without a timer, and with one
 * read for all concurrent requests.
 *
 * In Workers, connections belong to requests. A watch is therefore impossible, and a read that several requests share
 * may never settle if the request that started it is gone. Hence the timeout on everything that is shared.
 */
export class EdgeList {
  readonly #parts: EdgeListParts;
  #cached: CachedService | undefined;
  #error: RollcallError | undefined;
  #pending: { since: number; outcome: Promise<CachedService> } | undefined;
  #quietUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: EdgeListParts) {
    this.#parts = parts;
  }

  /** Milliseconds since the list was certainly current; infinite before the first. */
  get age(): number {
    return this.#cached === undefined ? Number.POSITIVE_INFINITY : this.#parts.time.now() - this.#cached.currentAt;
  }

  /** Error of the last read; undefined if it succeeded. */
  get error(): RollcallError | undefined {
    return this.#error;
  }

  /**
   * Returns the list: from memory while it is fresh enough, otherwise from the registry, and if that fails, a stale one.
   *
   * @throws {RollcallError} If the registry fails and the list in memory is too old or missing.
   */
  async read(): Promise<CachedService> {
    const { maxAgeMs } = this.#parts;
    const cached = this.#cached;
    if (cached !== undefined && this.age < maxAgeMs) {
      // Refreshed in the background, so that frequent callers never wait.
      if (this.age >= maxAgeMs / 2 && !this.#isReading && !this.#isQuiet) this.#ask().catch(() => {});
      return cached;
    }
    if (this.#isQuiet && this.#usable !== undefined) return this.#usable;
    try {
      return await this.#another();
    } catch (error) {
      if (this.#usable === undefined) throw error;
      return this.#usable;
    }
  }

  /** List to use while the registry fails. */
  get #usable(): CachedService | undefined {
    return this.age < this.#parts.maxStaleMs ? this.#cached : undefined;
  }

  get #isQuiet(): boolean {
    return this.#parts.time.now() < this.#quietUntil;
  }

  /** True if a read is pending that may still complete in time. */
  get #isReading(): boolean {
    return this.#pending !== undefined && this.#parts.time.now() - this.#pending.since < WAIT_MAX_MS;
  }

  /** Returns a newer list, or the stale one if that takes too long. */
  async #another(): Promise<CachedService> {
    if (this.#pending !== undefined && this.#isReading) {
      const followed = await this.#waitFor(this.#pending.outcome);
      if (followed !== LATE) return followed;
      if (this.#usable !== undefined) return this.#usable;
    }
    const own = this.#ask();
    if (this.#usable === undefined) return own;
    const cached = await this.#waitFor(own);
    return cached === LATE ? (this.#usable ?? own) : cached;
  }

  #ask(): Promise<CachedService> {
    const { ask, time, outages, waitUntil } = this.#parts;
    const settle = () => {
      if (this.#pending === flight) this.#pending = undefined;
      this.#quietUntil = time.now() + ASK_SPACING_MS;
    };
    const outcome = ask(this.#cached).then(
      (cached) => {
        settle();
        this.#error = undefined;
        outages.report((known) => known.worked(this));
        // An earlier read may complete later.
        if (this.#cached === undefined || cached.currentAt >= this.#cached.currentAt) this.#cached = cached;
        return this.#cached;
      },
      (error: RollcallError) => {
        settle();
        this.#error = error;
        outages.report((known) => known.failed(this, error, 0), true);
        throw error;
      },
    );
    const flight = { since: time.now(), outcome };
    this.#pending = flight;
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
