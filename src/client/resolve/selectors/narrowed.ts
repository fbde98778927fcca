import type { Endpoint } from '../endpoint';
import type { Selector } from '../selector';

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
