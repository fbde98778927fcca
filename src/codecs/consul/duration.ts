/** A duration in nanoseconds, as Go counts them. A whole number, exact below 104 days. */
export type Nanoseconds = number;

/** Units of Go's durations, in nanoseconds. Both micro signs of Unicode are accepted. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Longest duration that a signed 64-bit number of nanoseconds holds. */
const MAX = 2n ** 63n - 1n;

/** Matches one number with its unit. The unit is checked later, because a missing and an unknown one differ in the error. */
const PART = /(\d*)(\.\d*)?([^\d.]*)/y;

/** Digits of a fraction that can matter: an hour has 13 digits of nanoseconds. */
const FRACTION_DIGITS = 15;

/** Number of characters that a duration may have. Go has no such limit; longer ones only cost time. */
const LONGEST = 200;

/**
 * Parses a Go duration, such as `1m30s`, `1.5h` or `300000ms`. Returns the message of Go's error for any other text; a
 * number without unit is an error, unless it is 0.
 */
export function parseDuration(text: string): Nanoseconds | { problem: string } {
  const invalid = { problem: `time: invalid duration ${JSON.stringify(text.slice(0, LONGEST))}` };
  if (text.length > LONGEST) return invalid;
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  const unsigned = text.slice(sign.length);
  if (unsigned === '0') return 0;
  if (unsigned === '') return invalid;
  let total = 0n;
  PART.lastIndex = 0;
  while (PART.lastIndex < unsigned.length) {
    const [, whole = '', point = '', unit = ''] = PART.exec(unsigned) ?? [];
    const fraction = point.slice(1, 1 + FRACTION_DIGITS);
    if (whole === '' && fraction === '') return invalid;
    if (unit === '') return { problem: `time: missing unit in duration ${JSON.stringify(text)}` };
    const scale = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
    if (scale === undefined) {
      return { problem: `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}` };
    }
    total += BigInt(whole) * scale + (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    if (total > MAX + (sign === '-' ? 1n : 0n)) return invalid;
  }
  return sign === '-' ? 0 - Number(total) : Number(total);
}

const HOUR = 3_600e9;
const MINUTE = 60e9;

/** Formats a duration as Go does: `0s`, `1.5ms`, `1m30s`, `1h0m0s`. */
export function formatDuration(duration: Nanoseconds): string {
  if (duration < 0) return `-${formatDuration(-duration)}`;
  if (duration === 0) return '0s';
  if (duration < 1e3) return `${duration}ns`;
  if (duration < 1e6) return `${decimal(duration, 3)}µs`;
  if (duration < 1e9) return `${decimal(duration, 6)}ms`;
  const minutes = wholes(duration % HOUR, MINUTE);
  const seconds = `${decimal(duration % MINUTE, 9)}s`;
  if (duration >= HOUR) return `${wholes(duration, HOUR)}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}

/** Returns how many times a unit fits. Subtracts first, because the quotient of large numbers may round up. */
const wholes = (duration: Nanoseconds, unit: Nanoseconds): number => (duration - (duration % unit)) / unit;

/** Formats a number of the smallest unit with a decimal point before its last digits, without zeros at the end. */
function decimal(value: number, digits: number): string {
  const scale = 10 ** digits;
  const fraction = value % scale;
  const whole = wholes(value, scale);
  return fraction === 0 ? `${whole}` : `${whole}.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`;
}

/** Converts a duration to whole milliseconds. A shorter one than a millisecond counts as one, since 0 means none. */
export function milliseconds(duration: Nanoseconds): number {
  return duration > 0 ? Math.max(1, Math.round(duration / 1e6)) : 0;
}
