import { encodeCursor } from '../../../model/cursor';
import type { Journal } from './journal';

/** Returns the cursor of a revision. That of a compacted one shows its revision, and no reader resumes from there. */
export function cursorOf(journal: Journal, revision: number): string {
  return journal.cursorAt(revision) ?? encodeCursor({ epoch: journal.epoch, revision, check: 0 });
}
