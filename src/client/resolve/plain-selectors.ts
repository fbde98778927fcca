import type { Endpoint } from './endpoint';
import type { Selector } from './selector';
import { WeightedChoice } from './weighted-choice';

/** Selects at random, in proportion to weight. */
export function random(): Selector {
  const choice = new WeightedChoice();
  return {
    pick: (endpoints, context) => endpoints[choice.index(endpoints, context.random())],
  };
}

/** Selects one instance after another, ignoring weights. Starts at random, so that clients don't start with the same one. */
export function roundRobin(): Selector {
  let turn: number | undefined;
  return {
    pick(endpoints, { random }) {
      turn = turn === undefined ? Math.floor(random() * endpoints.length) : turn + 1;
      return endpoints[turn % endpoints.length];
    },
  };
}

/**
 * Selects in turn, in proportion to weight and evenly spread: weights 5, 1, 1 give `a a b a c a a`.
 *
 * Each instance gains its weight at every pick; the one with the most credit is chosen, and pays the sum of all weights.
 *
 * Source: nginx's smooth weighted round-robin (commit 52327e0627f4).
 */
export function weightedRoundRobin(): Selector {
  const credits = new WeakMap<Endpoint, number>();
  return {
    pick(endpoints) {
      let best: Endpoint | undefined;
      let most = Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (const endpoint of endpoints) {
        const { weight } = endpoint.instance;
        const credit = (credits.get(endpoint) ?? 0) + weight;
        credits.set(endpoint, credit);
        sum += weight;
        if (credit > most) {
          best = endpoint;
          most = credit;
        }
      }
      if (best !== undefined) credits.set(best, most - sum);
      return best;
    },
  };
}
