import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { refusePromise, type SqlRow, type SqlStorage, type SqlValue } from '../../../core/storage/sql-storage';

/** A value of a column as node:sqlite returns it: blobs are views, where the core expects buffers of their own. */
type NodeValue = string | number | null | Uint8Array;

/** A prepared statement, kept for the next call with the same text. */
interface Prepared {
  statement: StatementSync;
  /** Only these set SQLite's count of changed rows; after any other it still holds the count of the statement before. */
  writesRows: boolean;
  /** True if its text bounds its rows, so that all of them can be read at once. */
  isBounded: boolean;
  /** True if its parameters have numbers, and this runtime takes those by name alone. */
  bindsByName: boolean;
  /** True while rows of a query are unread: running the statement again would take them from its reader. */
  reading: boolean;
}

/** Storage on a connection of node:sqlite. */
export interface NodeSqlite extends SqlStorage {
  /**
   * Ends all reads that are not finished. An unfinished read keeps SQLite from checkpointing and from reusing the WAL.
   * Whoever goes on with one gets an error, not fewer rows.
   */
  endReads(): void;
}

const WRITES_ROWS = /^\s*(insert|update|delete|replace|with)\b/i;
const NUMBERED = /\?\d/;
const ENDS_WITH_LIMIT = /\blimit\s+(\d+|\?)\s*$/i;

/**
 * Adapts a connection of node:sqlite to the core's storage.
 *
 * The caller opens and configures the database. `sync` resolves at once, which is right where `synchronous` is FULL,
 * SQLite's default: a commit has then reached the disk when it returns.
 *
 * A query that ends with `LIMIT` is read at once: an iterator takes 1.5 times as long in Node, and five times in Deno.
 * All others are read as they are iterated, as they may be longer than memory.
 */
export function nodeSqlite(database: DatabaseSync): NodeSqlite {
  const cache = new Map<string, Prepared>();
  const unfinished = new Set<() => void>();
  const numbersByPosition = takesNumbersByPosition(database);

  function prepare(text: string): Prepared {
    const known = cache.get(text);
    if (known !== undefined && !known.reading) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    const prepared = {
      statement,
      writesRows: WRITES_ROWS.test(text),
      isBounded: ENDS_WITH_LIMIT.test(text),
      bindsByName: !numbersByPosition && NUMBERED.test(text),
      reading: false,
    };
    cache.set(text, prepared);
    return prepared;
  }

  function* iterate(prepared: Prepared, rows: Iterator<NodeValue[]>): Generator<SqlRow> {
    let isEnded = false;
    const end = () => {
      isEnded = true;
      rows.return?.();
    };
    unfinished.add(end);
    try {
      for (;;) {
        if (isEnded) throw new Error('this query was not read to its end in the turn that began it');
        const { done, value } = rows.next();
        if (done === true) return;
        yield toRow(value);
      }
    } finally {
      unfinished.delete(end);
      prepared.reading = false;
      if (!isEnded) rows.return?.();
    }
  }

  const execute = (text: string) => prepare(text).statement.run();

  return {
    run(text, ...bindings) {
      const { statement, writesRows, bindsByName } = prepare(text);
      const values = bindings.map(toNode);
      const { changes } = bindsByName ? statement.run(byName(values)) : statement.run(...values);
      return writesRows ? Number(changes) : 0;
    },

    read(text, ...bindings) {
      const prepared = prepare(text);
      const values = bindings.map(toNode);
      // `as`, twice: with setReturnArrays, rows are arrays; the declared type knows only objects.
      const { statement, isBounded, bindsByName } = prepared;
      if (isBounded) {
        const all = bindsByName ? statement.all(byName(values)) : statement.all(...values);
        return (all as unknown as NodeValue[][]).map(toRow);
      }
      const each = bindsByName ? statement.iterate(byName(values)) : statement.iterate(...values);
      const rows = each as unknown as IterableIterator<NodeValue[]>;
      prepared.reading = true;
      return iterate(prepared, rows);
    },

    transaction(work) {
      execute('BEGIN IMMEDIATE');
      try {
        refusePromise(work());
        execute('COMMIT');
      } catch (error) {
        // SQLite may have rolled back by itself: a full disk, for one.
        if (database.isTransaction) execute('ROLLBACK');
        throw error;
      }
    },

    sync: async () => {},

    endReads() {
      for (const end of unfinished) end();
      unfinished.clear();
    },
  };
}

/** Tells whether `?1` is bound by its position: Node 22.16 takes it for a name, and finds no place for the value. */
function takesNumbersByPosition(database: DatabaseSync): boolean {
  try {
    database.prepare('SELECT ?1').get(1);
    return true;
  } catch {
    return false;
  }
}

const byName = (values: NodeValue[]): Record<string, NodeValue> =>
  Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]));

const toNode = (value: SqlValue) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value);

const toRow = (row: NodeValue[]): SqlRow =>
  row.map((value) => (value instanceof Uint8Array ? value.slice().buffer : value));
