import type { Endpoint } from './endpoint';

/** Input of a selector. */
export interface PickContext {
  /** Key of the call, such as a user or an order; for selectors that keep a key on one instance. */
  readonly key?: string | undefined;
  /** Milliseconds on a monotonic clock. */
  readonly now: number;
  /** A random number in [0, 1). */
  readonly random: () => number;
}

/** Outcome of a call. */
export interface CallReport {
  /** Time from the start of the call to the head of the response. */
  readonly latencyMs: number;
  /** `aborted`: the caller gave up, so the latency is only a lower bound. */
  readonly outcome: 'success' | 'failure' | 'aborted';
  /** Time when it ended, on the clock of {@link PickContext.now}. */
  readonly now: number;
}

/**
 * Selects the instance for a call. A selector belongs to one resolver and may keep state.
 *
 * The list is a new array whenever it has changed and the same array otherwise, so derived data can be cached by it. It
 * does not contain instances that an earlier attempt of the same call has tried.
 */
export interface Selector {
  /** Returns one of `endpoints`; undefined if it is empty. */
  pick(endpoints: readonly Endpoint[], context: PickContext): Endpoint | undefined;
  /** Called when a call to `endpoint` starts. */
  started?(endpoint: Endpoint): void;
  /** Called when it has ended, once for each started call. */
  ended?(endpoint: Endpoint, report: CallReport): void;
}

/** Restricts a selector to some of the endpoints. They are computed again whenever the list changes. */
export function narrowed(among: Selector, narrow: (endpoints: readonly Endpoint[]) => readonly Endpoint[]): Selector {
  let all: readonly Endpoint[] = [];
  let some: readonly Endpoint[] = [];
  return {
    pick(endpoints, context) {
      if (endpoints !== all) {
        all = endpoints;
        some = narrow(endpoints);
      }
      return among.pick(some, context);
    },
    started: (endpoint) => among.started?.(endpoint),
    ended: (endpoint, report) => among.ended?.(endpoint, report),
  };
}
