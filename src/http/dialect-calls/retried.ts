import { hasCode, RegistryError } from '../../model/errors';
import { DIALECT_CHANGE_ATTEMPTS_MAX_COUNT } from '../../model/limits';

/**
 * Runs a change that reads first and then writes on the condition that nothing has changed, again after a conflict.
 *
 * @param what Names the changed record in the error.
 * @throws {RegistryError} `UNAVAILABLE` if others keep changing it, and the errors of the change.
 */
export async function retried<T>(what: string, change: () => Promise<T>): Promise<T> {
  for (let attempt = 0; attempt < DIALECT_CHANGE_ATTEMPTS_MAX_COUNT; attempt++) {
    try {
      return await change();
    } catch (error) {
      // Changed or removed in the meantime.
      if (!hasCode(error, 'REVISION_MISMATCH') && !isGone(error)) throw error;
    }
  }
  throw new RegistryError('UNAVAILABLE', `other clients keep changing ${what}; try again`);
}

/** Refusals of a dialect's own, for which the record is missing from the start, have a status of their own. */
const isGone = (error: unknown): boolean =>
  hasCode(error, 'INSTANCE_NOT_FOUND') && (error as RegistryError).details.dialectCode === undefined; // `as`: it has a code
