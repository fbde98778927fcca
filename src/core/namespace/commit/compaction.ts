import { COMPACTION_SLICE_MAX_COUNT } from '../../../model/limits';
import type { SqlRow } from '../../storage/sql-storage';
import { deletedKeys } from '../entries/entry-changes';
import type { RecordKey } from '../records/records';
import { decodeChanges } from './journal-format';

/** Maximum content read for one slice, as parsing its deletions takes time. In characters or bytes. */
export const COMPACTION_SLICE_MAX_SIZE = 4 * 1024 * 1024;

/** An entry that was deleted in a revision. */
export interface DeletedEntry {
  key: string;
  revision: number;
}

/** The scope of a compaction: all revisions up to one, and the heads of what was deleted in them. */
export interface Compaction {
  revision: number;
  removed: (RecordKey & { revision: number })[];
  removedEntries: DeletedEntry[];
}

/** Bounds on the journal. A row beyond any of them must be removed. */
interface Bounds {
  /**
   * Reports whether a revision exceeds the maximum count.
   *
   * @param entryRevisions Number of revisions up to it that changed entries alone.
   */
  isBeyondCount: (revision: number, entryRevisions: number) => boolean;
  /** Text up to here exceeds the maximum size, counted like `size_until`. */
  sizeByBytes: number;
  /** Stamps up to this one are too old. */
  stampByAge: number;
  /** The newest revision, which always stays. */
  head: number;
}

/**
 * Returns the oldest revisions that must be removed, at most a slice of them; undefined if all may stay.
 *
 * @param rows Rows of the journal, oldest first: revision, stamp, `size_until`, changes, and of entries: `entry_revisions` and
 *   changes. Only as many as needed are read.
 */
export function compactionOf(rows: Iterable<SqlRow>, bounds: Bounds): Compaction | undefined {
  let plan: Compaction | undefined;
  let count = 0;
  let size = 0;
  for (const row of rows) {
    const [revision, at, sizeUntil] = [Number(row[0]), Number(row[1]), Number(row[2])];
    const changes = String(row[3]);
    const [, , , , entryRevisions, entries] = row;
    const isNextRevision = revision !== plan?.revision;
    if (isNextRevision && (count >= COMPACTION_SLICE_MAX_COUNT || size >= COMPACTION_SLICE_MAX_SIZE)) break;
    const isOverSize = sizeUntil - changes.length < bounds.sizeByBytes;
    const mustGo = bounds.isBeyondCount(revision, Number(entryRevisions ?? 0)) || at <= bounds.stampByAge || isOverSize;
    if (isNextRevision && (!mustGo || revision === bounds.head)) break;
    plan ??= { revision, removed: [], removedEntries: [] };
    plan.revision = revision;
    count += 1;
    size += changes.length;
    collectRemoved(plan, revision, changes);
    if (!(entries instanceof ArrayBuffer)) continue;
    size += entries.byteLength;
    for (const key of deletedKeys(entries)) plan.removedEntries.push({ key, revision });
  }
  return plan;
}

function collectRemoved(plan: Compaction, revision: number, changes: string): void {
  if (!changes.includes('"after":null')) return;
  for (const { kind, group, service, id, after } of decodeChanges(changes)) {
    if (after === null) plan.removed.push({ kind, group, service, id, revision });
  }
}
