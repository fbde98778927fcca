import type { JournaledChange } from '../../src/core/namespace/commit/journal-format';
import { decodeEntryChanges, type JournaledEntry } from '../../src/core/namespace/entries/entry-changes';
import type { SqlRow, SqlStorage } from '../../src/core/storage/sql-storage';
import type { Cause } from '../../src/model/history';

/** A revision as stored in the journal. */
export interface JournaledRevision {
  revision: number;
  /** Timestamp for display, by the registry's clock. */
  at: number;
  cause: Cause;
  actor: string;
  /** Random bits of the commit: no two commits have the same. */
  check: number;
  /** Number of its rows. */
  parts: number;
  changes: readonly JournaledChange[];
  readonly entries: readonly JournaledEntry[];
}

/** Returns the newest revision in the journal; 0 if it is empty or does not exist yet. */
export function headRevision(storage: SqlStorage): number {
  for (const [found] of storage.read("SELECT 1 FROM sqlite_schema WHERE name = 'journal'")) {
    if (found !== 1) break;
    for (const [revision] of storage.read('SELECT MAX(revision) FROM journal')) return Number(revision ?? 0);
  }
  return 0;
}

/** Returns the newest compacted revision; 0 if there is none. */
export function compactedRevision(storage: SqlStorage): number {
  for (const [oldest] of storage.read('SELECT MIN(revision) FROM journal')) return Number(oldest ?? 1) - 1;
  return 0;
}

/** Returns the newest revision without its changes of entries, beyond which the history of entries reaches; 0 if there is none. */
export function emptiedRevision(storage: SqlStorage): number {
  for (const [state] of storage.read("SELECT value FROM property WHERE name = 'entry-journal'")) {
    return (JSON.parse(String(state)) as { emptied: number }).emptied; // `as`: the core wrote this
  }
  return 0;
}

/** Returns a range of revisions in order, after one and up to another, each assembled from its parts. */
export function readJournal(storage: SqlStorage, after: number, upTo: number): JournaledRevision[] {
  const revisions: StoredRevision[] = [];
  if (after >= upTo) return revisions;
  const rows = storage.read(
    `SELECT revision, part, at, cause, actor, check_bits, changes, entries FROM journal
      WHERE revision > ? AND revision <= ? ORDER BY revision, part`,
    after,
    upTo,
  );
  for (const row of rows) {
    const last = revisions.at(-1);
    if (row[1] !== 0 && last !== undefined && last.revision === row[0]) last.add(row);
    else revisions.push(new StoredRevision(row));
  }
  return revisions;
}

/** A revision whose changes of entries are decoded only if they are read: many are read for their identity alone. */
class StoredRevision implements JournaledRevision {
  readonly revision: number;
  readonly at: number;
  readonly cause: Cause;
  readonly actor: string;
  readonly check: number;
  parts = 0;
  readonly changes: JournaledChange[] = [];
  readonly #encoded: ArrayBuffer[] = [];
  #entries: JournaledEntry[] | undefined;

  constructor(row: SqlRow) {
    const [revision, , at, cause, actor, check] = row;
    this.revision = Number(revision);
    this.at = Number(at);
    this.cause = String(cause) as Cause; // `as`: the core wrote this
    this.actor = String(actor);
    this.check = Number(check);
    this.add(row);
  }

  get entries(): JournaledEntry[] {
    this.#entries ??= this.#encoded.flatMap((part) => decodeEntryChanges(part, this.revision));
    return this.#entries;
  }

  /** Adds one of its rows. */
  add(row: SqlRow): void {
    const [changes, encoded] = row.slice(6);
    const parsed = JSON.parse(String(changes)) as JournaledChange[]; // `as`: likewise
    this.parts += 1;
    this.changes.push(...parsed.map(withTexts));
    if (encoded instanceof ArrayBuffer) this.#encoded.push(encoded);
  }
}

/** Converts JSON records of the journal to the texts that the core uses. */
function withTexts(change: JournaledChange): JournaledChange {
  const { before, after } = change;
  return {
    ...change,
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
  };
}
