import { quote, RegistryError } from '../../model/errors';
import {
  WAIT_JITTER_PERCENT_COUNT,
  WAITS_PER_SUBSCRIBER_MAX_COUNT,
  WAITS_PER_TOKEN_MAX_COUNT,
} from '../../model/limits';

/** The token and subscriber that a wait is counted for. */
export interface Waiter {
  tokenId: string;
  /** The name it gave itself; empty where it gave none. */
  subscriber: string;
}

/** One wait: when it ends at the latest, and the name it is counted under. */
interface Ending {
  readonly at: number;
  readonly subscriber: string;
}

/** The waits of one token. */
interface TokenWaits {
  readonly all: Set<Ending>;
  /** Those of subscribers with a name, by it. */
  readonly bySubscriber: Map<string, Set<Ending>>;
}

/**
 * Counts the polls and event streams that this isolate holds, by token and by subscriber: a client that abandons a poll
 * goes unnoticed, and must not pile up sockets. Isolates count apart from each other; the object's own limit is for
 * all of them.
 *
 * A wait that was cut off never reports its end. It is dropped once its time is over and room is needed, so a token
 * leaves no more names here than it may have waits, whatever it calls its subscribers.
 */
export class Waits {
  readonly #now: () => number;
  readonly #byToken = new Map<string, TokenWaits>();

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many names of subscribers are held, over all tokens. */
  get nameCount(): number {
    return [...this.#byToken.values()].reduce((count, { bySubscriber }) => count + bySubscriber.size, 0);
  }

  /**
   * Counts a wait that is over after `maxMs` at the latest; call what it returns when it is over.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  enter({ tokenId, subscriber }: Waiter, maxMs: number): () => void {
    const waits = this.#byToken.get(tokenId) ?? { all: new Set(), bySubscriber: new Map() };
    if (!this.#hasRoom(waits, waits.all, WAITS_PER_TOKEN_MAX_COUNT)) {
      throw refusal(
        `token ${quote(tokenId)} has ${WAITS_PER_TOKEN_MAX_COUNT} polls and streams open here; close some of them`,
      );
    }
    const own = waits.bySubscriber.get(subscriber) ?? new Set();
    if (!this.#hasRoom(waits, own, WAITS_PER_SUBSCRIBER_MAX_COUNT)) {
      throw refusal(
        `subscriber ${quote(subscriber)} has ${WAITS_PER_SUBSCRIBER_MAX_COUNT} polls and streams open here; give each process a name of its own, or watch many services over one stream`,
      );
    }
    const ending = { at: this.#now() + maxMs, subscriber };
    this.#byToken.set(tokenId, waits);
    waits.all.add(ending);
    if (subscriber !== '') waits.bySubscriber.set(subscriber, own.add(ending));
    return () => {
      end(waits, ending);
      if (waits.all.size === 0 && this.#byToken.get(tokenId) === waits) this.#byToken.delete(tokenId);
    };
  }

  /** Drops waits that were cut off where there is no room without that. */
  #hasRoom(waits: TokenWaits, counted: ReadonlySet<Ending>, most: number): boolean {
    if (counted.size < most) return true;
    const now = this.#now();
    for (const ending of counted) {
      if (ending.at <= now) end(waits, ending);
    }
    return counted.size < most;
  }
}

function end({ all, bySubscriber }: TokenWaits, ending: Ending): void {
  all.delete(ending);
  const own = bySubscriber.get(ending.subscriber);
  own?.delete(ending);
  if (own?.size === 0) bySubscriber.delete(ending.subscriber);
}

function refusal(message: string): RegistryError {
  return new RegistryError('LIMIT_EXCEEDED', message, { retryAfterSeconds: 1 });
}

/** A time in milliseconds, cut short by up to a tenth at random: what began at once does not end at once. */
export function jittered(timeMs: number): number {
  return Math.round(timeMs * (1 - (Math.random() * WAIT_JITTER_PERCENT_COUNT) / 100));
}
