/**
 * Returns the options of an `LRUCache` with at most `maxCount` entries, which allocates its slots as it fills. With `max`,
 * it allocates all of them at once: 220 KB and 0.6 ms for 10,000, in every isolate, used or not.
 */
export function countBound(maxCount: number): { maxSize: number; sizeCalculation: () => number } {
  return { maxSize: maxCount, sizeCalculation: () => 1 };
}
