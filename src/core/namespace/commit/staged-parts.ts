import type { Cause } from '../../../model/history';
import type { SqlStorage } from '../../storage/sql-storage';

/**
 * Deletions of all entries that a lease holds, and releases of all locks that it has on others, staged as parts of a
 * revision that they become.
 */
export interface StagedEnd {
  /** Id of the lease. */
  lease: number;
  keys: ReadonlySet<string>;
  /** Keys whose locks are released. */
  released: readonly string[];
  cause: Cause;
  /** Rows of the parts, in their order. */
  rows: readonly StagedRow[];
}

/** A staged part: its number, and its size. */
export interface StagedRow {
  row: number;
  bytes: number;
}

/** Writes a part. Runs inside a commit. */
export function writeStagedPart(storage: SqlStorage, lease: number, row: number, part: ArrayBuffer): void {
  storage.run('INSERT OR REPLACE INTO lease_part (lease, row, entries) VALUES (?, ?, ?)', lease, row, part);
}

/** Removes a part, or all parts of a lease. Runs inside a commit. */
export function deleteStagedParts(storage: SqlStorage, lease: number, row?: number): void {
  if (row === undefined) storage.run('DELETE FROM lease_part WHERE lease = ?', lease);
  else storage.run('DELETE FROM lease_part WHERE lease = ? AND row = ?', lease, row);
}

/** Reads a part. */
export function readStagedPart(storage: SqlStorage, lease: number, row: number): ArrayBuffer {
  for (const [part] of storage.read('SELECT entries FROM lease_part WHERE lease = ? AND row = ?', lease, row)) {
    if (part instanceof ArrayBuffer) return part;
  }
  throw new Error('a staged part is not on the disk');
}
