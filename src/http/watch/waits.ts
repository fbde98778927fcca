import { quote, RegistryError } from '../../model/errors';
import {
  WAIT_JITTER_PERCENT_COUNT,
  WAITS_PER_SUBSCRIBER_MAX_COUNT,
  WAITS_PER_TOKEN_MAX_COUNT,
} from '../../model/limits';

/** The token and subscriber that a wait is counted for. */
export interface Waiter {
  tokenId: string;
  /** Name that the subscriber sent; empty if it sent none. */
  subscriber: string;
}

/** A wait: its latest end, and the name it is counted under. */
interface Ending {
  readonly at: number;
  readonly subscriber: string;
}

/** The waits of one token. */
interface TokenWaits {
  readonly all: Set<Ending>;
  /** Waits of named subscribers, by name. */
  readonly bySubscriber: Map<string, Set<Ending>>;
}

/**
 * Counts the polls and event streams that this isolate holds, by token and by subscriber: an abandoned poll goes
 * unnoticed, and must not accumulate sockets. Each isolate counts separately; the object's own limit covers all of them.
 *
 * A wait that was cut off never reports its end. It is dropped after its latest end when room is needed, so a token
 * leaves at most as many names here as it may have waits.
 */
export class Waits {
  readonly #now: () => number;
  readonly #byToken = new Map<string, TokenWaits>();

  /** @param now Milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Number of subscriber names that are held, over all tokens. */
  get nameCount(): number {
    return [...this.#byToken.values()].reduce((count, { bySubscriber }) => count + bySubscriber.size, 0);
  }

  /**
   * Counts a wait that lasts at most `maxMs`.
   *
   * @returns A function to call when the wait ends.
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
        `subscriber ${quote(subscriber)} has ${WAITS_PER_SUBSCRIBER_MAX_COUNT} polls and streams open here; give each process its own name, or watch many services over one stream`,
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

  /** Reports whether there is room for another wait; drops waits past their end if needed. */
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

/** Shortens a time in milliseconds by up to a tenth at random, so that waits that start together don't end together. */
export function jittered(timeMs: number): number {
  return Math.round(timeMs * (1 - (Math.random() * WAIT_JITTER_PERCENT_COUNT) / 100));
}
