import type { Cause } from '../../../model/history';
import { readProperty, removeProperty, writeProperty } from '../../storage/schema';
import type { SqlStorage } from '../../storage/sql-storage';

/**
 * Property of a storage that was put in the place of another, and so begins a new epoch at its next wake. Whoever puts it
 * there sets this; its value is the cause.
 */
const MARK = 'new-epoch';

/** Marks a storage so that its next wake begins a new epoch. Runs where nobody is awake in it. */
export function markForNewEpoch(storage: SqlStorage): void {
  writeProperty(storage, MARK, 'restored' satisfies Cause);
}

/** Whether a storage's next wake begins a new epoch. */
export function isMarkedForNewEpoch(storage: SqlStorage): boolean {
  return readProperty(storage, MARK) !== undefined;
}

/** Takes the mark away. Runs inside the commit that begins the epoch. */
export function unmarkForNewEpoch(storage: SqlStorage): void {
  removeProperty(storage, MARK);
}
