import type { Precondition } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import type { Journal } from './journal';

/**
 * Checks the precondition of a change.
 *
 * @param what The record or entry, for error messages.
 * @param current Its state; undefined if there is none. The revision is 0 if the same draft has changed it.
 * @throws {RegistryError} `REVISION_MISMATCH` if it does not hold.
 */
export function assertPrecondition(
  journal: Pick<Journal, 'position'>,
  what: string,
  current: { readonly revision: number } | undefined,
  { absent, revision, cursor }: Precondition,
): void {
  if (absent === true && current !== undefined) {
    throw mismatch(`the ${what} already exists; the precondition requires it to be absent`);
  }
  if (absent === false && current === undefined) {
    throw mismatch(`there is no ${what}; the precondition requires it to exist`);
  }
  if (revision !== undefined && current?.revision !== revision) {
    const found = current === undefined ? 'there is none' : `it has revision ${current.revision}`;
    throw mismatch(`the precondition requires the ${what} at revision ${revision}, but ${found}; read it and retry`);
  }
  if (cursor !== undefined) assertUnchanged(journal, what, current, cursor);
}

function assertUnchanged(
  journal: Pick<Journal, 'position'>,
  what: string,
  current: { readonly revision: number } | undefined,
  cursor: string,
): void {
  if (current === undefined) {
    throw mismatch(`there is no ${what}; the precondition requires it to be unchanged since the cursor`);
  }
  const position = journal.position(cursor);
  if (position === undefined) {
    throw mismatch(
      `the cursor ${quote(cursor)} is not in this namespace's retained history; read the ${what} again for a new one`,
    );
  }
  // What this draft has changed has no revision yet: it is newer than any cursor.
  if (current.revision === 0 || current.revision > position.revision) {
    throw mismatch(`the ${what} has changed since the cursor; read it and retry`);
  }
}

const mismatch = (message: string): RegistryError => new RegistryError('REVISION_MISMATCH', message);
