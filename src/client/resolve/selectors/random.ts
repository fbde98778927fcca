import type { Selector } from '../selector';
import { WeightedChoice } from '../weighted-choice';

/** Anybody, in proportion to weight. */
export function random(): Selector {
  const choice = new WeightedChoice();
  return {
    pick: (endpoints, context) => endpoints[choice.index(endpoints, context.random())],
  };
}
