import { COMPACTION_SLICE_MAX_COUNT } from '../../../model/limits';
import type { SqlRow } from '../../storage/sql-storage';
import type { RecordKey } from '../records/records';
import { decodeChanges } from './journal-format';

/** Parsing a slice's deletions takes time: at most this much text is read for one. */
const COMPACTION_SLICE_MAX_SIZE = 4 * 1024 * 1024;

/** What a compaction removes: all revisions up to one, and the heads of records that were deleted in them. */
export interface Compaction {
  revision: number;
  removed: (RecordKey & { revision: number })[];
}

/** What of the past is too much: a row that is beyond any of them has to go. */
interface Bounds {
  /** Revisions up to this one are too many. */
  newestByCount: number;
  /** Text up to here is too much, counted as `size_until` counts it. */
  sizeByBytes: number;
  /** Stamps up to this one are too old. */
  stampByAge: number;
  /** The newest revision of all, which stays. */
  head: number;
}

/**
 * The oldest revisions that are to go, at most a slice of them; undefined where all may stay.
 *
 * @param rows Of the journal, oldest first: revision, stamp, `size_until` and changes. No more of them are read than it takes.
 */
export function compactionOf(rows: Iterable<SqlRow>, bounds: Bounds): Compaction | undefined {
  let plan: Compaction | undefined;
  let count = 0;
  let size = 0;
  for (const row of rows) {
    const [revision, at, sizeUntil] = [Number(row[0]), Number(row[1]), Number(row[2])];
    const changes = String(row[3]);
    const isNextRevision = revision !== plan?.revision;
    if (isNextRevision && (count >= COMPACTION_SLICE_MAX_COUNT || size >= COMPACTION_SLICE_MAX_SIZE)) break;
    const isOverSize = sizeUntil - changes.length < bounds.sizeByBytes;
    const mustGo = revision <= bounds.newestByCount || at <= bounds.stampByAge || isOverSize;
    if (isNextRevision && (!mustGo || revision === bounds.head)) break;
    plan ??= { revision, removed: [] };
    plan.revision = revision;
    count += 1;
    size += changes.length;
    collectRemoved(plan, revision, changes);
  }
  return plan;
}

function collectRemoved(plan: Compaction, revision: number, changes: string): void {
  if (!changes.includes('"after":null')) return;
  for (const { kind, group, service, id, after } of decodeChanges(changes)) {
    if (after === null) plan.removed.push({ kind, group, service, id, revision });
  }
}
