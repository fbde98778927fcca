import type { Endpoint } from '../endpoint';
import type { Selector } from '../selector';
import { hashText } from './hash';
import { affinity, weightedAffinity } from './rendezvous';

/**
 * The same key goes to the same instance, from every client, as long as that instance is there; when it leaves, its keys
 * spread over all others, and nobody else's move. Shares follow weights.
 *
 * Rendezvous hashing: there is no ring to keep, only a number for each instance, and a pick looks at all of them.
 * Calls without a key have one in common.
 */
export function consistentHash(): Selector {
  let all: readonly Endpoint[] = [];
  let idHashes: number[] = [];
  let isEven = true;

  function prepare(endpoints: readonly Endpoint[]): void {
    all = endpoints;
    idHashes = endpoints.map(({ id }) => hashText(id));
    isEven = endpoints.every(({ instance }) => instance.weight === endpoints[0]?.instance.weight);
  }

  return {
    pick(endpoints, { key = '' }) {
      if (endpoints !== all) prepare(endpoints);
      const keyHash = hashText(key);
      let best = 0;
      let highest = Number.NEGATIVE_INFINITY;
      for (let index = 0; index < idHashes.length; index++) {
        const idHash = idHashes[index] ?? 0;
        // The logarithm keeps the order of equal weights: it is saved there.
        const score = isEven
          ? affinity(keyHash, idHash)
          : weightedAffinity(keyHash, idHash, endpoints[index]?.instance.weight ?? 0);
        if (score > highest) {
          best = index;
          highest = score;
        }
      }
      return endpoints[best];
    },
  };
}
