import { expect, it } from 'vitest';
import { SeededRandom } from '../simulation/seeded-random';
import { EventQueue } from './event-queue';

it('runs events in time order, including events added during the run', () => {
  const queue = new EventQueue();
  const random = new SeededRandom(5);
  const ran: number[] = [];
  const add = (depth: number) => {
    queue.after(random.between(0, 100), () => {
      ran.push(queue.now);
      if (depth > 0) add(depth - 1);
    });
  };
  for (let count = 0; count < 500; count++) add(2);
  queue.runUntil(1_000);
  expect(ran).toHaveLength(1_500);
  expect(ran).toEqual(ran.toSorted((a, b) => a - b));
  expect(queue.now).toBe(1_000);
});
