/** A value that SQLite stores. Numbers go into INTEGER columns; booleans and big integers are never bound. */
export type SqlValue = string | number | null | ArrayBuffer;

/** One row, in the order of the statement's columns. */
export type SqlRow = SqlValue[];

/**
 * The disk, as the core sees it: the SQLite database of a Durable Object or of the resident host.
 *
 * Statements run at once and in order. Statements inside {@link transaction} are applied as a whole or not at all;
 * every other statement is its own transaction. Nothing is durable before a later {@link sync} has resolved.
 */
export interface SqlStorage {
  /** Runs a statement that changes something. Returns the number of rows written, as the platform bills them. */
  run(statement: string, ...bindings: SqlValue[]): number;

  /** Runs a query. Rows are read as they are iterated; nothing may be written meanwhile. */
  read(statement: string, ...bindings: SqlValue[]): Iterable<SqlRow>;

  /**
   * Runs `work`, which must be synchronous. If it throws, everything that it ran is rolled back, and the error is rethrown.
   */
  transaction(work: () => void): void;

  /** Resolves when everything written so far survives a crash; rejects if that fails. */
  sync(): Promise<void>;
}

/**
 * Throws if the function of a transaction was asynchronous. TypeScript accepts one as a function that returns nothing, but
 * it would continue to write after the commit.
 */
export function refusePromise(result: unknown): void {
  if (result instanceof Promise)
    throw new TypeError('a transaction must be synchronous; its function returned a promise');
}

/** Wraps a storage so that `counters` adds up the billed rows of all writes. */
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
