/** How long a request or a retry counts. */
const WINDOW_MS = 10_000;

/** Retries that a request earns. */
const RETRIES_PER_REQUEST = 0.2;

/** Retries that are there without any request: 10 a second. */
const RESERVE = (10 * WINDOW_MS) / 1_000;

/**
 * How many retries there may be: a fifth of the requests, and 10 a second on top, so that retries help with a few
 * failures and do not double the load of a service where everything fails.
 *
 * Source: Finagle's `RetryBudget` and its defaults. What is earned and spent fades out over 10 s, here exponentially.
 */
export class RetryBudget {
  #balance = 0;
  #at = 0;

  /** A request was made. @param now Milliseconds on a clock that only moves forward. */
  request(now: number): void {
    this.#fade(now);
    this.#balance += RETRIES_PER_REQUEST;
  }

  /** Takes one retry out of the budget, where it has one. */
  tryRetry(now: number): boolean {
    this.#fade(now);
    if (this.#balance + RESERVE < 1) return false;
    this.#balance -= 1;
    return true;
  }

  #fade(now: number): void {
    this.#balance *= Math.exp(-(now - this.#at) / WINDOW_MS);
    this.#at = now;
  }
}
