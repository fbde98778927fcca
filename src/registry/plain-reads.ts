const MINUTE_MS = 60_000;

/** Reads in this minute, and in the one before. */
export interface PlainReads {
  minute: number;
  count: number;
  before: number;
}

/** Counts a read by somebody who did not say who it is. */
export function notePlainRead(reads: PlainReads, now: number): void {
  const minute = Math.floor(now / MINUTE_MS);
  if (minute !== reads.minute) {
    reads.before = minute === reads.minute + 1 ? reads.count : 0;
    reads.count = 0;
    reads.minute = minute;
  }
  reads.count += 1;
}

/** Reads of the last minute or two. */
export function recentPlainReads(reads: PlainReads, now: number): number {
  const age = Math.floor(now / MINUTE_MS) - reads.minute;
  if (age === 0) return reads.count + reads.before;
  return age === 1 ? reads.count : 0;
}
