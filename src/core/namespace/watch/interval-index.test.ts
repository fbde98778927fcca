import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intervalOfPrefix, isWithin, type KeyInterval } from '../../../model/key-interval';
import { IntervalIndex } from './interval-index';

const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\u00ff'), maxLength: 4 });
const interval = fc.oneof(key.map(intervalOfPrefix), fc.record({ from: key, to: fc.option(key, { nil: undefined }) }));
const removal = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(9) });
const steps = fc.array(fc.record({ interval, value: fc.nat(1), removal }), { maxLength: 40 });

const sorted = (sets: Iterable<ReadonlySet<number>>) => [...sets].map((values) => [...values].sort().join()).sort();

describe('an index of intervals', () => {
  it('[KV11] finds exactly those that have a key, whatever was added and removed', () => {
    fc.assert(
      fc.property(steps, fc.array(key, { maxLength: 10 }), (taken, keys) => {
        const index = new IntervalIndex<number>();
        const model = new Map<string, { interval: KeyInterval; values: Set<number> }>();
        for (const { interval: drawn, value, removal } of taken) {
          // One that is there, so that removals find something.
          const interval = removal === undefined ? drawn : ([...model.values()].at(removal)?.interval ?? drawn);
          const name = JSON.stringify([interval.from, interval.to]);
          const known = model.get(name) ?? { interval, values: new Set() };
          if (removal !== undefined) {
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

  it('[KV11] finds intervals that were added after a removal', () => {
    const index = new IntervalIndex<number>();
    const one = (value: number) => ({ from: `${value}`, to: `${value}x` });
    for (let value = 10; value < 40; value++) index.add(one(value), value);
    index.remove(one(20), 20);
    expect(index.setsOf('20')).toEqual([]);
    for (let value = 40; value < 60; value++) index.add(one(value), value);
    for (let value = 21; value < 60; value++) expect(index.setsOf(`${value}`)).toEqual([new Set([value])]);
  });
});
