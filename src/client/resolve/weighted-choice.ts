import type { Endpoint } from './endpoint';

/** Chooses at random in proportion to weight. Remembers the sums of the last list, so that a choice is a binary search. */
export class WeightedChoice {
  #endpoints: readonly Endpoint[] = [];
  /** Weights added up; empty where all are equal, and any index will do. */
  #sums: number[] = [];
  #mean = 1;

  /**
   * Index of the endpoint that a random number falls on.
   *
   * @param fraction In [0, 1).
   */
  index(endpoints: readonly Endpoint[], fraction: number): number {
    if (endpoints !== this.#endpoints) this.#prepare(endpoints);
    const sums = this.#sums;
    if (sums.length === 0) return Math.floor(fraction * endpoints.length);
    const target = fraction * (sums.at(-1) ?? 0);
    let low = 0;
    let high = sums.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) > target) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Weight of an endpoint of the last list, where 1 is the mean of that list. */
  relativeWeight(endpoint: Endpoint): number {
    return endpoint.instance.weight / this.#mean;
  }

  #prepare(endpoints: readonly Endpoint[]): void {
    this.#endpoints = endpoints;
    let sum = 0;
    this.#sums = endpoints.map(({ instance }) => {
      sum += instance.weight;
      return sum;
    });
    this.#mean = sum / endpoints.length || 1;
    const first = endpoints[0]?.instance.weight;
    if (endpoints.every(({ instance }) => instance.weight === first)) this.#sums = [];
  }
}
