import type { Cause } from '../../../model/history';
import { JOURNAL_PART_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { JournaledRenewals } from '../records/record-kind';
import type { RecordKey } from '../records/records';

/** A position in the life of a namespace. */
export interface Position {
  /** Random id of the storage; another one means another past. */
  epoch: string;
  revision: number;
  /** 32 random bits of the commit, kept in its journal row: they tell a rewound storage from the one that was read. */
  check: number;
}

/** A cursor is the position in one word. Clients never look inside. */
export function encodeCursor({ epoch, revision, check }: Position): string {
  return `c${epoch}.${revision.toString(36)}.${check.toString(36)}`;
}

/** The position that a cursor names; undefined where the text is no cursor at all. */
export function decodeCursor(cursor: string): Position | undefined {
  const match = /^c([A-Za-z0-9_-]{1,32})\.([0-9a-z]{1,11})\.([0-9a-z]{1,7})$/.exec(cursor);
  if (match === null) return undefined;
  const [, epoch = '', revision = '', check = ''] = match;
  return { epoch, revision: Number.parseInt(revision, 36), check: Number.parseInt(check, 36) };
}

/** A gap between two epochs: no revision lies between the last of the one before and the first of the next. */
interface Gap {
  after: number;
  next: number;
}

/**
 * Where revisions jump. All that counts revisions asks here: to subtract two would count those that never were.
 */
export class RevisionGaps {
  #gaps: Gap[];

  /** @param text What {@link toText} gave; undefined where there is none yet. */
  constructor(text: string | undefined) {
    this.#gaps = text === undefined ? [] : (JSON.parse(text) as Gap[]); // `as`: only toText writes it
  }

  /** Leaves out what lies between two revisions, each newer than all before. */
  add(after: number, next: number): void {
    this.#gaps.push({ after, next });
  }

  /** The first revision after the newest gap: the one that began the epoch. Undefined where none is kept. */
  get newest(): number | undefined {
    return this.#gaps.at(-1)?.next;
  }

  /** Revisions that there are after one and up to another. */
  count(after: number, upTo: number): number {
    let count = upTo - after;
    for (const gap of this.#gaps) {
      count -= Math.max(0, Math.min(gap.next - 1, upTo) - Math.max(gap.after, after));
    }
    return count;
  }

  /** The revision, there or not, that `count` others come after, up to `head`. */
  before(head: number, count: number): number {
    let revision = head - count;
    for (const { after, next } of this.#gaps.toReversed()) {
      if (revision >= next - 1) break;
      revision -= next - 1 - after;
    }
    return revision;
  }

  /** @param compactedRevision Gaps up to here are of no use any more. */
  toText(compactedRevision: number): string {
    this.#gaps = this.#gaps.filter(({ next }) => next > compactedRevision);
    return JSON.stringify(this.#gaps);
  }
}

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

/** True if a change is one of this record. */
export function isOf(change: JournaledChange, key: RecordKey): boolean {
  return (
    change.kind === key.kind && change.id === key.id && change.service === key.service && change.group === key.group
  );
}
