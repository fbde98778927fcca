import { byteString, bytesOf } from '../../../model/bytes';
import type { KeyInterval } from '../../../model/key-interval';
import { ENTRY_ROWS_PER_PAGE_COUNT } from '../../../model/limits';
import type { SqlRow, SqlStorage } from '../../storage/sql-storage';
import { type Entry, encodeFacts } from './entry';

/** Number of the space of keys and values, in the column `space`. 2 is for ZooKeeper's tree. */
const KV = 1;

/** A row of the table `entry`. */
export interface EntryRow extends Pick<Entry, 'key' | 'revision' | 'createdRevision' | 'lease' | 'facts'> {
  /** 0 in a head: the key of a deleted entry, with the revision of its deletion. */
  version: number;
  /** Null in a head. */
  value: Uint8Array<ArrayBuffer> | null;
}

/** An entry as a wake reads it: without its value, and with the text of its facts. */
export interface EntryNumbers extends Omit<EntryRow, 'value' | 'facts'> {
  facts: string | null;
  /** Length of the value. */
  size: number;
}

const PUT = `INSERT INTO entry (space, key, revision, created_revision, version, lease, facts, value)
  VALUES (${KV}, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (space, key) DO UPDATE SET
    revision = excluded.revision, created_revision = excluded.created_revision, version = excluded.version,
    lease = excluded.lease, facts = excluded.facts, value = excluded.value`;

/** Writes a row. Runs inside a commit. */
export function writeEntryRow(storage: SqlStorage, row: EntryRow): void {
  const { key, revision, createdRevision, version, lease, facts, value } = row;
  storage.run(PUT, keyBlob(key), revision, createdRevision, version, lease, encodeFacts(facts), value && blobOf(value));
}

/** Writes the numbers and facts of an entry whose value has not changed. Runs inside a commit. */
export function updateEntryRow(storage: SqlStorage, { key, revision, version, facts }: Entry): void {
  const update = `UPDATE entry SET revision = ?, version = ?, facts = ? WHERE space = ${KV} AND key = ?`;
  storage.run(update, revision, version, encodeFacts(facts), keyBlob(key));
}

/** Turns the rows of all entries that a lease holds into heads. Runs inside a commit. */
export function writeEntryHeads(storage: SqlStorage, lease: number, revision: number): void {
  const heads = `UPDATE entry SET revision = ?, created_revision = 0, version = 0, lease = NULL, facts = NULL, value = NULL
    WHERE space = ${KV} AND lease = ?`;
  storage.run(heads, revision, lease);
}

/**
 * Yields all rows in the order of their keys, in pages, each read at once. Values are not read: SQLite finds their length
 * in the beginning of a row.
 */
export function* readEntryRows(storage: SqlStorage): Generator<EntryNumbers> {
  const page = `SELECT key, revision, created_revision, version, lease, facts, length(value) FROM entry
    WHERE space = ${KV} AND key > ? ORDER BY key LIMIT ?`;
  let after = '';
  for (let rows = ENTRY_ROWS_PER_PAGE_COUNT; rows === ENTRY_ROWS_PER_PAGE_COUNT; ) {
    rows = 0;
    for (const row of storage.read(page, keyBlob(after), ENTRY_ROWS_PER_PAGE_COUNT)) {
      const numbers = decodeRow(row);
      yield numbers;
      after = numbers.key;
      rows += 1;
    }
  }
}

// `as` below: the table is STRICT, so columns have the types of the schema.
function decodeRow(row: SqlRow): EntryNumbers {
  return {
    key: keyOf(row[0]),
    revision: row[1] as number,
    createdRevision: row[2] as number,
    version: row[3] as number,
    lease: row[4] as number | null,
    facts: row[5] as string | null,
    size: Number(row[6] ?? 0),
  };
}

