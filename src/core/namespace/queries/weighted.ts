import type { Endpoint } from '../../../model/queries';

/**
 * Chooses `count` endpoints at random, without putting back, each as likely as its weight says.
 *
 * Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir" (2006): the largest of `u^(1/w)` win.
 *
 * @param fraction A random number in [0, 1) at each call.
 */
export function chooseByWeight(endpoints: readonly Endpoint[], count: number, fraction: () => number): Endpoint[] {
  // The logarithm of the key has the same order, and does not underflow where a weight is small.
  return endpoints
    .map((endpoint) => ({ endpoint, key: Math.log(1 - fraction()) / endpoint.weight }))
    .sort((a, b) => b.key - a.key)
    .slice(0, count)
    .map(({ endpoint }) => endpoint);
}
