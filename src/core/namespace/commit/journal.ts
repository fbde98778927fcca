import { decodeCursor, encodeCursor, type Position } from '../../../model/cursor';
import type { Cause } from '../../../model/history';
import {
  COMPACTION_SLICE_MAX_COUNT,
  EPOCH_REVISIONS_PER_MS_COUNT,
  JOURNAL_MAX_AGE_MS,
  JOURNAL_MAX_BYTES,
  JOURNAL_MAX_COUNT,
  JOURNAL_ROWS_MAX_COUNT,
} from '../../../model/limits';
import { readProperty, writeProperty } from '../../storage/schema';
import type { SqlRow, SqlStorage } from '../../storage/sql-storage';
import type { JournaledEntry } from '../entries/entry-changes';
import { type Compaction, compactionOf, removeRows } from './compaction';
import { EntryJournal, type EntryRetention } from './entry-journal';
import { decodeChanges, encodeParts, type JournaledChange, RevisionGaps } from './journal-format';
import { rowsOf, rowsWriter } from './journal-rows';
import type { StagedEnd } from './staged-parts';

/** A revision that the journal keeps. */
export interface JournalEntry {
  revision: number;
  cursor: string;
  /** Stamp, in milliseconds since the epoch. */
  at: number;
  cause: Cause;
  actor: string;
  /** Its changes of records as JSON arrays: {@link decodeChanges} reads them. */
  parts: string[];
  /** Bytes of its changes of entries, which {@link EntryJournal} has; 0 if it has none. */
  entryBytes: number;
}

/** Actor of changes by the registry itself, which have no caller. */
export const REGISTRY_ACTOR = 'registry';

/** Bounds on the retained history. The first one that is reached applies. */
export interface Retention {
  maxAgeMs: number;
  maxCount: number;
  maxBytes: number;
  /** Bounds on the changes of entries, which the other two don't count; absent: the registry's. */
  entries?: EntryRetention | undefined;
}

/** Retention if the namespace's settings have none. */
export const DEFAULT_RETENTION: Retention = {
  maxAgeMs: JOURNAL_MAX_AGE_MS,
  maxCount: JOURNAL_MAX_COUNT,
  maxBytes: JOURNAL_MAX_BYTES,
};

/** Property that holds the gaps in the sequence of revisions. */
const GAPS = 'revision-gaps';

const ENTRY = 'SELECT revision, at, cause, actor, check_bits, changes, COALESCE(length(entries), 0) FROM journal';

/**
 * The retained history: one or more rows per revision, in order. Its newest revision is that of the namespace, so the last
 * row is never compacted.
 */
export class Journal {
  #epoch: string;
  readonly #gaps: RevisionGaps;
  readonly #storage: SqlStorage;
  readonly #settings: { readonly retention: Retention };
  #head: Position;
  #cursor: string;
  #compactedRevision = 0;
  /** Length of all text ever written, and of all text ever compacted. */
  #sizeUntil = 0;
  #sizeCompacted = 0;
  #latestStamp = 0;
  #oldestStamp = 0;
  /** Number of revisions with changes of entries alone that were ever compacted. */
  #entryRevisionsCompacted = 0;
  /** Revisions that have not been written to the disk yet. */
  readonly #unwritten = new Map<number, readonly JournaledChange[]>();
  /** The changes of entries. */
  readonly entries: EntryJournal;

