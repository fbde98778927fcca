import { mix } from './hash';

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
