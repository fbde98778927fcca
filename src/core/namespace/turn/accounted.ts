import type { Audit, AuditNote } from '../../../model/audit';
import { isRefusal, RegistryError } from '../../../model/errors';
import type { LogGate } from '../../../model/log';
import type { Platform } from '../../platform/platform';

/** Where acts of operators are accounted for, and refusals logged. */
export interface Accounts {
  platform: Pick<Platform, 'audit' | 'clock' | 'log'>;
  /** Lets through so many lines about refusals a second. */
  refusals: LogGate;
}

/**
 * Does something with an operator's power: it is written down before it is done, and how it ended after. What can't be
 * accounted for is not done. What changed nothing leaves no entry, or a token could push out the entries of others with
 * it; a refusal is in the log instead.
 *
 * @param act Is given what to call once it has changed something.
 * @throws {RegistryError} `UNAVAILABLE` where it can't be written down; else what `act` throws.
 */
export async function accounted<Outcome>(
  { platform, refusals }: Accounts,
  note: AuditNote,
  act: (changed: () => void) => Promise<Outcome>,
): Promise<Outcome> {
  const { audit, clock, log } = platform;
  const id = await begin(audit, note);
  let isUnchanged = true;
  const changed = () => {
    isUnchanged = false;
  };
  try {
    const outcome = await act(changed);
    audit.end(id, isUnchanged ? { isUnchanged } : {});
    return outcome;
  } catch (error) {
    // Where the outcome is unknown the entry stays begun, and the journal knows.
    if (!isRefusal(error)) throw error;
    // A later step of the same act may have been refused: the first one stands.
    audit.end(id, isUnchanged ? { code: error.code } : {});
    const leftOut = refusals.admit(clock.now());
    if (leftOut !== undefined) {
      log('warn', 'an act of an operator was refused', { ...note, code: error.code, leftOut: leftOut || undefined });
    }
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
