import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { refusePromise, type SqlRow, type SqlStorage, type SqlValue } from '../../../core/storage/sql-storage';

/** A column value as node:sqlite returns it. Blobs are views; the core expects buffers. */
type NodeValue = string | number | null | Uint8Array;

/** A prepared statement, cached for the next call with the same text. */
interface Prepared {
  statement: StatementSync;
  /** True if the statement sets SQLite's count of changed rows. After any other, the count is that of an earlier statement. */
  writesRows: boolean;
  /** True if the text limits the number of rows, so that all of them can be read at once. */
  isBounded: boolean;
  /** True if the statement has numbered parameters and this runtime binds those only by name. */
  bindsByName: boolean;
  /** True while a reader still iterates over the rows. Running the statement again would end its iteration. */
  reading: boolean;
}

/** Storage on a connection of node:sqlite. */
export interface NodeSqlite extends SqlStorage {
  /**
   * Ends all unfinished reads, which keep SQLite from checkpointing and from restarting the WAL. Continuing such a read
   * throws an error.
   */
  endReads(): void;
}

const WRITES_ROWS = /^\s*(insert|update|delete|replace|with)\b/i;
const NUMBERED = /\?\d/;
const ENDS_WITH_LIMIT = /\blimit\s+(\d+|\?)\s*$/i;

/**
 * Adapts a connection of node:sqlite to the core's storage.
 *
 * The caller opens and configures the database. `sync` resolves at once, which is correct if `synchronous` is FULL, SQLite's
 * default: a commit is then on the disk when it returns.
 *
 * A query that ends with `LIMIT` is read at once, because an iterator takes 1.5 times as long on Node and five times on Deno.
 * All others are read during iteration, since their rows may not fit into memory.
 */
export function nodeSqlite(database: DatabaseSync): NodeSqlite {
  const cache = new Map<string, Prepared>();
  const unfinished = new Set<() => void>();

  function prepare(text: string): Prepared {
    const known = cache.get(text);
    if (known !== undefined && !known.reading) return known;
    const statement = database.prepare(text);
    statement.setReturnArrays(true);
    const prepared = {
      statement,
      writesRows: WRITES_ROWS.test(text),
      isBounded: ENDS_WITH_LIMIT.test(text),
      bindsByName: NUMBERED.test(text) && !takesNumbersByPosition(database),
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
        if (isEnded) throw new Error('this query was not read to the end in the turn that started it');
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
        // SQLite may already have rolled back, for example because the disk is full.
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

/** True if this runtime binds `?1` by position; undefined until a statement needs to know. */
let numbersByPosition: boolean | undefined;

/** Reports whether `?1` is bound by position. Node 22.16 treats it as a name, and rejects the value. */
function takesNumbersByPosition(database: DatabaseSync): boolean {
  if (numbersByPosition !== undefined) return numbersByPosition;
  try {
    database.prepare('SELECT ?1').get(1);
    numbersByPosition = true;
  } catch {
    numbersByPosition = false;
  }
  return numbersByPosition;
}

const byName = (values: NodeValue[]): Record<string, NodeValue> =>
  Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]));

const toNode = (value: SqlValue) => (value instanceof ArrayBuffer ? new Uint8Array(value) : value);

const isNoBlob = (value: NodeValue): value is Exclude<NodeValue, Uint8Array> => !(value instanceof Uint8Array);

/** Gives blobs buffers of their own. Most rows have none, and most blobs already have one. */
function toRow(row: NodeValue[]): SqlRow {
  if (row.every(isNoBlob)) return row;
  return row.map((value) => (value instanceof Uint8Array ? bufferOf(value) : value));
}

function bufferOf(blob: Uint8Array): ArrayBuffer {
  const { buffer } = blob;
  return buffer instanceof ArrayBuffer && buffer.byteLength === blob.byteLength ? buffer : blob.slice().buffer;
}
