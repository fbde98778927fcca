/** Durations, times and counts in the words of people. `--json` has the exact values. */

const UNITS: [suffix: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** Formats milliseconds in the largest unit that leaves no remainder, as options accept it: `90s`, `5m`, `1500ms`. */
export function durationText(milliseconds: number): string {
  const unit = UNITS.find(([, ms]) => milliseconds >= ms && milliseconds % ms === 0);
  return unit === undefined ? `${milliseconds}ms` : `${milliseconds / unit[1]}${unit[0]}`;
}

/** Units of rounded durations, each up to the number from which the next one is used. */
const ROUNDED: [unit: string, ms: number, below: number][] = [
  ['s', 1_000, 60],
  ['min', 60_000, 60],
  ['h', 3_600_000, 48],
  ['d', 86_400_000, Number.POSITIVE_INFINITY],
];

/** Formats milliseconds, rounded to a whole unit: `12 s`, `3 min`. */
export function spanText(milliseconds: number): string {
  for (const [unit, ms, below] of ROUNDED) {
    const count = Math.round(milliseconds / ms);
    if (count < below) return `${count} ${unit}`;
  }
  return '';
}

/** Formats a time relative to now: `3 min ago`, `in 12 s`. Returns other text unchanged. */
export function relativeText(time: string, now: number = Date.now()): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  const span = spanText(Math.abs(at - now));
  if (span === '0 s') return 'now';
  return at > now ? `in ${span}` : `${span} ago`;
}

const MOMENT = /\bat (\d{4}-\d{2}-\d{2}T[\d:.]+Z)/g;

/** Replaces the times in a sentence of the registry by relative ones: "it expired 3 min ago". */
export const withRelativeTimes = (sentence: string, now?: number): string =>
  sentence.replaceAll(MOMENT, (_all, time: string) => relativeText(time, now));

/** Formats a number with its noun: `1 instance`, `2 instances`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/**
 * Returns the key of an entry: after `base64:` if it is not UTF-8, and as JSON if it has characters that would begin a line, or
 * change the terminal.
 */
export function keyText({ key, keyBase64 }: { key?: string | undefined; keyBase64?: string | undefined }): string {
  if (key === undefined) return `base64:${keyBase64 ?? ''}`;
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(key) ? JSON.stringify(key) : key;
}
