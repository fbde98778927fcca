import type { Endpoint } from '../endpoint';
import { hashText, mix } from './hash';

const idHashes = new WeakMap<Endpoint, number>();

function idHash(endpoint: Endpoint): number {
  const known = idHashes.get(endpoint);
  if (known !== undefined) return known;
  const hash = hashText(endpoint.id);
  idHashes.set(endpoint, hash);
  return hash;
}

/**
 * How much a key belongs to an endpoint; the highest wins. When an endpoint comes or goes, only the keys that it wins or
 * won move. Keeps nothing but one number for each endpoint.
 *
 * Source: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998), with the logarithm that makes
 * shares follow weights exactly (Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005).
 *
 * @param keyHash Of `hashText`.
 */
export function rendezvousScore(endpoint: Endpoint, keyHash: number, weight: number): number {
  // Never 0 nor 1, so that the logarithm is finite and not 0.
  const fraction = (mix(Math.imul(keyHash, 0x9e3779b1) ^ idHash(endpoint)) + 0.5) / 2 ** 32;
  return -weight / Math.log(fraction);
}
