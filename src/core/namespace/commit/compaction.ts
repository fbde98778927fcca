import { COMPACTION_SLICE_MAX_COUNT, COMPACTION_SLICE_MAX_HEADS_COUNT } from '../../../model/limits';
import type { SqlRow, SqlStorage } from '../../storage/sql-storage';
import { deletedKeys } from '../entries/entry-changes';
import { RECORD_KINDS } from '../records/record-kinds';
import type { RecordKey } from '../records/records';
import { decodeChanges } from './journal-format';

/** Maximum content read for one slice, as parsing its deletions takes time. In characters or bytes. */
const COMPACTION_SLICE_MAX_SIZE = 4 * 1024 * 1024;

/** The work of removing rows and their heads in one turn. */
export class SliceOfRows {
  #rows = 0;
  #size = 0;
  #heads = 0;

  get isFull(): boolean {
    return (
      this.#rows >= COMPACTION_SLICE_MAX_COUNT ||
      this.#size >= COMPACTION_SLICE_MAX_SIZE ||
      this.#heads >= COMPACTION_SLICE_MAX_HEADS_COUNT
    );
  }

  /** Adds a row. @param size In characters or bytes. */
  add(size: number, heads: number): void {
    this.#rows += 1;
    this.#size += size;
    this.#heads += heads;
  }
}

/** An entry that was deleted in a revision. */
export interface DeletedEntry {
  key: string;
  revision: number;
}

/** The oldest rows of the journal: all up to one. */
export interface OldestRows {
  revision: number;
  /** Its last part, if the revision has more than one slice; it counts as removed nevertheless. Absent: all its parts. */
  part?: number | undefined;
}

/** The scope of a compaction: the oldest rows, and the heads of what was deleted in them. */
export interface Compaction extends OldestRows {
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
 * Returns the oldest rows that must be removed, at most a slice of them; undefined if all may stay. A revision is removed as
 * a whole, if need be in several slices.
 *
 * @param rows Rows of the journal, oldest first: revision, stamp, `size_until`, changes, of entries `entry_revisions` and
 *   changes, and the number of the part. Only as many as needed are read.
 */
export function compactionOf(rows: Iterable<SqlRow>, bounds: Bounds): Compaction | undefined {
  let plan: Compaction | undefined;
  let reached = 0;
  const slice = new SliceOfRows();
  for (const row of rows) {
    const [revision, at, sizeUntil] = [Number(row[0]), Number(row[1]), Number(row[2])];
    const changes = String(row[3]);
    const [, , , , entryRevisions, entries] = row;
    const part = Number(row[6]);
    const isNextRevision = revision !== plan?.revision;
    if (slice.isFull) {
      if (plan !== undefined && !isNextRevision) plan.part = reached;
      break;
    }
    // The rest of one whose first parts are removed goes too.
    const isRest = plan === undefined && part > 0;
    const isOverSize = sizeUntil - changes.length < bounds.sizeByBytes;
    const mustGo =
      isRest || bounds.isBeyondCount(revision, Number(entryRevisions ?? 0)) || at <= bounds.stampByAge || isOverSize;
    if (isNextRevision && (!mustGo || revision === bounds.head)) break;
    plan ??= { revision, removed: [], removedEntries: [] };
    plan.revision = revision;
    reached = part;
    const headsBefore = plan.removed.length + plan.removedEntries.length;
    collectRemoved(plan, revision, changes);
    const deleted = entries instanceof ArrayBuffer ? deletedKeys(entries) : [];
    for (const key of deleted) plan.removedEntries.push({ key, revision });
    const size = changes.length + (entries instanceof ArrayBuffer ? entries.byteLength : 0);
    slice.add(size, plan.removed.length + plan.removedEntries.length - headsBefore);
  }
  return plan;
}

function collectRemoved(plan: Compaction, revision: number, changes: string): void {
  if (!changes.includes('"after":null')) return;
  for (const { kind, group, service, id, after } of decodeChanges(changes)) {
    if (after === null) plan.removed.push({ kind, group, service, id, revision });
  }
}

/** Removes the rows of a plan, and the heads of records. Runs inside a commit. */
export function removeRows(storage: SqlStorage, { revision: newest, part, removed }: Compaction): void {
  storage.run('DELETE FROM journal WHERE revision <= ?', part === undefined ? newest : newest - 1);
  if (part !== undefined) storage.run('DELETE FROM journal WHERE revision = ? AND part <= ?', newest, part);
  const head = `DELETE FROM record
    WHERE kind = ? AND group_name = ? AND service = ? AND id = ? AND value IS NULL AND revision = ?`;
  for (const { kind, group, service, id, revision } of removed) {
    storage.run(head, RECORD_KINDS[kind].number, group, service, id, revision);
  }
}
