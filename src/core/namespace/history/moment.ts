import { quote, RegistryError } from '../../../model/errors';
import type { MomentView } from '../../../model/history';
import type { PointInTime } from '../../../model/query-values';
import { timestamp } from '../../../model/timestamp';
import type { Journal } from '../commit/journal';

/** A moment of a namespace's past that can be read: the state right after a revision. */
export interface Moment {
  revision: number;
  cursor: string;
  /** For people, in milliseconds since the epoch: the time that was asked for, or the stamp of the revision. */
  at: number;
}

/**
 * Finds the moment that a cursor or a time names. A time names the newest revision that was made by then.
 *
 * @param head Newest revision that is on the disk: nothing newer is found.
 * @param now The time for people, in milliseconds since the epoch.
 * @throws {RegistryError} `COMPACTED` where it is not kept, `INVALID_REQUEST` for a time that is yet to come.
 */
export function momentOf(journal: Journal, point: PointInTime, head: number, now: number): Moment {
  if (point.startsWith('c')) return momentOfCursor(journal, point);
  const time = Date.parse(point);
  if (time > now) {
    const message = `the time ${quote(point)} is yet to come; the registry's clock shows ${timestamp(now)}`;
    throw new RegistryError('INVALID_REQUEST', message, { errors: [{ path: '', message: 'is yet to come' }] });
  }
  const revision = revisionBy(journal, time, head);
  const cursor = revision === undefined ? undefined : journal.cursorAt(revision);
  if (revision === undefined || cursor === undefined) throw compacted(journal, `the time ${quote(point)}`);
  return { revision, cursor, at: time };
}

/** The same for people. */
export function momentView({ revision, cursor, at }: Moment): MomentView {
  return { revision, cursor, at: timestamp(at) };
}

function momentOfCursor(journal: Journal, cursor: string): Moment {
  const position = journal.position(cursor);
  if (position === undefined) throw compacted(journal, `the cursor ${quote(cursor)}`);
  const { revision } = position;
  return { revision, cursor, at: revision === 0 ? 0 : (journal.stampAt(revision) ?? 0) };
}

/**
 * Newest revision that was made by a time; 0 where nothing was made yet, undefined where that is before all that is
 * kept. Stamps never fall, so it is found by halves.
 */
export function revisionBy(journal: Journal, time: number, head: number): number | undefined {
  let low = journal.compactedRevision;
  let high = head + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((journal.stampAt(middle) ?? Number.POSITIVE_INFINITY) <= time) low = middle;
    else high = middle;
  }
  return low > 0 && low === journal.compactedRevision ? undefined : low;
}

/** The past that is asked for is gone, or of another storage. */
export function compacted(journal: Journal, what: string): RegistryError {
  const oldest = journal.stampAt(journal.compactedRevision + 1);
  const since = oldest === undefined ? '' : `, which goes back to ${timestamp(oldest)}`;
  return new RegistryError('COMPACTED', `${what} is not in this namespace's kept past${since}`);
}
