import { expect, it } from 'vitest';
import { movedCount } from './steady-order';

it('counts the items that have to move, not those that they pass', () => {
  for (const [places, moved] of [
    [[], 0],
    [[0, 1, 2], 0],
    [[3, 0, 1, 2], 1],
    [[1, 2, 3, 0], 1],
    [[4, 0, 1, 5, 2, 3], 2],
    [[2, 1, 0], 2],
  ] as const) {
    expect(movedCount(places), places.join()).toBe(moved);
  }
});
