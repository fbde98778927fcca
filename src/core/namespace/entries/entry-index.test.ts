import fc from 'fast-check';
import { expect, it } from 'vitest';
import { EntryIndex } from './entry-index';

interface Numbered {
  readonly key: string;
  readonly number: number;
}

/** Few different keys, so that they are put and removed again, with every kind of byte. */
const KEY = fc.string({ unit: fc.constantFrom('\u0000', 'a', 'b', '\u0080', '\u00ff'), maxLength: 3 });
const BOUND = fc.option(KEY, { nil: undefined });

const STEP = fc.oneof(
  fc.record({ put: KEY }),
  fc.record({ remove: KEY }),
  fc.record({ range: fc.record({ from: KEY, to: BOUND }) }),
);

const inOrder = (model: Map<string, Numbered>) => [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1));

it('behaves like a sorted map', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 200 }), (steps) => {
      const index = new EntryIndex<Numbered>();
      const model = new Map<string, Numbered>();
      for (const [number, step] of steps.entries()) {
        if ('put' in step) {
          const entry = { key: step.put, number };
          expect(index.put(entry)).toBe(model.get(step.put));
          model.set(step.put, entry);
        } else if ('remove' in step) {
          expect(index.remove(step.remove)).toBe(model.get(step.remove));
          model.delete(step.remove);
        } else {
          const { from, to } = step.range;
          const expected = inOrder(model).filter(({ key }) => key >= from && (to === undefined || key < to));
          expect([...index.within(step.range)]).toEqual(expected);
          expect([...index.backwards(step.range)]).toEqual(expected.toReversed());
          expect(index.count(step.range)).toBe(expected.length);
        }
        expect(index.size).toBe(model.size);
      }
    }),
  );
});

it('keeps thousands of keys in order while chunks are split, emptied and joined', () => {
  const index = new EntryIndex<Numbered>();
  const model = new Map<string, Numbered>();
  const all = { from: '', to: undefined };
  const keyOf = (number: number) => `key-${String((number * 7_919) % 5_003).padStart(5, '0')}`;
  const check = () => {
    const expected = inOrder(model);
    expect([...index.within(all)]).toEqual(expected);
    expect([...index.backwards(all)]).toEqual(expected.toReversed());
    expect(index.count(all)).toBe(model.size);
    const [from, to] = [keyOf(17), keyOf(18)].sort();
    const interval = { from: from ?? '', to };
    expect(index.count(interval)).toBe([...index.within(interval)].length);
    for (const { key } of expected) expect(index.get(key)).toBe(model.get(key));
  };
  for (let number = 0; number < 5_003; number++) {
    const entry = { key: keyOf(number), number };
    index.put(entry);
    model.set(entry.key, entry);
  }
  check();
  for (let number = 0; number < 5_003; number++) {
    if (number % 50 === 0) continue;
    index.remove(keyOf(number));
    model.delete(keyOf(number));
  }
  check();
  for (let number = 0; number < 2_000; number++) {
    const entry = { key: `key-00100-${String(number).padStart(5, '0')}`, number };
    index.put(entry);
    model.set(entry.key, entry);
  }
  check();
  for (const key of [...model.keys()]) {
    index.remove(key);
    model.delete(key);
  }
  check();
});
