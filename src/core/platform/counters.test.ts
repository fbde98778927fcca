import { expect, it } from 'vitest';
import { Cause } from '../../model/history';
import { newCounters } from './counters';

it('newCounters begin at nothing, for every cause', () => {
  const { startedAt, wokeAt, removed, ...counters } = newCounters(5);
  expect([startedAt, wokeAt]).toEqual([5, 5]);
  expect(Object.keys(removed)).toEqual(Cause.options);
  expect(new Set([...Object.values(counters), ...Object.values(removed)])).toEqual(new Set([0]));
});
