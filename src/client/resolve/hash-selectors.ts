import type { Endpoint } from './endpoint';
import { powerOfTwo } from './power-of-two';
import { narrowed, type Selector } from './selector';

/** Mixes 32 bits so that each input bit changes half of the output bits: the finalizer of MurmurHash3. */
export function mix(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Hashes a text to 32 bits: FNV-1a over its UTF-16 units, mixed. Stable over runtimes and versions; not for secrets. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return mix(hash);
}

/**
 * Returns the affinity of a key to an instance, as 32 bits; the highest wins. When an instance joins or leaves, only the
 * keys that it wins or won move. No state is kept per key.
 *
 * Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998).
 *
 * @param keyHash Result of `hashText`, as is `idHash`.
 */
export function affinity(keyHash: number, idHash: number): number {
  return mix(Math.imul(keyHash, 0x9e3779b1) ^ idHash);
}

/**
 * Returns the affinity such that shares are proportional to weights.
 *
 * Source: Schindelhauer and Schomaker, "Weighted distributed hash tables" (2005), the logarithmic method.
 */
export function weightedAffinity(keyHash: number, idHash: number, weight: number): number {
  // Half a step away from 0 and 1, so that the logarithm is finite and not 0.
  return -weight / Math.log((affinity(keyHash, idHash) + 0.5) / 2 ** 32);
}

/**
 * Selects the same instance for the same key, in every client, while that instance is available. When it leaves, its keys
 * spread over all others, and no other keys move. Shares are proportional to weights.
 *
 * Uses rendezvous hashing: it keeps no ring, only a number per instance, and a pick looks at all of them. Calls without
 * a key share a common one.
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
        // With equal weights the logarithm does not change the order, so it is skipped.
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
 * Selects among only `size` of the instances, so that a large fleet of clients does not keep a connection from each
 * client to each instance. Each client has its own stable subset: when an instance joins or leaves, at most one member
 * changes.
 *
 * go-zero shuffles and takes the first 32; here each client's id ranks the instances by rendezvous hashing, as in gRPC's
 * `random_subsetting` (gRFC A68), so that the choice survives changes and restarts.
 *
 * @param clientId Id of this client; determines its subset.
 * @param among Selects within the subset.
 */
export function subset(size: number, clientId: string, among: Selector = powerOfTwo()): Selector {
  if (!(Number.isInteger(size) && size > 0)) throw new RangeError(`size must be a positive integer, got ${size}`);
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
 * Keeps a key on the instance that got its first call, while that one is available; new instances do not take over keys.
 * Unlike {@link consistentHash}, each client keeps its own assignments, and the first choice can depend on load.
 *
 * @param among Selects for new keys, and for calls without a key.
 * @param maxKeys Number of keys to remember; beyond it, the least recently used are dropped.
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
