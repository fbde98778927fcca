import type { Endpoint } from './endpoint';

/** What a selector may go by. */
export interface PickContext {
  /** What the call is about, such as a user or an order; for selectors that keep a key on one instance. */
  readonly key?: string | undefined;
  /** Milliseconds on a clock that only moves forward. */
  readonly now: number;
  /** A random number in [0, 1). */
  readonly random: () => number;
}

/** How a call ended. */
export interface CallReport {
  /** From its beginning to the head of its answer. */
  readonly latencyMs: number;
  /** `aborted`: the caller gave up, which says nothing of the instance but that it took at least so long. */
  readonly outcome: 'success' | 'failure' | 'aborted';
  /** When it ended, on the same clock as a pick's. */
  readonly now: number;
}

/**
 * Chooses who gets the next call. One selector serves one resolver and may keep state.
 *
 * The list is a new array whenever it changed, and the same array as long as it did not: what is derived from it can be
 * kept with it. It holds nobody that an earlier attempt of the same call has tried.
 */
export interface Selector {
  /** One of `endpoints`; undefined where there is none. */
  pick(endpoints: readonly Endpoint[], context: PickContext): Endpoint | undefined;
  /** A call to `endpoint` begins. */
  started?(endpoint: Endpoint): void;
  /** It has ended; each call that began ends once. */
  ended?(endpoint: Endpoint, report: CallReport): void;
}

/** Lets a selector choose among some of the endpoints. They are chosen anew when the list is another one. */
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
