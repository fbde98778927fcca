import { describe, expect, it } from 'vitest';
import { endpoints } from '../../../test/fixtures/client-instance';
import { WeightedChoice } from './weighted-choice';

describe('WeightedChoice', () => {
  it('[B7] gives each the share of all numbers that its weight defines', () => {
    const weights: Record<string, number> = { a: 1, b: 5, c: 0.5, d: 3.5 };
    const list = endpoints('a b c d', (id) => ({ weight: weights[id] ?? 0 }));
    const choice = new WeightedChoice();
    const counts = [0, 0, 0, 0];
    for (let step = 0; step < 1_000; step++)
      counts[choice.index(list, step / 1_000)] = (counts[choice.index(list, step / 1_000)] ?? 0) + 1;
    expect(counts).toEqual([100, 500, 50, 350]);
  });

  it('[B7] does the same for equal weights, at both ends', () => {
    const list = endpoints('a b c', () => ({ weight: 7 }));
    const choice = new WeightedChoice();
    expect([0, 0.33, 0.34, 0.67, 0.999_999].map((fraction) => choice.index(list, fraction))).toEqual([0, 0, 1, 2, 2]);
  });

  it('[B7] recomputes the sums for another list', () => {
    const choice = new WeightedChoice();
    choice.index(
      endpoints('a b', (id) => ({ weight: id === 'a' ? 9 : 1 })),
      0.5,
    );
    const [first, second] = endpoints('a b', (id) => ({ weight: id === 'a' ? 1 : 9 }));
    expect(
      choice.index(
        [first, second].flatMap((endpoint) => endpoint ?? []),
        0.5,
      ),
    ).toBe(1);
    expect(second && choice.relativeWeight(second)).toBe(1.8);
  });
});
