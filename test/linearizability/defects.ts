import { replaceOnce } from '../programs/changed-resident';

/** A defect that a change of the core could introduce, as changes of the resident host's built program. */
export interface Defect {
  name: string;
  changes: [place: string | RegExp, instead: string][];
}

/** Defects that each break the total order of operations in a different way. */
export const DEFECTS: readonly Defect[] = [
  {
    name: 'stale read: a list is reused after a small change of its service',
    changes: [['?.revision === service.revision ?', '?.revision > service.revision - 8 ?']],
  },
  {
    name: 'lost update: changes after the cursor of a condition are overwritten',
    changes: [['current.revision === 0 || current.revision >', 'current.revision === 0 || Number.NaN >']],
  },
  {
    name: 'reused revision: a wake forgets that the last one was used',
    changes: [
      [
        'this.#sizeUntil = sizeUntil ?? 0;',
        `this.#sizeUntil = sizeUntil ?? 0;
         this.#head.revision -= 1;
         storage.run('DELETE FROM journal WHERE revision = ?', revision);`,
      ],
    ],
  },
  {
    name: 'half-applied batch: only its first record is stored',
    changes: [['writeRecordRows(storage, rows);', 'writeRecordRows(storage, rows.slice(0, 1));']],
  },
  {
    name: 'lost compare: a transaction does not compare its first entry',
    changes: [['transaction.if.every(', 'transaction.if.slice(1).every(']],
  },
  {
    name: 'half-applied transaction: only its first entry is stored',
    changes: [['of entryRows)', 'of entryRows.slice(0, 1))']],
  },
  {
    name: 'stolen lock: an acquisition ignores the holder',
    changes: [[/throw heldByOther\(key, lock\d*\.lease\);(?=\s+const delayMs)/, '{}']],
  },
  {
    name: 'stuck lock: the end of a lease keeps its locks',
    changes: [['draft.entries.unlock(key, cause);', '{}']],
  },
  {
    name: 'ignored delay: a lock is free as soon as its lease has ended',
    changes: [['if (delayMs > 0) {', 'if (delayMs > Number.POSITIVE_INFINITY) {']],
  },
  {
    name: 'stale token: the next holder of a lock has the fencing token of the last one',
    changes: [
      [
        /\((lock\d*)\?\.index \?\? 0\) \+ 1, acquiredRevision: (?=revision)/,
        '($1?.index ?? 0) + 1, acquiredRevision: $1?.acquiredRevision ?? ',
      ],
    ],
  },
  {
    name: 'dirty read: a response is sent before its change is stored',
    changes: [
      ['return this.#waiting ?? this.#writing;', 'return undefined;'],
      [' : this.#write()', ' : new Promise((wake) => setTimeout(wake, 20)).then(() => this.#write())'],
    ],
  },
];

/**
 * Applies changes to the text of a program.
 *
 * @throws {Error} if a text is not found exactly once: the core has changed, and the list must follow.
 */
export function withChanges(program: string, changes: Defect['changes']): string {
  return changes.reduce((text, [place, instead]) => replaceOnce(text, place, instead), program);
}
