import { expect, it } from 'vitest';
import { newCounters } from './counters';

it('newCounters begin at nothing', () => {
  const { wokeAt, ...counters } = newCounters(5);
  expect(wokeAt).toBe(5);
  expect(new Set(Object.values(counters))).toEqual(new Set([0]));
});
