import { expect, it } from 'vitest';
import { SeededRandom } from '../simulation/seeded-random';
import { Heap } from './heap';

it('a heap returns the entry with the highest priority first', () => {
  const random = new SeededRandom(1);
  const heap = new Heap<number>();
  const left: number[] = [];
  for (let round = 0; round < 500; round++) {
    const priority = random.whole(0, 100);
    heap.push(priority, priority);
    left.push(priority);
    if (random.chance(0.5)) continue;
    const most = Math.max(...left);
    left.splice(left.indexOf(most), 1);
    expect(heap.pop()).toBe(most);
  }
  const rest = left.map(() => heap.pop());
  expect(rest).toEqual(left.toSorted((a, b) => b - a));
  expect(heap.pop()).toBeUndefined();
});
