import { describe, expect, it } from 'vitest';
import { median, ratios, spread } from './statistics';

describe('statistics', () => {
  it('median returns the middle of an odd number of values, in any order', () => {
    expect(median([9, 1, 10])).toBe(9);
  });

  it('median returns the mean of the two middle values of an even number', () => {
    expect(median([4, 1, 100, 2])).toBe(3);
  });

  it('median sorts numerically and does not change the list', () => {
    const values = [10, 9, 100];
    expect(median(values)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });

  it('median refuses an empty list', () => {
    expect(() => median([])).toThrow(RangeError);
  });

  it('spread returns the minimum and the maximum with the median', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  });

  it('ratios pairs the lists round by round', () => {
    // The second round was twice as slow for both, which must not change the ratio.
    expect(ratios([90, 45], [100, 50])).toEqual([0.9, 0.9]);
  });

  it('ratios refuses lists of different lengths', () => {
    expect(() => ratios([1, 2], [1])).toThrow("2 measurements don't pair with 1");
  });
});
