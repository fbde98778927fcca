import type { EntryRange, EntryView, KeyInterval } from './entry';
import type { EntryHistory } from './history';
import type { Answer, Asker, Caller, ReadAnswer, ReadOptions, WriteAnswer } from './namespace-api';
import type { PointInTime } from './query-values';

/** Property by which a range is ordered; entries with the same one are in the order of their keys. */
export type EntryOrder = 'key' | 'createdRevision' | 'revision' | 'version';

/** Puts an entry. */
export interface PutEntryCommand {
  /** One character a byte. */
  key: string;
  value: Uint8Array<ArrayBuffer>;
  contentType?: string | undefined;
  precondition: EntryPrecondition;
}

/** Condition under which an entry is put or deleted. */
export interface EntryPrecondition {
  /** True: there must be none; false: there must be one. */
  absent?: boolean | undefined;
  /** Revision that it must have. */
  revision?: number | undefined;
}

/** A read of a page of the history of a key. */
export interface EntryHistoryCommand extends Asker {
  key: string;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** A read of a range of entries. */
export interface EntryRangeCommand extends ReadOptions {
  interval: KeyInterval;
  /** Maximum number of entries. */
  limit?: number | undefined;
  /** By key unless set. */
  orderBy?: EntryOrder | undefined;
  descending?: boolean | undefined;
  /** Leave out values. */
  keysOnly?: boolean | undefined;
  /** Leave out entries: only their number. */
  countOnly?: boolean | undefined;
  /** Read the range as it was then. `COMPACTED`: the history of entries no longer reaches back to it. */
  at?: PointInTime | undefined;
}

/**
 * Operations on the entries of one namespace, with the same guarantees as those of `NamespaceApi`. Keys and values are as
 * their schemas accept them.
 */
export interface EntryApi {
  /** Puts an entry, in a revision of its own, even if nothing differs. `LIMIT_EXCEEDED`: the namespace is full. */
  putEntry(caller: Caller, command: PutEntryCommand): Promise<WriteAnswer<EntryView>>;
  /** Deletes an entry. Succeeds if there is none, unless a precondition requires it. */
  deleteEntry(caller: Caller, command: { key: string; precondition: EntryPrecondition }): Promise<{ cursor: string }>;
  /** Returns an entry. `ENTRY_NOT_FOUND`: there is none. `COMPACTED`: the history does not reach back to `at`. */
  readEntry(command: { key: string; at?: PointInTime | undefined } & ReadOptions): Promise<ReadAnswer<EntryView>>;
  /** Returns entries of a range, as many as fit. */
  rangeEntries(command: EntryRangeCommand): Promise<ReadAnswer<EntryRange>>;
  /** Returns a page of the changes of a key, newest first, also of one that was deleted. */
  entryHistory(command: EntryHistoryCommand): Promise<Answer<EntryHistory>>;
}