  /** @param settings Holds the retention in effect now. */
  constructor(storage: SqlStorage, epoch: string, settings: { readonly retention: Retention }) {
    this.#storage = storage;
    this.#epoch = epoch;
    this.#gaps = new RevisionGaps(readProperty(storage, GAPS));
    this.#settings = settings;
    this.#head = { epoch, revision: 0, check: 0 };
    for (const row of storage.read(
      'SELECT revision, check_bits, size_until, at FROM journal ORDER BY revision DESC, part DESC LIMIT 1',
    )) {
      const [revision, check, sizeUntil, at] = row.map(Number);
      this.#head = { epoch, revision: revision ?? 0, check: check ?? 0 };
      this.#sizeUntil = sizeUntil ?? 0;
      this.#latestStamp = at ?? 0;
    }
    this.#cursor = encodeCursor(this.#head);
    this.entries = new EntryJournal(storage, () => settings.retention.entries);
    this.#readOldest();
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** Newest revision, durable or not. */
  get revision(): number {
    return this.#head.revision;
  }

  /** Newest revision that was compacted. */
  get compactedRevision(): number {
    return this.#compactedRevision;
  }

  /** Number of retained revisions. */
  get count(): number {
    return this.#gaps.count(this.#compactedRevision, this.#head.revision);
  }

  /** Entry that began this epoch after another; undefined if there was no other, or the entry was compacted. */
  get epochEntry(): JournalEntry | undefined {
    const { newest } = this.#gaps;
    return newest === undefined ? undefined : this.entryAt(newest);
  }

  /** Cursor of the newest revision. */
  get cursor(): string {
    return this.#cursor;
  }

  /** Length of the retained text. */
  get size(): number {
    return this.#sizeUntil - this.#sizeCompacted;
  }

  /** Stamp of the newest revision; 0 if there is none. */
  get latestStamp(): number {
    return this.#latestStamp;
  }

  /**
   * Returns the position of a cursor; undefined if it is not in the retained history: of the same epoch, not compacted, and
   * of the same commit. The check bits reveal a storage that was rolled back from outside.
   */
  position(cursor: string): Position | undefined {
    if (cursor === this.#cursor) return this.#head;
    const position = decodeCursor(cursor);
    if (position === undefined || position.epoch !== this.#epoch) return undefined;
    const { revision, check } = position;
    if (revision === 0) return this.#compactedRevision === 0 && check === 0 ? position : undefined;
    if (revision >= this.#head.revision || revision <= this.#compactedRevision) return undefined;
    const row = 'SELECT check_bits FROM journal WHERE revision = ? AND part = 0';
    for (const [kept] of this.#storage.read(row, revision)) if (kept === check) return position;
    return undefined;
  }

  /**
   * Returns whether everything that changed after a revision is known: the revision exists, and none after it was compacted.
   */
  reaches(revision: number): boolean {
    const { revision: newest } = this.#head;
    if (revision < this.#compactedRevision || revision > newest) return false;
    return revision === 0 || this.#gaps.count(revision - 1, revision) === 1;
  }

  /**
   * Takes the next revision, and returns a function that writes it to the disk.
   *
   * @param check 32 random bits.
   * @param at Stamp of the commit, in milliseconds since the epoch.
   */
  append(
    changes: readonly JournaledChange[],
    cause: Cause,
    actor: string,
    at: number,
    check: number,
    entries: readonly JournaledEntry[] = [],
    staged?: StagedEnd,
  ): () => void {
    return this.#appendAt(this.#head.revision + 1, changes, cause, actor, at, check, entries, staged);
  }

  /**
   * Begins a new epoch with a revision without changes, and returns a function that writes it to the disk. The revision is
   * the time in microseconds, which is ahead of all earlier revisions, even of later ones of a storage that this one was
   * copied from. Earlier revisions stay, under cursors of the new epoch.
   */
  beginEpoch(epoch: string, cause: Cause, actor: string, at: number, check: number): () => void {
    const before = this.#head.revision;
    const first = Math.max(before + 1, at * EPOCH_REVISIONS_PER_MS_COUNT);
    this.#epoch = epoch;
    this.#gaps.add(before, first);
    const append = this.#appendAt(first, [], cause, actor, at, check);
    const gaps = this.#gaps.toText(this.#compactedRevision);
    return () => {
      append();
      writeProperty(this.#storage, 'epoch', epoch);
      writeProperty(this.#storage, GAPS, gaps);
    };
  }

  #appendAt(
    revision: number,
    changes: readonly JournaledChange[],
    cause: Cause,
    actor: string,
    at: number,
    check: number,
    entries: readonly JournaledEntry[] = [],
    staged?: StagedEnd,
  ): () => void {
    this.#head = { epoch: this.#epoch, revision, check };
    this.#cursor = encodeCursor(this.#head);
    this.#latestStamp = at;
    if (this.#oldestStamp === 0) this.#oldestStamp = at;
    this.#unwritten.set(revision, changes);
    const isAlone = changes.length === 0;
    const texts = isAlone && staged !== undefined ? [] : encodeParts(changes);
    const rows = rowsOf(texts, this.entries.append(revision, entries, isAlone));
    const copies = staged === undefined ? [] : this.entries.appendStaged(revision, staged, isAlone);
    const append = rowsWriter(
      this.#storage,
      { revision, at, cause, actor, check },
      [...rows, ...copies],
      this.#sizeUntil,
    );
    this.#sizeUntil = append.sizeUntil;
    return () => {
      append.write();
      this.#unwritten.delete(revision);
      this.entries.written(revision);
    };
  }

  /** Returns the changes of a revision, durable or not; none if it was compacted. */
  changesAt(revision: number): readonly JournaledChange[] {
    const unwritten = this.#unwritten.get(revision);
    if (unwritten !== undefined) return unwritten;
    if (revision <= this.#compactedRevision) return [];
    const parts = [...this.#storage.read('SELECT changes FROM journal WHERE revision = ? ORDER BY part', revision)];
    return parts.flatMap(([changes]) => decodeChanges(String(changes)));
  }

  /**
   * Yields the revisions after one that are on the disk, oldest first. Rows are read as they are needed.
   *
   * @param revision A retained revision, or `compactedRevision`.
   */
  entriesAfter(revision: number): Generator<JournalEntry> {
    return this.#entries(this.#storage.read(`${ENTRY} WHERE revision > ? ORDER BY revision, part`, revision));
  }

  /** Yields the revisions up to one that are on the disk, newest first. The parts of each are still in order. */
  entriesUpTo(revision: number): Generator<JournalEntry> {
    const rows = `${ENTRY} WHERE revision <= ? AND revision > ? ORDER BY revision DESC, part`;
    return this.#entries(this.#storage.read(rows, revision, this.#compactedRevision));
  }

  /** Returns one revision that is on the disk; undefined if it was compacted. */
  entryAt(revision: number): JournalEntry | undefined {
    if (revision <= this.#compactedRevision) return undefined;
    const rows = this.#storage.read(`${ENTRY} WHERE revision = ? ORDER BY part`, revision);
    return [...this.#entries(rows)][0];
  }

  *#entries(rows: Iterable<SqlRow>): Generator<JournalEntry> {
    let entry: JournalEntry | undefined;
    for (const row of rows) {
      const changes = String(row[5]);
      if (entry !== undefined && entry.revision === row[0]) {
        entry.parts.push(changes);
        entry.entryBytes += Number(row[6]);
        continue;
      }
      if (entry !== undefined) yield entry;
      const position = { epoch: this.#epoch, revision: Number(row[0]), check: Number(row[4]) };
      entry = {
        revision: position.revision,
        cursor: encodeCursor(position),
        at: Number(row[1]),
        cause: String(row[2]) as Cause, // `as`: only append writes this column
        actor: String(row[3]),
        parts: [changes],
        entryBytes: Number(row[6]),
      };
    }
    if (entry !== undefined) yield entry;
  }

  /** Newest revision that is on the disk, durable or not. */
  get storedRevision(): number {
    for (const revision of this.#unwritten.keys()) return revision - 1;
    return this.#head.revision;
  }

  /** Yields the changes after one revision and up to another, oldest first, of rows that contain a text. */
  *changesMentioning(text: string, after: number, upTo: number): Generator<JournaledChange> {
    const rows = `SELECT changes FROM journal
      WHERE revision > ? AND revision <= ? AND instr(changes, ?) > 0 ORDER BY revision, part`;
    for (const [changes] of this.#storage.read(rows, after, upTo, text)) yield* decodeChanges(String(changes));
  }

  /** Returns the first revision after one that is on the disk: the next, or one far ahead if a new epoch begins there. */
  firstAfter(revision: number): number | undefined {
    const next = 'SELECT revision FROM journal WHERE revision > ? ORDER BY revision LIMIT 1';
    for (const [found] of this.#storage.read(next, revision)) return Number(found);
    return undefined;
  }

  /** Returns the cursor of a revision that is on the disk, or of the beginning; undefined if it was compacted. */
  cursorAt(revision: number): string | undefined {
    if (revision === 0 && this.#compactedRevision === 0)
      return encodeCursor({ epoch: this.#epoch, revision, check: 0 });
    const checks = this.#storage.read('SELECT check_bits FROM journal WHERE revision = ? AND part = 0', revision);
    for (const [check] of checks) return encodeCursor({ epoch: this.#epoch, revision, check: Number(check) });
    return undefined;
  }

  /** Returns the stamp of a revision that is on the disk, or of the next that is; undefined if there is none. */
  stampAt(revision: number): number | undefined {
    const next = 'SELECT at FROM journal WHERE revision >= ? ORDER BY revision LIMIT 1';
    for (const [at] of this.#storage.read(next, revision)) return Number(at);
    return undefined;
  }

  /** True if it exceeds its bounds by at least a slice, so that not every commit causes a compaction. The newest revision stays. */
  get isOverfull(): boolean {
    const { maxCount, maxBytes } = this.#settings.retention;
    const slack = 1 + COMPACTION_SLICE_MAX_COUNT / maxCount;
    const isOverCount = this.#recordCount > maxCount * slack || this.count > JOURNAL_ROWS_MAX_COUNT * slack;
    return this.count > 1 && (isOverCount || this.size > maxBytes * slack || this.entries.isOverfull);
  }

  /** Number of retained revisions that changed a record, not only entries. */
  get #recordCount(): number {
    return this.count - (this.entries.revisionsUntil - this.#entryRevisionsCompacted);
  }

  /**
   * Time by the clock at which the oldest revision is 1% older than the maximum; `Infinity` if only the newest is
   * left. The margin lets more revisions grow old meanwhile, so that compactions stay rare.
   */
  get overdueAt(): number {
    if (this.count <= 1) return Number.POSITIVE_INFINITY;
    return this.#oldestStamp + this.#settings.retention.maxAgeMs * 1.01;
  }

  /**
   * Returns the oldest rows that must be removed, at most a slice of them; undefined if all may stay.
   *
   * @param stamp Current time for people.
   * @param isTooMuch True to remove all but the newest revision on the disk.
   */
  planCompaction(stamp: number, isTooMuch = false): Compaction | undefined {
    const { maxAgeMs, maxCount, maxBytes } = this.#settings.retention;
    const newestByRows = isTooMuch
      ? this.storedRevision - 1
      : this.#gaps.before(this.#head.revision, JOURNAL_ROWS_MAX_COUNT);
    const isBeyondCount = (revision: number, entryRevisions: number) => {
      const after = this.#gaps.count(revision, this.#head.revision);
      const entriesAfter = this.entries.revisionsUntil - Math.max(entryRevisions, this.#entryRevisionsCompacted);
      return revision <= newestByRows || after - entriesAfter >= maxCount;
    };
    const sizeByBytes = this.#sizeUntil - maxBytes;
    const stampByAge = stamp - maxAgeMs;
    const rows = `SELECT revision, at, size_until, changes, entry_revisions, entries, part FROM journal
      ORDER BY revision, part`;
    const bounds = { isBeyondCount, sizeByBytes, stampByAge, head: this.#head.revision };
    return compactionOf(this.#storage.read(rows), bounds);
  }

  /** Removes the rows of a plan, and the heads of records that were deleted in them. Runs inside a commit. */
  compact(plan: Compaction): void {
    removeRows(this.#storage, plan);
    this.#readOldest();
  }

  #readOldest(): void {
    this.#compactedRevision = this.#head.revision;
    this.#sizeCompacted = this.#sizeUntil;
    const oldest = 'SELECT revision, part, size_until, changes, at FROM journal ORDER BY revision, part LIMIT 1';
    for (const [revision, part, sizeUntil, changes, at] of this.#storage.read(oldest)) {
      // A revision whose first parts are removed counts as compacted.
      this.#compactedRevision = part === 0 ? Number(revision) - 1 : Number(revision);
      // Measured here, as SQLite counts characters, but JavaScript counts UTF-16 code units.
      this.#sizeCompacted = Number(sizeUntil) - String(changes).length;
      this.#oldestStamp = Number(at);
    }
    this.#entryRevisionsCompacted = this.entries.revisionsBefore(this.#compactedRevision + 1);
    this.entries.refresh();
  }
}
