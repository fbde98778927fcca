import { COMPACTION_SLICE_MAX_COUNT, ENTRY_JOURNAL_MAX_BYTES, ENTRY_JOURNAL_MAX_COUNT } from '../../../model/limits';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';
import { decodeEntryChanges, deletedKeys, encodeEntryParts, type JournaledEntry } from '../entries/entry-changes';
import { type DeletedEntry, type OldestRows, SliceOfRows } from './compaction';
import { readStagedPart, type StagedEnd, type StagedRow } from './staged-parts';

/** Bounds on the changes of entries that the journal keeps, besides its own. */
export interface EntryRetention {
  maxCount: number;
  maxBytes: number;
}

const DEFAULT_ENTRY_RETENTION: EntryRetention = {
  maxCount: ENTRY_JOURNAL_MAX_COUNT,
  maxBytes: ENTRY_JOURNAL_MAX_BYTES,
};

/** Property with the state of this part of the journal; absent as long as it is {@link NEW}. */
const PROPERTY = 'entry-journal';

/** The property, as JSON. */
interface StoredState {
  /** Revisions before this one have no sums: an earlier version wrote them. */
  begun: number;
  /** Newest revision whose changes of entries were removed to stay within their budget. */
  emptied: number;
  /**
   * Revision that a caller has compacted at. The changes before it are emptied later, in slices, and an earlier version, which
   * ignores this member, keeps those that are left.
   */
  asked?: number;
}

const NEW: StoredState = { begun: 0, emptied: 0 };

/** Sums over all revisions up to one, including those that are compacted. */
export interface Sums {
  /** Bytes of changes of entries. */
  bytes: number;
  /** Revisions that have changes of entries alone. */
  revisions: number;
}

/** The oldest rows whose changes of entries must be removed, and the heads that go with them. */
export interface Emptying extends OldestRows {
  heads: DeletedEntry[];
}

/** A part of a revision's changes of entries, with the sums up to it. */
export interface EntryPart {
  part: ArrayBuffer;
  sums: Sums;
}

/** A staged part that is copied into a revision, with the sums up to it. */
export interface CopiedPart extends StagedRow {
  /** Id of the lease that it was staged for. */
  lease: number;
  sums: Sums;
}

/** A revision's changes of entries. */
export interface AppendedEntries {
  parts: EntryPart[];
  /** For rows without a part. */
  sums: Sums;
}

/**
 * The changes of entries in the journal. They have a budget of their own, beyond which the oldest are removed from their
 * rows: the rows stay, as readers of services may have their cursors.
 */
export class EntryJournal {
  readonly #storage: SqlStorage;
  readonly #retention: () => EntryRetention;
  #stored: StoredState;
  /** Sums up to the newest revision, durable or not. */
  #until: Sums = { bytes: 0, revisions: 0 };
  /** Sums up to the newest emptied or compacted revision. */
  #gone: Sums = { bytes: 0, revisions: 0 };
  readonly #unwritten = new Map<number, readonly JournaledEntry[]>();
  /** Revisions whose parts are staged, and not copied to the journal yet. */
  readonly #unwrittenStaged = new Map<number, StagedEnd>();

  constructor(storage: SqlStorage, retention: () => EntryRetention | undefined) {
    this.#storage = storage;
    this.#retention = () => retention() ?? DEFAULT_ENTRY_RETENTION;
    const text = readProperty(storage, PROPERTY);
    this.#stored = text === undefined ? NEW : (JSON.parse(text) as StoredState); // `as`: only written here and by a migration
    this.#until = this.#sums(this.#stored.begun, 'DESC')?.until ?? this.#until;
    this.refresh();
  }

  /** Newest revision whose changes of entries were removed before the revision itself; 0 if there is none. */
  get emptiedRevision(): number {
    return this.#stored.emptied;
  }

  /** Newest revision that a caller has compacted the history of entries at; 0 if none has. */
  get compactedOnRequest(): number {
    return this.#stored.asked ?? 0;
  }

  /** Bytes of the retained changes. */
  get size(): number {
    return this.#until.bytes - this.#gone.bytes;
  }

  /** Number of retained revisions that have changes of entries alone. */
  get count(): number {
    return this.#until.revisions - this.#gone.revisions;
  }

  /** Number of revisions that have changes of entries alone, ever. */
  get revisionsUntil(): number {
    return this.#until.revisions;
  }

  /**
   * Compacts at a revision from now on, and returns a function that stores this, inside a commit. What can no longer be read is
   * emptied later, as what exceeds the budget is.
   */
  compactAt(revision: number): () => void {
    this.#stored = { ...this.#stored, asked: revision };
    return () => writeProperty(this.#storage, PROPERTY, JSON.stringify(this.#stored));
  }

  /** Newest revision to empty because of a compaction on request: the changes of the one compacted at stay. */
  get #emptiedOnRequest(): number {
    return this.compactedOnRequest - 1;
  }

