import type { JournaledChange } from '../../src/core/namespace/commit/journal-format';
import type { SqlStorage } from '../../src/core/storage/sql-storage';
import type { Cause } from '../../src/model/history';

/** A revision as it stands in the journal. */
export interface JournaledRevision {
  revision: number;
  /** Stamp for people, as the registry's clock showed it. */
  at: number;
  cause: Cause;
  actor: string;
  /** Random bits of the commit: two commits never have the same. */
  check: number;
  /** Rows it takes. */
  parts: number;
  changes: JournaledChange[];
}

/** Newest revision in the journal; 0 where it is empty or not made yet. */
export function headRevision(storage: SqlStorage): number {
  for (const [found] of storage.read("SELECT 1 FROM sqlite_schema WHERE name = 'journal'")) {
    if (found !== 1) break;
    for (const [revision] of storage.read('SELECT MAX(revision) FROM journal')) return Number(revision ?? 0);
  }
  return 0;
}

/** Newest revision that the journal has forgotten; 0 where it has forgotten none. */
export function compactedRevision(storage: SqlStorage): number {
  for (const [oldest] of storage.read('SELECT MIN(revision) FROM journal')) return Number(oldest ?? 1) - 1;
  return 0;
}

/** Revisions after one and up to another, in order, each put together from its parts. */
export function readJournal(storage: SqlStorage, after: number, upTo: number): JournaledRevision[] {
  const revisions: JournaledRevision[] = [];
  if (after >= upTo) return revisions;
  const rows = storage.read(
    `SELECT revision, part, at, cause, actor, check_bits, changes FROM journal
      WHERE revision > ? AND revision <= ? ORDER BY revision, part`,
    after,
    upTo,
  );
  for (const [revision, part, at, cause, actor, check, changes] of rows) {
    const parsed = JSON.parse(String(changes)) as JournaledChange[]; // `as`: this is what the core wrote
    const last = revisions.at(-1);
    if (part !== 0 && last !== undefined && last.revision === revision) {
      last.parts += 1;
      last.changes.push(...parsed.map(withTexts));
      continue;
    }
    revisions.push({
      revision: Number(revision),
      at: Number(at),
      cause: String(cause) as Cause, // `as`: likewise
      actor: String(actor),
      check: Number(check),
      parts: 1,
      changes: parsed.map(withTexts),
    });
  }
  return revisions;
}

/** In the journal a record is JSON inside JSON; in the core it is a text. */
function withTexts(change: JournaledChange): JournaledChange {
  const { before, after } = change;
  return {
    ...change,
    before: before === null ? null : JSON.stringify(before),
    after: after === null ? null : JSON.stringify(after),
  };
}
