import { byteString, bytesOf } from '../../../model/bytes';
import type { ImportedEntry } from '../../../model/export-line';
import { IMPORT_ENTRY_SLICE_MAX_BYTES } from '../../../model/limits';
import type { SqlStorage } from '../../storage/sql-storage';

/** A staged entry of a file. */
export interface StagedEntry extends Pick<ImportedEntry, 'contentType' | 'flags'> {
  /** One character a byte. */
  key: string;
  /** Number of its line in the file. */
  line: number;
  value: Uint8Array<ArrayBuffer>;
}

/** Amounts of staged entries. */
export interface EntryTally {
  entries: number;
  /** Length of their keys, which would be in memory. */
  keyBytes: number;
  /** Length of their keys and values. */
  entryBytes: number;
}

/** Some staged entries, in the order of their keys. */
export interface StagedEntries {
  rows: StagedEntry[];
  /** True if no more follow. */
  isEnd: boolean;
}

const blob = (key: string): ArrayBuffer => bytesOf(key).buffer;

// `as`: the table is STRICT, so the columns are blobs.
const bytesIn = (column: unknown): Uint8Array<ArrayBuffer> => new Uint8Array(column as ArrayBuffer);

/**
 * The table of staged entries. Each row has the id of its import, so that rows which an earlier version of the registry left
 * behind, as it does not know the table, are never taken for those of a later import.
 */
export class StagedEntryTable {
  readonly #storage: SqlStorage;

  constructor(storage: SqlStorage) {
    this.#storage = storage;
  }

  /** Adds entries. Runs inside a commit. */
  add(importId: string, entries: readonly StagedEntry[]): void {
    const statement =
      'INSERT INTO staged_entry (import, key, line, content_type, flags, value) VALUES (?, ?, ?, ?, ?, ?)';
    for (const { key, line, contentType = null, flags = null, value } of entries) {
      this.#storage.run(statement, importId, blob(key), line, contentType, flags, value.buffer);
    }
  }

  /** Removes all entries of all imports. Runs inside a commit. */
  clear(): void {
    this.#storage.run('DELETE FROM staged_entry');
  }

  /** Returns the line number of a key; undefined if it is not in the file. */
  lineOf(importId: string, key: string): number | undefined {
    const sought = 'SELECT line FROM staged_entry WHERE import = ? AND key = ?';
    for (const [line] of this.#storage.read(sought, importId, blob(key))) return Number(line);
    return undefined;
  }

  /** Returns the entries after a key, in order: at most a number of them, and as many as may be in memory at once. */
  after(importId: string, key: string, most: number): StagedEntries {
    const sought = `SELECT key, line, content_type, flags, value FROM staged_entry
      WHERE import = ? AND key > ? ORDER BY key LIMIT ?`;
    const rows: StagedEntry[] = [];
    let bytes = 0;
    for (const [name, line, contentType, flags, content] of this.#storage.read(sought, importId, blob(key), most)) {
      const value = bytesIn(content);
      bytes += value.length;
      if (rows.length > 0 && bytes > IMPORT_ENTRY_SLICE_MAX_BYTES) return { rows, isEnd: false };
      rows.push({
        key: byteString(bytesIn(name)),
        line: Number(line),
        contentType: contentType === null ? undefined : String(contentType),
        flags: flags === null ? undefined : String(flags),
        value,
      });
    }
    return { rows, isEnd: rows.length < most };
  }

  /** Counts the staged entries of an import again, after a wake. */
  tally(importId: string): EntryTally {
    const counted = 'SELECT COUNT(*), SUM(LENGTH(key)), SUM(LENGTH(value)) FROM staged_entry WHERE import = ?';
    for (const [count, keys, values] of this.#storage.read(counted, importId)) {
      return { entries: Number(count), keyBytes: Number(keys), entryBytes: Number(keys) + Number(values) };
    }
    return { entries: 0, keyBytes: 0, entryBytes: 0 };
  }
}
