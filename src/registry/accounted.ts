import type { Audit, AuditNote } from '../model/audit';
import { RegistryError } from '../model/errors';

/**
 * Does something with an operator's power: it is written down before it is done, and how it ended after. What can't be
 * accounted for is not done.
 *
 * @throws {RegistryError} `UNAVAILABLE` where it can't be written down; else what `act` throws.
 */
export async function accounted<Outcome>(audit: Audit, note: AuditNote, act: () => Promise<Outcome>): Promise<Outcome> {
  const id = await begin(audit, note);
  try {
    const outcome = await act();
    audit.end(id, {});
    return outcome;
  } catch (error) {
    // Of an unknown outcome nothing is told: the entry stays begun, and the journal knows.
    const isKnown = error instanceof RegistryError && error.code !== 'UNAVAILABLE' && error.code !== 'INTERNAL';
    if (isKnown) audit.end(id, { code: error.code });
    throw error;
  }
}

async function begin(audit: Audit, note: AuditNote): Promise<number> {
  try {
    return await audit.begin(note);
  } catch (cause) {
    throw new RegistryError(
      'UNAVAILABLE',
      'this could not be written down in the audit trail, so it was not done; try again',
      { retryAfterSeconds: 1 },
      { cause },
    );
  }
}
