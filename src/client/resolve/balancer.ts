import type { Time } from '../wire/time';
import type { Endpoint } from './endpoint';
import type { OutlierEjection } from './outlier-ejection';
import type { CallReport, Selector } from './selector';

/** One try of a call. It has to be ended, once, when its answer has come or will not come. */
export interface Attempt {
  readonly endpoint: Endpoint;
  /**
   * Tells how the call ended. Ending twice does nothing.
   *
   * @param outcome `aborted` where the caller gave up.
   */
  end(outcome: CallReport['outcome']): void;
}

/** Tries of one call: each goes to an instance that the call has not tried yet. */
export interface Picker {
  /** Those it went to, in order. */
  readonly tried: readonly Endpoint[];
  /** The next one to try; undefined where nobody is left. */
  next(): Attempt | undefined;
}

export interface BalancerParts {
  selector: Selector;
  /** Undefined: nobody is ejected. */
  ejection: OutlierEjection | undefined;
  time: Pick<Time, 'now' | 'random'>;
  /** A call to `endpoint` has ended, and no other is under way there. */
  onIdle?: (endpoint: Endpoint) => void;
}

/** Shares calls out among endpoints, and tells the selector and the ejection what became of them. */
export class Balancer {
  readonly #parts: BalancerParts;
  readonly #underWay = new Map<Endpoint, number>();
  endpoints: readonly Endpoint[] = [];

  constructor(parts: BalancerParts) {
    this.#parts = parts;
  }

  /** Those that calls go to: all of them but the ejected ones. */
  get usable(): readonly Endpoint[] {
    const { ejection, time } = this.#parts;
    return ejection?.usable(this.endpoints, time.now()) ?? this.endpoints;
  }

  /** Whether a call to `endpoint` is under way. */
  isBusy(endpoint: Endpoint): boolean {
    return this.#underWay.has(endpoint);
  }

  /** Somebody to call; nothing is counted. */
  pick(key: string | undefined, tried: readonly Endpoint[] = []): Endpoint | undefined {
    const { selector, time } = this.#parts;
    const usable = this.usable;
    const rest = tried.length === 0 ? usable : usable.filter((endpoint) => !tried.includes(endpoint));
    return rest.length === 0 ? undefined : selector.pick(rest, { key, now: time.now(), random: time.random });
  }

  picker(key?: string): Picker {
    const tried: Endpoint[] = [];
    return {
      tried,
      next: () => {
        const endpoint = this.pick(key, tried);
        if (endpoint === undefined) return undefined;
        tried.push(endpoint);
        return this.#begin(endpoint);
      },
    };
  }

  #begin(endpoint: Endpoint): Attempt {
    const { selector, ejection, time, onIdle } = this.#parts;
    const began = time.now();
    let ended = false;
    this.#underWay.set(endpoint, (this.#underWay.get(endpoint) ?? 0) + 1);
    selector.started?.(endpoint);
    return {
      endpoint,
      end: (outcome) => {
        if (ended) return;
        ended = true;
        const at = time.now();
        selector.ended?.(endpoint, { latencyMs: at - began, outcome, now: at });
        if (outcome !== 'aborted') ejection?.report(endpoint, outcome === 'failure', at);
        const left = (this.#underWay.get(endpoint) ?? 1) - 1;
        if (left > 0) this.#underWay.set(endpoint, left);
        else if (this.#underWay.delete(endpoint)) onIdle?.(endpoint);
      },
    };
  }
}

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
