/** Median and range of repeated measurements. */
export interface Spread {
  median: number;
  least: number;
  most: number;
}

/**
 * Returns the median of a list of measurements: the mean of the two middle ones if their number is even.
 *
 * @throws {RangeError} for an empty list.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('a median needs at least one value');
  return (lower + upper) / 2;
}

/** Returns the median, minimum and maximum of a list of measurements. */
export function spread(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * Returns the ratios of two lists, round by round: a disturbance of a whole round affects both halves and cancels out.
 *
 * @throws {RangeError} if the lists differ in length.
 */
export function ratios(values: readonly number[], floors: readonly number[]): number[] {
  if (values.length !== floors.length) {
    throw new RangeError(`${values.length} measurements don't pair with ${floors.length}`);
  }
  return values.map((value, round) => value / (floors[round] ?? Number.NaN));
}

/**
 * Returns the smallest value that a given share of a list does not exceed.
 *
 * @param share From 0 to 1.
 * @throws {RangeError} for an empty list.
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError('a percentile needs at least one value');
  return value;
}
