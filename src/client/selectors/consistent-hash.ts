import type { Endpoint } from '../endpoint';
import type { Selector } from '../selector';
import { hashText } from './hash';
import { rendezvousScore } from './rendezvous';

/**
 * The same key goes to the same instance, from every client, as long as that instance is there; when it leaves, its keys
 * spread over all others, and nobody else's move. Shares follow weights.
 *
 * Rendezvous hashing: no ring to keep, and one hash of each instance for a pick. Calls without a key have
 * one in common.
 */
export function consistentHash(): Selector {
  return {
    pick(endpoints, { key = '' }) {
      const keyHash = hashText(key);
      let best: Endpoint | undefined;
      let highest = Number.NEGATIVE_INFINITY;
      for (const endpoint of endpoints) {
        const score = rendezvousScore(endpoint, keyHash, endpoint.instance.weight);
        if (score > highest) {
          best = endpoint;
          highest = score;
        }
      }
      return best;
    },
  };
}
