import { quote, RegistryError } from '../../model/errors';
import { WAITS_PER_SUBSCRIBER_MAX_COUNT, WAITS_PER_TOKEN_MAX_COUNT } from '../../model/limits';

/** Whom a wait is counted for. */
export interface Waiter {
  tokenId: string;
  /** The name it gave itself; empty where it gave none. */
  subscriber: string;
}

/**
 * Polls and event streams that this isolate holds, counted by token and by subscriber: a client that abandons a poll
 * goes unnoticed, and must not pile up sockets. Isolates count apart from each other; the object's own limit is for
 * all of them.
 */
export class Waits {
  readonly #now: () => number;
  /** When each one ends at the latest, by whom it is counted for: one that was cut off never tells that it is over. */
  readonly #endings = new Map<string, Set<{ at: number }>>();

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts a wait that is over after `maxMs` at the latest; call what it returns when it is over.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  enter({ tokenId, subscriber }: Waiter, maxMs: number): () => void {
    const byToken = this.#room(
      tokenId,
      WAITS_PER_TOKEN_MAX_COUNT,
      () => `token ${quote(tokenId)} has ${WAITS_PER_TOKEN_MAX_COUNT} polls and streams open here; close some of them`,
    );
    const bySubscriber =
      subscriber === ''
        ? undefined
        : this.#room(
            `${tokenId}\u0000${subscriber}`,
            WAITS_PER_SUBSCRIBER_MAX_COUNT,
            () =>
              `subscriber ${quote(subscriber)} has ${WAITS_PER_SUBSCRIBER_MAX_COUNT} polls and streams open here; give each process a name of its own, or watch many services over one stream`,
          );
    const ending = { at: this.#now() + maxMs };
    byToken.add(ending);
    bySubscriber?.add(ending);
    return () => {
      byToken.delete(ending);
      bySubscriber?.delete(ending);
      if (byToken.size === 0) this.#endings.delete(tokenId);
      if (bySubscriber?.size === 0) this.#endings.delete(`${tokenId}\u0000${subscriber}`);
    };
  }

  /** The waits counted under a name, where there is room for one more. */
  #room(name: string, most: number, refusal: () => string): Set<{ at: number }> {
    const endings = this.#endings.get(name) ?? new Set();
    this.#endings.set(name, endings);
    if (endings.size < most) return endings;
    const now = this.#now();
    for (const ending of endings) {
      if (ending.at <= now) endings.delete(ending);
    }
    if (endings.size < most) return endings;
    throw new RegistryError('LIMIT_EXCEEDED', refusal(), { retryAfterSeconds: 1 });
  }
}
