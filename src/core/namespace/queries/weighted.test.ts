import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import type { Endpoint } from '../../../model/queries';
import { chooseByWeight } from './weighted';

const endpoint = (id: string, weight: number): Endpoint => ({
  id,
  weight,
  address: '10.0.0.1',
  port: 80,
  ports: {},
  metadata: {},
  cluster: 'DEFAULT',
});

const PICKS = 10_000;

/** How often each was picked, as a share of all picks. */
function shares(weights: Record<string, number>, count: number): Record<string, number> {
  const random = new SeededRandom(7);
  const endpoints = Object.entries(weights).map(([id, weight]) => endpoint(id, weight));
  const picked: Record<string, number> = Object.fromEntries(endpoints.map(({ id }) => [id, 0]));
  for (let pick = 0; pick < PICKS; pick++) {
    for (const { id } of chooseByWeight(endpoints, count, () => random.fraction())) picked[id] = (picked[id] ?? 0) + 1;
  }
  return Object.fromEntries(Object.entries(picked).map(([id, times]) => [id, times / PICKS]));
}

describe('chooseByWeight', () => {
  it.each<Record<string, number>>([
    { a: 1, b: 1 },
    { a: 1, b: 2, c: 7 },
    { a: 10_000, b: 1 },
    { a: 0.001, b: 0.003 },
    { a: 5 },
  ])('[V3] picks of %o each as often as its weight says, to a hundredth', (weights) => {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight);
    for (const [id, share] of Object.entries(shares(weights, 1))) {
      expect(Math.abs(share - (weights[id] ?? 0) / total), id).toBeLessThan(0.01);
    }
  });

  it('[V3] picks nobody twice, and no more than there are', () => {
    const random = new SeededRandom(1);
    const endpoints = ['a', 'b', 'c'].map((id) => endpoint(id, 1));
    for (let pick = 0; pick < 100; pick++) {
      const two = chooseByWeight(endpoints, 2, () => random.fraction()).map(({ id }) => id);
      expect(new Set(two).size).toBe(2);
    }
    expect(chooseByWeight(endpoints, 9, () => random.fraction())).toHaveLength(3);
    expect(chooseByWeight([], 1, () => 0)).toEqual([]);
  });

  it('[V3] picks the second among those that are left, by their weights', () => {
    const { a = 0, b = 0, c = 0 } = shares({ a: 1, b: 1, c: 2 }, 2);
    // c is first half the time; else it is second in two thirds of the cases.
    expect(Math.abs(c - (1 / 2 + (1 / 2) * (2 / 3)))).toBeLessThan(0.01);
    expect(Math.abs(a - b)).toBeLessThan(0.02);
  });

  it('takes randomness of exactly 0', () => {
    expect(chooseByWeight([endpoint('a', 1), endpoint('b', 2)], 1, () => 0)).toHaveLength(1);
  });
});
