import { RegistryError } from '../../../model/errors';
import type { ClientFrame } from '../../../model/frames';
import type { ScopePart } from '../../../model/watch-scope';
import { completeFrom, entryFloor } from '../commit/entry-floor';
import type { Journal } from '../commit/journal';
import { cursorOf } from '../commit/revision-cursor';
import { hasKeys } from './watch-scope';

/** Members of a `watch` frame that choose where the watch begins. */
type Asked = Pick<Extract<ClientFrame, { type: 'watch' }>, 'cursor' | 'afterRevision' | 'fromNow'>;

/** Where a watch begins: after a position, or, without one, with a snapshot. */
export interface WatchStart {
  position?: { readonly revision: number; readonly cursor: string } | undefined;
  /** Reason of the `reset` before the snapshot, if the cursor is of no use. */
  reset?: string | undefined;
}

/**
 * Returns the revision after which the journal has all changes within a scope. With keys, a watch may begin right after it: it
 * then gets the changes of the next revision, which for a compaction on request is the revision that was compacted at.
 */
export function completeAfter(journal: Journal, scope: readonly ScopePart[]): number {
  return hasKeys(scope) ? entryFloor(journal).changesAfter : journal.compactedRevision;
}

/**
 * Finds where a watch begins. A revision stands for the history of this namespace, whatever its epoch: one that this history
 * never had is refused like a compacted one.
 *
 * @param published Newest position that all watches have been sent. A later revision counts as this one.
 * @throws {RegistryError} `COMPACTED` if changes after the revision are gone.
 */
export function startOf(
  journal: Journal,
  published: { readonly revision: number; readonly cursor: string },
  { cursor, afterRevision, fromNow }: Asked,
  scope: readonly ScopePart[],
): WatchStart {
  if (cursor !== undefined) {
    const revision = journal.position(cursor)?.revision;
    if (revision !== undefined) return { position: { revision, cursor } };
    return { reset: cursor.startsWith(`c${journal.epoch}.`) ? 'compacted' : 'unknown' };
  }
  if (fromNow) return { position: published };
  if (afterRevision === undefined) return {};
  if (afterRevision >= published.revision) return { position: published };
  if (journal.reaches(afterRevision) && afterRevision >= completeAfter(journal, scope)) {
    return { position: { revision: afterRevision, cursor: cursorOf(journal, afterRevision) } };
  }
  const compactedRevision = completeFrom(journal, afterRevision);
  const message = `the changes after revision ${afterRevision} are no longer retained; read the entries, and watch from there`;
  throw new RegistryError('COMPACTED', message, { compactedRevision });
}
