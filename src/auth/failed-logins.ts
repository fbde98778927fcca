import { LRUCache } from 'lru-cache';
import { countBound } from '../model/cache-bound';
import { RegistryError } from '../model/errors';
import { FAILED_LOGIN_SOURCES_MAX_COUNT, FAILED_LOGINS_MAX_COUNT, FAILED_LOGINS_WINDOW_MS } from '../model/limits';

/** The failed logins of one source since a time, in milliseconds since the epoch. */
interface Failures {
  since: number;
  count: number;
}

/**
 * Counts invalid tokens by source. It is called only after a token turned out to be invalid, so a valid one is never
 * refused because of other clients with the same address.
 */
export class FailedLogins {
  readonly #now: () => number;
  readonly #sources = new LRUCache<string, Failures>(countBound(FAILED_LOGIN_SOURCES_MAX_COUNT));

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts a failed login and returns its error: `UNAUTHENTICATED`, or `LIMIT_EXCEEDED` if its source had too many.
   *
   * @param source Address of the client, or another key that identifies the source.
   */
  refusal(source: string): RegistryError {
    const failures = this.#failuresOf(source);
    failures.count++;
    if (failures.count <= FAILED_LOGINS_MAX_COUNT)
      return new RegistryError(
        'UNAUTHENTICATED',
        'the token is not valid: it may be mistyped, revoked, expired or from another registry',
      );
    const leftMs = failures.since + FAILED_LOGINS_WINDOW_MS - this.#now();
    return new RegistryError(
      'LIMIT_EXCEEDED',
      `more than ${FAILED_LOGINS_MAX_COUNT} invalid tokens within ${FAILED_LOGINS_WINDOW_MS / 1_000} s; check the token before you retry: a valid one is accepted at any time`,
      { retryAfterSeconds: Math.ceil(Math.min(Math.max(1, leftMs), FAILED_LOGINS_WINDOW_MS) / 1_000) },
    );
  }

  #failuresOf(source: string): Failures {
    const now = this.#now();
    const known = this.#sources.get(source);
    // If the clock went back, a source must not be refused for longer than the window.
    if (known !== undefined && Math.abs(now - known.since) < FAILED_LOGINS_WINDOW_MS) return known;
    const failures: Failures = { since: now, count: 0 };
    this.#sources.set(source, failures);
    return failures;
  }
}
