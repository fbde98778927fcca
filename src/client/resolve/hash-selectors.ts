import type { Endpoint } from './endpoint';
import { powerOfTwo } from './power-of-two';
import { narrowed, type Selector } from './selector';

/** Mixes 32 bits so that each one of the input changes half of the output: the end of MurmurHash3. */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** 32 bits of a text: FNV-1a over its UTF-16 units, mixed. The same in every runtime and version; not for secrets. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
}

/**
 * How much a key belongs to somebody, as 32 bits; the highest wins. When one comes or goes, only the keys that it wins or
 * won move, and nothing is kept of any key.
 *
 * Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
 *
 * @param keyHash Of `hashText`, as is `idHash`.
 */
export function affinity(keyHash: number, idHash: number): number {
  return mix(Math.imul(keyHash, 0x9e3779b1) ^ idHash);
}

/**
 * The same where shares are to follow weights.
 *
 * Source: Schindelhauer and Schomaker, "Weighted distributed hash tables" (2005), the logarithmic method.
 */
export function weightedAffinity(keyHash: number, idHash: number, weight: number): number {
  // Half a step away from 0 and 1, so that the logarithm is finite and not 0.
  return -weight / Math.log((affinity(keyHash, idHash) + 0.5) / 2 ** 32);
}

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

/**
 * A key stays with the instance that got its first call, as long as that one is there; nobody new takes a key away.
 * Unlike with {@link consistentHash}, each client remembers for itself, and the first choice can go by load.
 *
 * @param among Chooses for keys that are new, and for calls without a key.
 * @param maxKeys Keys remembered; beyond it, those not used for longest are forgotten.
 */
export function sticky(among: Selector = powerOfTwo(), maxKeys = 10_000): Selector {
  const homes = new Map<string, Endpoint>();
  return {
    pick(endpoints, context) {
      const { key } = context;
      if (key === undefined) return among.pick(endpoints, context);
      const home = homes.get(key);
      const chosen = home !== undefined && endpoints.includes(home) ? home : among.pick(endpoints, context);
      if (chosen === undefined) return undefined;
      homes.delete(key);
      homes.set(key, chosen);
      if (homes.size > maxKeys) for (const [oldest] of homes) if (homes.delete(oldest)) break;
      return chosen;
    },
    started: (endpoint) => among.started?.(endpoint),
    ended: (endpoint, report) => among.ended?.(endpoint, report),
  };
}
