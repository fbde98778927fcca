import { powerOfTwo } from '../power-of-two';
import type { Selector } from '../selector';
import { hashText } from './hash';
import { narrowed } from './narrowed';
import { affinity } from './rendezvous';

/**
 * Only `size` of the instances, so that a large fleet of clients does not keep a connection from each to each. Each
 * client has a subset of its own, which stays: when one instance comes or goes, at most one member changes.
 *
 * go-zero shuffles and takes the first 32; here each client's id ranks the instances by rendezvous hashing, as in gRPC's
 * `random_subsetting` (gRFC A68), so that the choice outlives changes and restarts.
 *
 * @param clientId Of this client; its subset follows from it.
 * @param among Chooses within the subset.
 */
export function subset(size: number, clientId: string, among: Selector = powerOfTwo()): Selector {
  if (!(Number.isInteger(size) && size > 0))
    throw new RangeError(`a subset has a whole number of members, not ${size}`);
  const clientHash = hashText(clientId);
  return narrowed(among, (endpoints) =>
    endpoints
      .map((endpoint) => ({ endpoint, score: affinity(clientHash, hashText(endpoint.id)) }))
      .sort((a, b) => b.score - a.score)
      .slice(0, size)
      .map(({ endpoint }) => endpoint),
  );
}
