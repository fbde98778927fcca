import type { Cause } from '../../../model/history';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { JournaledRenewals } from '../records/record-kind';
import type { RecordKey } from '../records/records';

/** A gap between two epochs: no revision lies between the last of the one before and the first of the next. */
interface Gap {
  after: number;
  next: number;
}

/**
 * The gaps in the sequence of revisions. Code that counts revisions must ask here: subtracting two of them would include
 * revisions that never existed.
 */
export class RevisionGaps {
  #gaps: Gap[];

  /** @param text Result of {@link toText}; undefined if there is none yet. */
  constructor(text: string | undefined) {
    this.#gaps = text === undefined ? [] : (JSON.parse(text) as Gap[]); // `as`: only toText writes it
  }

  /** Adds a gap between two revisions, each newer than all before. */
  add(after: number, next: number): void {
    this.#gaps.push({ after, next });
  }

  /** First revision after the newest gap, which began the epoch. Undefined if no gap is kept. */
  get newest(): number | undefined {
    return this.#gaps.at(-1)?.next;
  }

  /** Returns the number of revisions after one and up to another. */
  count(after: number, upTo: number): number {
    let count = upTo - after;
    for (const gap of this.#gaps) {
      count -= Math.max(0, Math.min(gap.next - 1, upTo) - Math.max(gap.after, after));
    }
    return count;
  }

  /** Returns the revision after which there are `count` others, up to `head`. The revision itself need not exist. */
  before(head: number, count: number): number {
    let revision = head - count;
    for (const { after, next } of this.#gaps.toReversed()) {
      if (revision >= next - 1) break;
      revision -= next - 1 - after;
    }
    return revision;
  }

  /** @param compactedRevision Gaps up to here are dropped. */
  toText(compactedRevision: number): string {
    this.#gaps = this.#gaps.filter(({ next }) => next > compactedRevision);
    return JSON.stringify(this.#gaps);
  }
}

/** One changed record, with its full text before and after. */
export interface JournaledChange extends RecordKey {
  cause: Cause;
  /** Previous revision of the record; 0 if the journal has none. */
  previous: number;
  /** Previous revision of the service; 0 if the journal has none. */
  servicePrevious: number;
  before: string | null;
  after: string | null;
  /** Number of watches that were notified; absent if there were none. */
  watchers?: number | undefined;
  /** Renewals until then, for an instance that became unhealthy or was removed. */
  renewals?: JournaledRenewals | undefined;
}

/** Encodes a change as JSON. The texts of records are already JSON, and are inserted unchanged. */
function encodeChange(change: JournaledChange): string {
  const { kind, group, service, id, cause, previous, servicePrevious, before, after, watchers, renewals } = change;
  const facts = { kind, group, service, id, cause, previous, servicePrevious, watchers, renewals };
  const head = JSON.stringify(facts).slice(0, -1);
  return `${head},"before":${before},"after":${after}}`;
}

/** Encodes the changes of a revision as one or more JSON arrays, each small enough for a row. */
export function encodeParts(changes: readonly JournaledChange[]): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  let bytes = 1;
  for (const change of changes) {
    const text = encodeChange(change);
    // Includes the comma or bracket after it. A revision of one change has one part, whatever its size.
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

/** Decodes a part of an entry. Its records become texts again, as they are kept everywhere else. */
export function decodeChanges(part: string): JournaledChange[] {
  const changes = JSON.parse(part) as StoredChange[]; // `as`: only encodeParts writes these texts
  return changes.map((change) => ({ ...change, before: textOf(change.before), after: textOf(change.after) }));
}

/** A change as parsed from JSON: with records as objects, not texts. */
type StoredChange = Omit<JournaledChange, 'before' | 'after'> & { before: object | null; after: object | null };

function textOf(record: object | null): string | null {
  return record === null ? null : JSON.stringify(record);
}

/** Returns whether a change is of this record. */
export function isOf(change: JournaledChange, key: RecordKey): boolean {
  return (
    change.kind === key.kind && change.id === key.id && change.service === key.service && change.group === key.group
  );
}
