import type { Endpoint } from './endpoint';

/** Chooses at random in proportion to weight. Caches the sums of the last list, so that a choice is a binary search. */
export class WeightedChoice {
  #endpoints: readonly Endpoint[] = [];
  /** Prefix sums of the weights; empty if all weights are equal. */
  #sums: number[] = [];
  #mean = 1;

  /**
   * Returns the index of the endpoint for a random number.
   *
   * @param fraction Random number in [0, 1).
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

  /** Returns the weight of an endpoint relative to the mean of the last list. */
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
