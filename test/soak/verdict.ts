import { type Measure, SLACK_DESCRIPTORS } from './measures';
import type { SoakReport } from './soak-run';

/** Maximum growth from the first day that counts to the last, at the same time of day. */
const MOST_GROWTH = 1.15;

/** Differences that do not count as growth: pages of a database, buffers of a collection; in bytes. */
const SLACK_BYTES = 2 * 1_024 * 1_024;

/** Maximum size of the databases: the retained past of 4 MiB, its records, and free pages that SQLite keeps; in bytes. */
const DATABASES_MAX_BYTES = 16 * 1_024 * 1_024;

/** Maximum size of the write-ahead logs of three databases. workerd empties each at about 32 MB, the resident host at 16. */
const LOGS_MAX_BYTES = 3 * 40 * 1_024 * 1_024;

const MEBIBYTE = 1_024 * 1_024;

function grown(what: string, first: number, last: number): string[] {
  if (last <= first * MOST_GROWTH + SLACK_BYTES) return [];
  return [`${what} grew from ${(first / MEBIBYTE).toFixed(1)} to ${(last / MEBIBYTE).toFixed(1)} MiB`];
}

/** Returns the problems of a registry over the days; empty if there are none. */
export function verdict({ days, before, after }: SoakReport): string[] {
  const [first] = days;
  const last = days.at(-1);
  if (first === undefined || last === undefined || first === last) return ['too few days to compare'];
  const most = (day: readonly Measure[], of: (measure: Measure) => number) => Math.max(...day.map(of));
  const found = [
    ...grown(
      'the heap',
      most(first, (m) => m.heapBytes),
      most(last, (m) => m.heapBytes),
    ),
    ...grown(
      'the databases',
      most(first, (m) => m.databaseBytes),
      most(last, (m) => m.databaseBytes),
    ),
  ];
  const takes = (what: string, bytes: number, mostBytes: number): void => {
    if (bytes > mostBytes) found.push(`${what} take ${(bytes / MEBIBYTE).toFixed(1)} MiB`);
  };
  takes(
    'the databases',
    most(last, (m) => m.databaseBytes),
    DATABASES_MAX_BYTES,
  );
  takes(
    'the write-ahead logs',
    most(last, (m) => m.logBytes),
    LOGS_MAX_BYTES,
  );
  const [opened, closed] = [before.descriptors, after.descriptors];
  if (closed > opened + SLACK_DESCRIPTORS)
    found.push(`${opened} descriptors before, ${closed} after all clients had left`);
  if (after.instances !== 0) found.push(`${after.instances} instances are left`);
  return found;
}