  /**
   * True if it exceeds its budget by at least a slice, so that not every commit causes a compaction, or if a compaction on request
   * is not done yet.
   */
  get isOverfull(): boolean {
    if (this.#emptiedOnRequest > this.emptiedRevision) return true;
    const { maxCount, maxBytes } = this.#retention();
    const slack = 1 + COMPACTION_SLICE_MAX_COUNT / maxCount;
    return this.count > maxCount * slack || this.size > maxBytes * slack;
  }

  /**
   * Takes the changes of a new revision.
   *
   * @param isAlone True if the revision changes nothing else.
   */
  append(revision: number, changes: readonly JournaledEntry[], isAlone: boolean): { parts: EntryPart[]; sums: Sums } {
    if (changes.length > 0) this.#unwritten.set(revision, changes);
    const revisions = this.#until.revisions + (changes.length > 0 && isAlone ? 1 : 0);
    let { bytes } = this.#until;
    const sums = { bytes, revisions };
    const parts = encodeEntryParts(changes).map((part): EntryPart => {
      bytes += part.byteLength;
      return { part, sums: { bytes, revisions } };
    });
    this.#until = { bytes, revisions };
    return { parts, sums };
  }

  /**
   * Takes parts that were staged, after the other changes of the same revision.
   *
   * @param isAlone True if the revision changes no record.
   */
  appendStaged(revision: number, staged: StagedEnd, isAlone: boolean): CopiedPart[] {
    const { lease, rows } = staged;
    this.#unwrittenStaged.set(revision, staged);
    let { bytes, revisions } = this.#until;
    if (isAlone) revisions += 1;
    const appended = rows.map((row) => {
      bytes += row.bytes;
      return { ...row, lease, sums: { bytes, revisions } };
    });
    this.#until = { bytes, revisions };
    return appended;
  }

  /** Records that a revision is on the disk. Runs inside its commit. */
  written(revision: number): void {
    this.#unwritten.delete(revision);
    this.#unwrittenStaged.delete(revision);
  }

  /** Returns the changes of entries of a revision, durable or not; none if they were removed. */
  changesAt(revision: number): readonly JournaledEntry[] {
    return [...this.eachChangeAt(revision)];
  }

  /**
   * Yields the changes of entries of a revision as {@link changesAt} returns them, and decodes one part at a time: all of
   * them may be larger than the memory.
   *
   * @param isSought Chooses changes by their keys; all by default.
   */
  *eachChangeAt(revision: number, isSought?: (change: { key: string }) => boolean): Generator<JournaledEntry> {
    for (const change of this.draftedAt(revision)) if (isSought?.(change) ?? true) yield change;
    for (const { part } of this.placedParts(revision)) yield* decodeEntryChanges(part, revision, isSought);
  }

  /** Returns the changes of a revision that are not on the disk yet, without those in staged parts. */
  draftedAt(revision: number): readonly JournaledEntry[] {
    return this.#unwritten.get(revision) ?? [];
  }

  /** Returns whether the parts of a revision are staged, and not copied to the journal yet. */
  isStaged(revision: number): boolean {
    return this.#unwrittenStaged.has(revision);
  }

  /**
   * Yields the parts of a revision that are on the disk, staged or not, in their order. The place of each is the argument of
   * {@link partAt}, as long as {@link isStaged} stays the same.
   */
  *placedParts(revision: number): Generator<{ place: number; part: ArrayBuffer }> {
    const staged = this.#unwrittenStaged.get(revision);
    if (staged !== undefined) {
      for (const { row } of staged.rows) yield { place: row, part: readStagedPart(this.#storage, staged.lease, row) };
      return;
    }
    const rows = 'SELECT part, entries FROM journal WHERE revision = ? AND entries IS NOT NULL ORDER BY part';
    for (const [place, part] of this.#storage.read(rows, revision)) {
      if (part instanceof ArrayBuffer) yield { place: Number(place), part };
    }
  }

  /** Returns a part by its place; undefined if it was removed. */
  partAt(revision: number, place: number): ArrayBuffer | undefined {
    const staged = this.#unwrittenStaged.get(revision);
    if (staged !== undefined) return readStagedPart(this.#storage, staged.lease, place);
    const row = 'SELECT entries FROM journal WHERE revision = ? AND part = ?';
    for (const [part] of this.#storage.read(row, revision, place)) if (part instanceof ArrayBuffer) return part;
    return undefined;
  }

  /** Returns the change of a key in a revision, durable or not; undefined if there is none, or it was removed. */
  changeAt(revision: number, key: string): JournaledEntry | undefined {
    for (const change of this.eachChangeAt(revision, (each) => each.key === key)) return change;
    return undefined;
  }

  /**
   * Yields the parts after one revision and up to another that are on the disk, oldest first. Rows are read as they are
   * needed.
   */
  *partsAfter(after: number, upTo: number): Generator<{ revision: number; part: ArrayBuffer }> {
    const rows = `SELECT revision, entries FROM journal
      WHERE revision > ? AND revision <= ? AND entries IS NOT NULL ORDER BY revision, part`;
    for (const [revision, part] of this.#storage.read(rows, after, upTo)) {
      if (part instanceof ArrayBuffer) yield { revision: Number(revision), part };
    }
  }

  /**
   * Returns the oldest rows that must be emptied, at most a slice of them; undefined if all may stay. A revision is emptied
   * as a whole, if need be in several slices.
   */
  planEmptying(head: number): Emptying | undefined {
    const { maxCount, maxBytes } = this.#retention();
    const until = Math.min(this.#emptiedOnRequest, head - 1);
    const isOnRequest = until > this.emptiedRevision;
    const isOverBudget = this.count > maxCount || this.size > maxBytes;
    if (!isOnRequest && !isOverBudget && !this.#isPartlyEmptied()) return undefined;
    let plan: Emptying | undefined;
    let reached = 0;
    const slice = new SliceOfRows();
    const parts = `SELECT revision, entries, entries_until, entry_revisions, part FROM journal
      WHERE revision >= ? AND revision < ? AND entries IS NOT NULL ORDER BY revision, part`;
    for (const [number, part, bytes, revisions, place] of this.#storage.read(parts, this.emptiedRevision, head)) {
      if (!(part instanceof ArrayBuffer)) continue;
      const revision = Number(number);
      const isNextRevision = revision !== plan?.revision;
      if (slice.isFull) {
        if (plan !== undefined && !isNextRevision) plan.part = reached;
        return plan;
      }
      if (isNextRevision && revision !== this.emptiedRevision && revision > until) {
        const isOverSize = this.#until.bytes - Number(bytes) + part.byteLength > maxBytes;
        if (!isOverSize && this.#until.revisions - Number(revisions) + 1 <= maxCount) break;
      }
      plan ??= { revision, heads: [] };
      plan.revision = revision;
      reached = Number(place);
      const keys = deletedKeys(part);
      for (const key of keys) plan.heads.push({ key, revision });
      slice.add(part.byteLength, keys.length);
    }
    // The revisions before the one compacted at may have no changes of entries: nothing is left to be asked for then.
    if (isOnRequest && (plan?.revision ?? 0) < until) return { revision: until, heads: plan?.heads ?? [] };
    return plan;
  }

  /** Returns whether the newest emptied revision still has changes, which the next slice removes. */
  #isPartlyEmptied(): boolean {
    const rest = 'SELECT 1 FROM journal WHERE revision = ? AND entries IS NOT NULL LIMIT 1';
    for (const _ of this.#storage.read(rest, this.emptiedRevision)) return true;
    return false;
  }

  /** Removes the changes of a plan. The caller removes the heads. Runs inside a commit. */
  empty({ revision, part = Number.MAX_SAFE_INTEGER }: Emptying): void {
    const rows = `UPDATE journal SET entries = NULL
      WHERE revision >= ? AND revision <= ? AND (revision < ? OR part <= ?) AND entries IS NOT NULL`;
    this.#storage.run(rows, this.emptiedRevision, revision, revision, part);
    this.#stored = { ...this.#stored, emptied: revision };
    writeProperty(this.#storage, PROPERTY, JSON.stringify(this.#stored));
    this.refresh();
  }

  /** Reads where the retained changes begin. Call it after rows were removed. */
  refresh(): void {
    const first = Math.max(this.#stored.begun, this.#stored.emptied + 1);
    this.#gone = this.#sums(first, 'ASC')?.before ?? this.#until;
  }

  /** Returns the number of revisions with entries alone before the oldest row of the journal. */
  revisionsBefore(revision: number): number {
    return this.#sums(Math.max(revision, this.#stored.begun), 'ASC')?.before.revisions ?? 0;
  }

  /**
   * Returns the sums in the first or last row from a revision on, before and after it. Rows of the previous version have
   * none.
   */
  #sums(from: number, order: 'ASC' | 'DESC'): { before: Sums; until: Sums } | undefined {
    const row = `SELECT entries_until, entry_revisions, length(entries), changes = '[]' AND entries IS NOT NULL FROM journal
      WHERE revision >= ? AND entries_until IS NOT NULL ORDER BY revision ${order}, part ${order} LIMIT 1`;
    for (const [bytes, revisions, size, isAlone] of this.#storage.read(row, from)) {
      const until = { bytes: Number(bytes), revisions: Number(revisions) };
      const before = { bytes: until.bytes - Number(size ?? 0), revisions: until.revisions - Number(isAlone) };
      return { before, until };
    }
    return undefined;
  }
}