/** Reads the value of an entry, which has a row. */
export function readEntryValue(storage: SqlStorage, key: string): Uint8Array<ArrayBuffer> {
  const value = `SELECT value FROM entry WHERE space = ${KV} AND key = ?`;
  for (const [found] of storage.read(value, keyBlob(key))) return bytesIn(found);
  throw new Error('an entry in memory has no row');
}

/**
 * Reads the values of all entries of an interval at once, in the order of the keys. Heads are left out.
 *
 * @param count Number of entries in the interval.
 */
export function readEntryValues(storage: SqlStorage, interval: KeyInterval, count: number): Uint8Array<ArrayBuffer>[] {
  const { where, bindings } = within(interval);
  const values = `SELECT value FROM entry WHERE ${where} AND version > 0 ORDER BY key LIMIT ?`;
  return Array.from(storage.read(values, ...bindings, count), ([value]) => bytesIn(value));
}

/** Reads the text of an entry's facts; null if it has none. */
export function readEntryFacts(storage: SqlStorage, key: string): string | null {
  const facts = `SELECT facts FROM entry WHERE space = ${KV} AND key = ?`;
  for (const [text] of storage.read(facts, keyBlob(key))) return typeof text === 'string' ? text : null;
  return null;
}

/** Reads the revision in the head of a deleted entry; 0 if there is none. */
export function readEntryHead(storage: SqlStorage, key: string): number {
  const head = `SELECT revision FROM entry WHERE space = ${KV} AND key = ? AND version = 0`;
  for (const [revision] of storage.read(head, keyBlob(key))) return Number(revision);
  return 0;
}

/** Reads the heads of an interval that are newer than a revision: keys, with the revisions of their deletions. */
export function readEntryHeads(storage: SqlStorage, interval: KeyInterval, since: number): Map<string, number> {
  const { where, bindings } = within(interval);
  const heads = `SELECT key, revision FROM entry WHERE ${where} AND version = 0 AND revision > ?`;
  const found = new Map<string, number>();
  for (const [key, revision] of storage.read(heads, ...bindings, since)) found.set(keyOf(key), Number(revision));
  return found;
}

/**
 * Returns one of the keys of an interval whose heads are newer than a revision, in the order of the keys; undefined if it has
 * fewer.
 *
 * @param index Its place among them.
 */
export function readEntryHeadAt(
  storage: SqlStorage,
  interval: KeyInterval,
  since: number,
  index: number,
  descending: boolean,
): string | undefined {
  const { where, bindings } = within(interval);
  const head = `SELECT key FROM entry WHERE ${where} AND version = 0 AND revision > ?
    ORDER BY key ${descending ? 'DESC' : 'ASC'} LIMIT 1 OFFSET ?`;
  for (const [key] of storage.read(head, ...bindings, since, index)) return keyOf(key);
  return undefined;
}

/** Removes the head of an entry that was deleted in a revision. Runs inside a commit. */
export function removeEntryHead(storage: SqlStorage, key: string, revision: number): void {
  const remove = `DELETE FROM entry WHERE space = ${KV} AND key = ? AND version = 0 AND revision = ?`;
  storage.run(remove, keyBlob(key), revision);
}

function within({ from, to }: KeyInterval): { where: string; bindings: ArrayBuffer[] } {
  const begin = `space = ${KV} AND key >= ?`;
  return to === undefined
    ? { where: begin, bindings: [keyBlob(from)] }
    : { where: `${begin} AND key < ?`, bindings: [keyBlob(from), keyBlob(to)] };
}

const keyBlob = (key: string): ArrayBuffer => bytesOf(key).buffer;

/** Returns the buffer of a value. A view of a part of a buffer is copied. */
function blobOf(value: Uint8Array<ArrayBuffer>): ArrayBuffer {
  return value.byteLength === value.buffer.byteLength ? value.buffer : value.slice().buffer;
}

const bytesIn = (blob: unknown): Uint8Array<ArrayBuffer> =>
  new Uint8Array(blob instanceof ArrayBuffer ? blob : new ArrayBuffer(0));

const keyOf = (blob: unknown): string => byteString(bytesIn(blob));
