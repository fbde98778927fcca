import { refusePromise, type SqlRow, type SqlStorage } from '../../core/storage/sql-storage';

/** Durable Object SQLite as the core sees it. */
export function durableSqlite(storage: DurableObjectStorage): SqlStorage {
  const { sql } = storage;
  return {
    run: (statement, ...bindings) => sql.exec(statement, ...bindings).rowsWritten,
    // `as`: every column of ours is a number, text or a BLOB, which comes as an ArrayBuffer.
    read: (query, ...bindings) => sql.exec(query, ...bindings).raw() as Iterable<SqlRow>,
    transaction: (work) => storage.transactionSync(() => refusePromise(work())),
    sync: () => storage.sync(),
  };
}
