import type { Cause } from '../../../model/history';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import type { SqlStorage } from '../../storage/sql-storage';
import type { AppendedEntries, CopiedPart, Sums } from './entry-journal';

const COLUMNS = `revision, part, at, cause, actor, check_bits, size_until, entries_until, entry_revisions, changes, entries`;

const APPEND = `INSERT INTO journal (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** Appends a part that was staged. */
const COPY = `INSERT INTO journal (${COLUMNS})
  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, entries FROM lease_part WHERE lease = ? AND row = ?`;

/** Text of a row without changes of records. */
const EMPTY = '[]';

/** A row of a revision: changes of records, of entries, or both. `sums` go up to it. */
export interface RevisionRow {
  text: string;
  part: ArrayBuffer | null;
  sums: Sums;
}

/** Returns the rows of a revision. The last changes of records share a row with the first ones of entries if both fit. */
export function rowsOf(texts: readonly string[], { parts, sums }: AppendedEntries): RevisionRow[] {
  const rows: RevisionRow[] = texts.map((text) => ({ text, part: null, sums }));
  for (const { part, sums: until } of parts) {
    const last = rows.at(-1);
    const fits =
      last?.part === null && (last.text.length + part.byteLength <= JOURNAL_PART_MAX_BYTES || last.text === EMPTY);
    if (last !== undefined && fits) Object.assign(last, { part, sums: until });
    else rows.push({ text: EMPTY, part, sums: until });
  }
  return rows;
}

/** The columns that all rows of a revision share. `at` is its stamp, in milliseconds since the epoch; `check` has 32 random bits. */
interface RevisionHead {
  revision: number;
  at: number;
  cause: Cause;
  actor: string;
  check: number;
}

/**
 * Returns a function that writes the rows of a revision, in their order, and the length of all texts up to then.
 *
 * @param sizeBefore Length of all texts before the revision.
 */
export function rowsWriter(
  storage: SqlStorage,
  { revision, at, cause, actor, check }: RevisionHead,
  rows: readonly (RevisionRow | CopiedPart)[],
  sizeBefore: number,
): { sizeUntil: number; write: () => void } {
  let sizeUntil = sizeBefore;
  const sized = rows.map((row) => {
    const text = 'text' in row ? row.text : EMPTY;
    sizeUntil += text.length;
    return { row, text, sizeUntil };
  });
  const write = () => {
    for (const [index, { row, text, sizeUntil: size }] of sized.entries()) {
      const shared = [revision, index, at, cause, actor, check, size, row.sums.bytes, row.sums.revisions, text];
      if ('text' in row) storage.run(APPEND, ...shared, row.part);
      else storage.run(COPY, ...shared, row.lease, row.row);
    }
  };
  return { sizeUntil, write };
}
