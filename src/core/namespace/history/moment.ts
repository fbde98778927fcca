import { quote, RegistryError } from '../../../model/errors';
import type { MomentView } from '../../../model/history';
import type { PointInTime } from '../../../model/query-values';
import { timestamp } from '../../../model/timestamp';
import { completeFrom } from '../commit/entry-floor';
import type { Journal } from '../commit/journal';
import { cursorOf } from '../commit/revision-cursor';

/** A moment in a namespace's history that can be read: the state right after a revision. */
export interface Moment {
  revision: number;
  cursor: string;
  /** Time for people, in milliseconds since the epoch: the requested time, or the stamp of the revision. */
  at: number;
}

/**
 * Finds the moment of a cursor, a revision or a time. A time stands for the newest revision made by then.
 *
 * @param head Newest revision on the disk: nothing newer is found.
 * @param now Current time for people, in milliseconds since the epoch.
 * @throws {RegistryError} `COMPACTED` if it is not retained, `INVALID_REQUEST` for a time or a revision in the future.
 */
export function momentOf(journal: Journal, point: PointInTime, head: number, now: number): Moment {
  if (point.startsWith('c')) return momentOfCursor(journal, point);
  if (point.startsWith('r')) return momentOfRevision(journal, Number(point.slice(1)), head);
  const time = Date.parse(point);
  if (time > now) {
    const message = `the time ${quote(point)} is in the future; the registry's clock shows ${timestamp(now)}`;
    throw new RegistryError('INVALID_REQUEST', message, { errors: [{ path: '', message: 'is in the future' }] });
  }
  const revision = revisionBy(journal, time, head);
  const cursor = revision === undefined ? undefined : journal.cursorAt(revision);
  if (revision === undefined || cursor === undefined) throw compacted(journal, `the time ${quote(point)}`);
  return { revision, cursor, at: time };
}

/** Returns a moment as answers show it. */
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
 * The newest compacted revision can be read, too: whatever has changed since has its state then in the journal. A revision
 * between two epochs was never made, or belonged to a history that is lost.
 */
function momentOfRevision(journal: Journal, revision: number, head: number): Moment {
  if (revision > head) {
    const message = `the revision ${revision} is in the future; the newest one is ${head}`;
    throw new RegistryError('INVALID_REQUEST', message, { errors: [{ path: '', message: 'is in the future' }] });
  }
  if (!journal.reaches(revision)) throw compacted(journal, `the revision ${revision}`, revision);
  const at = revision === 0 ? 0 : (journal.stampAt(revision) ?? 0);
  return { revision, cursor: cursorOf(journal, revision), at };
}

/**
 * Returns the newest revision made by a time; 0 if there was none yet, undefined if that is before the retained
 * history. Stamps never decrease, so this is a binary search.
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

/**
 * Returns the error for history that was compacted, or belongs to another storage.
 *
 * @param revision The revision in question, if one is known.
 */
export function compacted(journal: Journal, what: string, revision = 0): RegistryError {
  const oldest = journal.stampAt(journal.compactedRevision + 1);
  const since = oldest === undefined ? '' : `, which goes back to ${timestamp(oldest)}`;
  const details = { compactedRevision: completeFrom(journal, revision) };
  return new RegistryError('COMPACTED', `${what} is not in this namespace's retained history${since}`, details);
}
