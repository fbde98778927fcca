/** A value that SQLite stores for us. Numbers go into INTEGER columns; booleans and big integers are never bound. */
export type SqlValue = string | number | null | ArrayBuffer;

/** One row, in the order of the statement's columns. */
export type SqlRow = SqlValue[];

/**
 * The disk, as the core sees it: SQLite in a Durable Object, or in Node for tests and simulation.
 *
 * Statements run at once and in order. What runs inside {@link transaction} is applied as a whole or not at all;
 * everything else is a transaction of its own. Nothing is durable before a later {@link sync} has resolved.
 */
export interface SqlStorage {
  /** Runs a statement that changes something. Returns the number of rows written, as the platform bills them. */
  run(statement: string, ...bindings: SqlValue[]): number;

  /** Runs a query. Rows are read as they are iterated; nothing may be written meanwhile. */
  read(statement: string, ...bindings: SqlValue[]): Iterable<SqlRow>;

  /** Runs `work`, which must be synchronous; a throw undoes all that it ran, and goes on to the caller. */
  transaction(work: () => void): void;

  /** Resolves when everything written so far survives a crash; rejects if it can't be made to. */
  sync(): Promise<void>;
}

/**
 * Throws where the function of a transaction was asynchronous: its type lets it pass as one that returns nothing, and it
 * would go on writing after the commit.
 */
export function refusePromise(result: unknown): void {
  if (result instanceof Promise) throw new TypeError('a transaction must be synchronous; its function gave a promise');
}

/** Wraps a storage so that `counters` gets the rows that everything written bills. */
export function countingRows(storage: SqlStorage, counters: { rowsWritten: number }): SqlStorage {
  return {
    run: (statement, ...bindings) => {
      const rows = storage.run(statement, ...bindings);
      counters.rowsWritten += rows;
      return rows;
    },
    read: (query, ...bindings) => storage.read(query, ...bindings),
    transaction: (work) => storage.transaction(work),
    sync: () => storage.sync(),
  };
}
