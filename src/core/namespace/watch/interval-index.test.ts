import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOfPrefix, isWithin, type KeyInterval } from '../../../model/key-interval';
import { IntervalIndex } from './interval-index';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\u00ff'), maxLength: 4 });
const interval = fc.oneof(key.map(intervalOfPrefix), fc.record({ from: key, to: fc.option(key, { nil: undefined }) }));
const steps = fc.array(fc.record({ interval, value: fc.integer({ min: 0, max: 3 }), isRemoval: fc.boolean() }), {
  maxLength: 40,
});

const sorted = (sets: Iterable<ReadonlySet<number>>) => [...sets].map((values) => [...values].sort().join()).sort();

describe('an index of intervals', () => {
  it('[KV11] finds exactly those that have a key, whatever was added and removed', () => {
    fc.assert(
      fc.property(steps, fc.array(key, { maxLength: 10 }), (taken, keys) => {
        const index = new IntervalIndex<number>();
        const model = new Map<string, { interval: KeyInterval; values: Set<number> }>();
        for (const { interval, value, isRemoval } of taken) {
          const name = JSON.stringify([interval.from, interval.to]);
          const known = model.get(name) ?? { interval, values: new Set() };
          if (isRemoval) {
            index.remove(interval, value);
            known.values.delete(value);
          } else {
            index.add(interval, value);
            known.values.add(value);
          }
          if (known.values.size > 0) model.set(name, known);
          else model.delete(name);
          for (const each of keys) {
            const holding = [...model.values()].filter((one) => isWithin(each, one.interval));
            expect(sorted(index.setsOf(each))).toEqual(sorted(holding.map(({ values }) => values)));
          }
        }
      }),
    );
  });
});
