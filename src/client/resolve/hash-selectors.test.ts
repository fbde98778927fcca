import { describe, expect, it } from 'vitest';
import { hashText, mix } from './hash-selectors';

describe('hashText', () => {
  it('[B8] is stable in every runtime and version', () => {
    // From an implementation in Python; FNV-1a alone of `a` is e40c292c.
    expect(['', 'a', 'order-7', 'Bestellung-Ä'].map(hashText)).toEqual([
      2_872_998_923, 444_641_715, 1_119_642_556, 972_668_132,
    ]);
  });

  it('[B8] spreads similar texts', () => {
    const buckets = new Array<number>(16).fill(0);
    for (let key = 0; key < 16_000; key++) {
      const bucket = hashText(`user-${key}`) % 16;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(120);
  });
});

describe('mix', () => {
  it('[B8] flips half of its bits for any bit of the input', () => {
    const bits = (number: number) => number.toString(2).replaceAll('0', '').length;
    for (let bit = 0; bit < 32; bit++) {
      let changed = 0;
      for (let value = 1; value <= 1_000; value++) changed += bits((mix(value) ^ mix(value ^ (1 << bit))) >>> 0);
      expect(Math.abs(changed / 1_000 - 16)).toBeLessThan(1.5);
    }
  });
});
