import { expect, it } from 'vitest';
import type { Subscriber } from '../../client/wire/answers';
import { progressOf } from './barrier';

const subscriber = (id: string, acknowledgedRevision: number, rest: Partial<Subscriber> = {}): Subscriber => ({
  id,
  kind: 'socket',
  sentRevision: 9,
  acknowledgedRevision,
  lag: 0,
  ...rest,
});

it('counts who has acknowledged a revision, and names the others', () => {
  const all = [subscriber('a', 9), subscriber('b', 8, { lag: 2 }), subscriber('c', 10)];
  expect(progressOf(all, new Set(['a', 'b', 'c']), 9)).toEqual({
    acknowledged: 2,
    all: 3,
    behind: [{ id: 'b', lag: 2 }],
  });
});

it('waits for no observer, and for none that subscribed later', () => {
  const all = [subscriber('a', 9), subscriber('page', 0, { observer: true }), subscriber('later', 0)];
  expect(progressOf(all, new Set(['a', 'page']), 9)).toEqual({ acknowledged: 1, all: 1, behind: [] });
});

it('does not count a subscriber that has left', () => {
  expect(progressOf([subscriber('a', 9)], new Set(['a', 'gone']), 9)).toEqual({
    acknowledged: 1,
    all: 1,
    behind: [],
  });
});
