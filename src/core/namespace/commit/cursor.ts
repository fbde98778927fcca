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
