import type { Time } from '../wire/time';
import type { Endpoint } from './endpoint';
import type { OutlierEjection } from './outlier-ejection';
import type { CallReport, Selector } from './selector';

/** An attempt of a call. The caller must end it once, after a response or a failure. */
export interface Attempt {
  readonly endpoint: Endpoint;
  /**
   * Reports the outcome of the attempt. Further calls do nothing.
   *
   * @param outcome `aborted` if the caller gave up.
   */
  end(outcome: CallReport['outcome']): void;
}

/** Attempts of one call: each goes to an instance that the call has not tried. */
export interface Picker {
  /** Endpoints tried so far, in order. */
  readonly tried: readonly Endpoint[];
  /** Starts the next attempt; undefined if no instance is left. */
  next(): Attempt | undefined;
}

export interface BalancerParts {
  selector: Selector;
  /** Undefined: no ejection. */
  ejection: OutlierEjection | undefined;
  time: Pick<Time, 'now' | 'random'>;
  /** Called when the last pending call to `endpoint` has ended. */
  onIdle?: (endpoint: Endpoint) => void;
}

/** Distributes calls among endpoints, and reports their outcomes to the selector and the ejection. */
export class Balancer {
  readonly #parts: BalancerParts;
  readonly #pendingCalls = new Map<Endpoint, number>();
  endpoints: readonly Endpoint[] = [];

  constructor(parts: BalancerParts) {
    this.#parts = parts;
  }

  /** Endpoints that take calls: all except ejected ones. */
  get usable(): readonly Endpoint[] {
    const { ejection, time } = this.#parts;
    return ejection?.usable(this.endpoints, time.now()) ?? this.endpoints;
  }

  /** Reports whether a call to `endpoint` is pending. */
  isBusy(endpoint: Endpoint): boolean {
    return this.#pendingCalls.has(endpoint);
  }

  /** Selects an endpoint without counting the call. */
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
    this.#pendingCalls.set(endpoint, (this.#pendingCalls.get(endpoint) ?? 0) + 1);
    selector.started?.(endpoint);
    return {
      endpoint,
      end: (outcome) => {
        if (ended) return;
        ended = true;
        const at = time.now();
        selector.ended?.(endpoint, { latencyMs: at - began, outcome, now: at });
        if (outcome !== 'aborted') ejection?.report(endpoint, outcome === 'failure', at);
        const left = (this.#pendingCalls.get(endpoint) ?? 1) - 1;
        if (left > 0) this.#pendingCalls.set(endpoint, left);
        else if (this.#pendingCalls.delete(endpoint)) onIdle?.(endpoint);
      },
    };
  }
}

/** Time constant over which requests and retries fade out. */
const WINDOW_MS = 10_000;

/** Retries that each request adds to the budget. */
const RETRIES_PER_REQUEST = 0.2;

/** Retries available without any request: 10 per second. */
const RESERVE = (10 * WINDOW_MS) / 1_000;

/**
 * Limits retries to a fifth of the requests plus 10 per second, so that retries help with a few failures but do not
 * double the load of a service that fails altogether.
 *
 * Source: Finagle's `RetryBudget` and its defaults. Deposits and withdrawals fade out over 10 s, here exponentially.
 */
export class RetryBudget {
  #balance = 0;
  #at = 0;

  /** Counts a request. @param now Milliseconds on a monotonic clock. */
  request(now: number): void {
    this.#fade(now);
    this.#balance += RETRIES_PER_REQUEST;
  }

  /** Takes a retry out of the budget; returns false if there is none. */
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
