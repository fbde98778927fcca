import { PLAIN_READS_WINDOW_MS } from '../../../model/limits';

/** Reads in this minute, and in the one before. */
export interface PlainReads {
  minute: number;
  count: number;
  before: number;
}

/** Counts a read by somebody who did not say who it is. */
export function notePlainRead(reads: PlainReads, now: number, times = 1): void {
  const minute = Math.floor(now / PLAIN_READS_WINDOW_MS);
  if (minute !== reads.minute) {
    reads.before = minute === reads.minute + 1 ? reads.count : 0;
    reads.count = 0;
    reads.minute = minute;
  }
  reads.count += times;
}

/** Returns when a read made at `now` counts no longer. */
export function plainReadsCountUntil(now: number): number {
  return (Math.floor(now / PLAIN_READS_WINDOW_MS) + 2) * PLAIN_READS_WINDOW_MS;
}

/** Reads of the last minute or two. */
export function recentPlainReads(reads: PlainReads, now: number): number {
  const age = Math.floor(now / PLAIN_READS_WINDOW_MS) - reads.minute;
  if (age === 0) return reads.count + reads.before;
  return age === 1 ? reads.count : 0;
}
