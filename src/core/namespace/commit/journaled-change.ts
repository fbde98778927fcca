import type { Cause } from '../../../model/history';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { JournaledRenewals } from '../records/record-kind';
import type { RecordKey } from '../records/records';

/** One changed record, with its whole text before and after. */
export interface JournaledChange extends RecordKey {
  cause: Cause;
  /** Revision of the record before; 0 where the journal knows of none. */
  previous: number;
  /** Revision of the service before; 0 likewise. */
  servicePrevious: number;
  before: string | null;
  after: string | null;
  /** How many watches were told of it; absent where nobody watched. */
  watchers?: number | undefined;
  /** Of an instance that turned unhealthy or was removed: how its lease was renewed until then. */
  renewals?: JournaledRenewals | undefined;
}

/** A change as JSON: the texts of records are JSON already, and are put in as they are. */
function encodeChange(change: JournaledChange): string {
  const { kind, group, service, id, cause, previous, servicePrevious, before, after, watchers, renewals } = change;
  const facts = { kind, group, service, id, cause, previous, servicePrevious, watchers, renewals };
  const head = JSON.stringify(facts).slice(0, -1);
  return `${head},"before":${before},"after":${after}}`;
}

/** The changes of a revision as one or more JSON arrays, each small enough for a row. */
export function encodeParts(changes: readonly JournaledChange[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let bytes = 1;
  for (const change of changes) {
    const text = encodeChange(change);
    // With the comma or the bracket after it. A revision of one change has one part, whatever its size.
    const more = changes.length === 1 ? 0 : utf8Length(text) + 1;
    if (bytes + more > JOURNAL_PART_MAX_BYTES && part.length > 0) {
      parts.push(`[${part.join(',')}]`);
      part = [];
      bytes = 1;
    }
    part.push(text);
    bytes += more;
  }
  parts.push(`[${part.join(',')}]`);
  return parts;
}

/** Reads a part of an entry: the records in it become texts again, as they are kept everywhere else. */
export function decodeChanges(part: string): JournaledChange[] {
  const changes = JSON.parse(part) as StoredChange[]; // `as`: only encodeParts writes these texts
  return changes.map((change) => ({ ...change, before: textOf(change.before), after: textOf(change.after) }));
}

/** A change as JSON holds it: with records in it, where we keep texts. */
type StoredChange = Omit<JournaledChange, 'before' | 'after'> & { before: object | null; after: object | null };

function textOf(record: object | null): string | null {
  return record === null ? null : JSON.stringify(record);
}
