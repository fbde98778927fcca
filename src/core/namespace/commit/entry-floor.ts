import type { Journal } from './journal';

/** How far back the history of entries goes. Its end is either that of the journal, or a revision that was asked for. */
export interface EntryFloor {
  /** Oldest revision whose entries can be read. */
  readable: number;
  /** Changes of entries after this revision are all there. */
  changesAfter: number;
}

/**
 * Returns how far back the history of entries goes.
 *
 * Rows that were removed or emptied took the changes of their revisions with them: the entries right after the newest of
 * these can be read, and not what it changed. A compaction on request, at a revision C, keeps the changes of C itself: a
 * client that knows C may begin a watch with them. Entries before C, which these changes would show, are no longer read.
 */
export function entryFloor({ compactedRevision, entries }: Journal): EntryFloor {
  const gone = Math.max(compactedRevision, entries.emptiedRevision);
  const asked = entries.compactedOnRequest;
  return { readable: Math.max(gone, asked), changesAfter: Math.max(gone, asked - 1) };
}

/**
 * Returns the revision from which on the history of entries is complete, its changes and its reads, as errors tell it.
 *
 * @param revision One that was refused. In a gap between two epochs, the answer is the beginning of the later one.
 */
export function completeFrom(journal: Journal, revision = 0): number {
  const { changesAfter } = entryFloor(journal);
  const oldest = Math.max(changesAfter > 0 ? changesAfter + 1 : 0, journal.entries.compactedOnRequest);
  if (revision <= oldest || journal.reaches(revision)) return oldest;
  return journal.firstAfter(revision) ?? oldest;
}
