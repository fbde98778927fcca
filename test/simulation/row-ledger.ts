import type { Chronicle } from './chronicle';

/** A checkpoint is made this long after the first renewal that it stores, or a second later. */
const CHECKPOINT_DELAY_MS = 4_000;

/** Rows that checkpoints may write in one such delay: one that announces renewals, and one that stores them. */
const ROWS_PER_CHECKPOINT_COUNT = 2;

export interface RowLedgerParts {
  now: () => number;
  /** Rows written so far, by verb and table. */
  rowsWritten: () => ReadonlyMap<string, number>;
  chronicle: Chronicle;
  /** Rows of granted leases and of lock delays that may have been written so far. */
  granted: Readonly<GrantedRows>;
  onProblem: (invariant: string, what: string) => void;
}

/** Rows that are not part of a revision. */
interface GrantedRows {
  leases: number;
  delays: number;
}

/** The last closing: nothing was pending, and everything written was durable. */
interface Closing extends GrantedRows {
  at: number;
  rows: ReadonlyMap<string, number>;
  parts: number;
  changes: number;
  entries: number;
}

/**
 * Compares the written rows with those that the journal requires (I8): one for each changed record or entry, one for each part
 * of a revision in the journal, at most two for checkpoints in five seconds, one for each granted lease and one for its end,
 * and none for anything else.
 */
export class RowLedger {
  readonly #parts: RowLedgerParts;
  #last: Closing | undefined;
  #wakes = 0;
  #missed = 0;
  /** Number of closings without a problem. */
  closings = 0;

  constructor(parts: RowLedgerParts) {
    this.#parts = parts;
  }

  /** The registry was loaded into memory again: its first write stores when it began to listen. */
  woke(): void {
    this.#wakes += 1;
  }

  /** The registry found a gap, which it stores at once. */
  missed(): void {
    this.#missed += 1;
  }

  /** A crash undoes written rows: starts again. */
  died(): void {
    this.#last = undefined;
  }

  /** Closes the ledger. Everything written must be durable, and nothing pending. */
  close(): void {
    const { now, rowsWritten, chronicle, granted } = this.#parts;
    const closing = { at: now(), rows: new Map(rowsWritten()), ...chronicle.seen, ...granted };
    const last = this.#last;
    this.#last = closing;
    if (last !== undefined) this.#compare(last, closing);
    this.#wakes = 0;
    this.#missed = 0;
  }

  #compare(last: Closing, closing: Closing): void {
    this.closings += 1;
    const written = new Map<string, number>();
    for (const [kind, rows] of closing.rows) written.set(kind, rows - (last.rows.get(kind) ?? 0));
    const take = (kind: string) => {
      const rows = written.get(kind) ?? 0;
      written.delete(kind);
      return rows;
    };
    const records = take('insert record');
    const changes = closing.changes - last.changes;
    if (records !== changes) this.#wrong(`${records} rows of records were written for ${changes} changes`);
    // The end of a lease that holds much makes heads of all its entries at once.
    const entries = take('insert entry') + take('update entry');
    const changed = closing.entries - last.entries;
    if (entries !== changed) this.#wrong(`${entries} rows of entries were written for ${changed} changes`);
    this.#compareLeases(last, closing, take);
    const journal = take('insert journal');
    const parts = closing.parts - last.parts;
    if (journal !== parts) this.#wrong(`${journal} rows of the journal were written for ${parts} parts of revisions`);
    // Rows of sessions, checked by their own tests: one when a session begins, breaks, is resumed or ends.
    const sessions = take('insert session');
    take('delete session');
    // A renewal of a lease that was found silent is stored in its row.
    take('update record');
    const checkpoints = take('insert checkpoint');
    const delays = Math.ceil((closing.at - last.at) / CHECKPOINT_DELAY_MS) + 1;
    const budget = ROWS_PER_CHECKPOINT_COUNT * (delays + this.#wakes + this.#missed + sessions);
    if (checkpoints > budget)
      this.#wrong(`${checkpoints} rows of checkpoints were written; at most ${budget} are allowed`);
    // Compaction writes a row for each deleted revision.
    const compacted = take('delete journal');
    const emptied = take('update journal');
    const heads = take('delete record') + take('delete entry');
    if (heads > 0 && compacted + emptied === 0) this.#wrong(`${heads} heads were deleted without a compaction`);
    if (emptied > 0) take('insert property');
    for (const [kind, rows] of written) if (rows > 0) this.#wrong(`${rows} rows were written by "${kind}"`);
  }

  /** A renewal writes no row, unless the lease was found silent before. */
  #compareLeases(last: Closing, closing: Closing, take: (kind: string) => number): void {
    const leases = take('insert lease');
    take('delete lease');
    const most = closing.leases - last.leases;
    if (leases > most) this.#wrong(`${leases} rows of leases were written; at most ${most} are allowed`);
    const delays = take('insert lock_delay');
    const mostDelays = closing.delays - last.delays;
    if (delays > mostDelays)
      this.#wrong(`${delays} rows of lock delays were written; at most ${mostDelays} are allowed`);
    // Only the end of a lease that holds much stages parts, which become rows of the journal.
    take('insert lease_part');
    take('delete lease_part');
  }

  #wrong(what: string): void {
    this.#parts.onProblem('I8', what);
  }
}
