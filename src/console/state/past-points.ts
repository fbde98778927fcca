import type { HistoryEntry } from '../../client/wire/history-answers';

/** A moment right after a change. */
export interface PastPoint {
  revision: number;
  /** In milliseconds since the epoch. */
  at: number;
}

/** The point right after an entry. */
export interface PastMark extends PastPoint {
  cursor: string;
  entry: HistoryEntry;
}

/**
 * Returns the points after entries, oldest first.
 *
 * @param entries Newest first.
 */
export const marksOf = (entries: readonly HistoryEntry[]): PastMark[] =>
  entries
    .map((entry) => ({ revision: entry.revision, at: Date.parse(entry.at), cursor: entry.cursor, entry }))
    .reverse();

/** Points that a page key moves by. */
const LEAP = 10;

/**
 * Returns the index that a key moves to; undefined if it moves nowhere.
 *
 * @param last Index of now.
 */
export function indexAfterKey(key: string, index: number, last: number): number | undefined {
  const steps: Partial<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -LEAP,
    PageUp: LEAP,
    Home: -last,
    End: last,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(last, index + step));
}

/**
 * Returns the place of each point between 0 and 1, which is now: half by its time, half by its rank. So a pause is visible,
 * and the changes of a burst can still be told apart.
 *
 * @param points Oldest first.
 */
export function placesOf(points: readonly PastPoint[], now: number): number[] {
  const start = points[0]?.at ?? now;
  const span = Math.max(1, now - start);
  return points.map(({ at }, rank) => (Math.min(1, (at - start) / span) + rank / points.length) / 2);
}

/** Returns the index of the place that is nearest; that after the last stands for 1. */
export function nearestTo(place: number, places: readonly number[]): number {
  let nearest = places.length;
  let distance = 1 - place;
  for (const [index, each] of places.entries()) {
    if (Math.abs(each - place) >= distance) continue;
    distance = Math.abs(each - place);
    nearest = index;
  }
  return nearest;
}

/** Returns the index of the newest point up to a revision; -1 if all are newer. */
export const indexAt = (points: readonly PastPoint[], revision: number): number =>
  points.findLastIndex((point) => point.revision <= revision);
