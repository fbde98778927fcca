import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { refusePromise, type SqlStorage, type SqlValue } from '../../core/storage/sql-storage';

/** What node:sqlite gives for a column: blobs are views, where the core wants buffers of their own. */
type NodeValue = string | number | null | Uint8Array;

/** A prepared statement, kept for the next time that its text is seen. */
interface Prepared {
  statement: StatementSync;
  /** Only these set SQLite's count of changed rows; after anything else it still tells of the statement before. */
  writesRows: boolean;
  /** A query whose rows are not all read yet: running it again would take them away from its reader. */
  reading: boolean;
}

const WRITES_ROWS = /^\s*(insert|update|delete|replace|with)\b/i;

/**
 * The SQLite of Node 22 and later, as the core wants it. For tests and simulation; the registry itself runs in workerd.
 *
 * The database is opened and configured by the caller. With `synchronous` at FULL, SQLite's default, a commit has
 * reached the disk when it returns, so `sync` has nothing left to wait for.
 */
export function nodeSqlite(database: DatabaseSync): SqlStorage {
  const cache = new Map<string, Prepared>();

  function prepare(text: string): Prepared {
    const known = cache.get(text);
    if (known !== undefined && !known.reading) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    const prepared = { statement, writesRows: WRITES_ROWS.test(text), reading: false };
    cache.set(text, prepared);
    return prepared;
  }

  return {
    run(text, ...bindings) {
      const { statement, writesRows } = prepare(text);
      const { changes } = statement.run(...bindings.map(toNode));
      return writesRows ? Number(changes) : 0;
    },

    read(text, ...bindings) {
      const prepared = prepare(text);
      // `as`: with setReturnArrays, rows are arrays; the declared type knows only objects.
      const rows = prepared.statement.iterate(...bindings.map(toNode)) as unknown as Iterable<NodeValue[]>;
      prepared.reading = true;
      return (function* () {
        try {
          for (const row of rows) yield row.map(fromNode);
        } finally {
          prepared.reading = false;
        }
      })();
    },

    transaction(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        refusePromise(work());
        database.exec('COMMIT');
      } catch (error) {
        // SQLite may have rolled back by itself: a full disk, for one.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },

    sync: async () => {},
  };
}

const toNode = (value: SqlValue) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value);

const fromNode = (value: NodeValue): SqlValue => (value instanceof Uint8Array ? value.slice().buffer : value);
