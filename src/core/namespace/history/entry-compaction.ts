import type { EntryCompaction, EntryCompactionReport } from '../../../model/entry-compaction';
import { RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import type { Answer, Caller } from '../../../model/namespace-api';
import { scheduleCompaction } from '../commit/commit';
import { completeFrom } from '../commit/entry-floor';
import { withAuditEntry } from '../turn/operator-audit';
import { type OnDecided, turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';

/**
 * Compacts the history of entries at a revision: one row, which is durable before the answer. What it makes unreadable is
 * removed by the alarm, in slices. The route has checked that the caller may.
 */
export function compactEntries(
  state: TurnState,
  caller: Caller,
  { revision }: EntryCompaction,
  decided?: OnDecided,
): Promise<Answer<EntryCompactionReport>> {
  const { tokenId: actor, address } = caller;
  const note = {
    action: 'entries-compacted',
    actor,
    address,
    target: 'kv',
    detail: `at revision ${revision}`,
  } as const;
  const compact = (changed: () => void) => (now: number) => {
    const { journal, pipeline } = state;
    assertCompactable(state, revision);
    pipeline.assertStorable();
    pipeline.enqueue(journal.entries.compactAt(revision));
    changed();
    scheduleCompaction(state, now);
    const body = jsonText({ compactedRevision: revision });
    decided?.(body.length);
    return { cursor: journal.cursor, body };
  };
  return withAuditEntry(state, note, (changed) => turn(state, undefined, compact(changed), caller.tokenId));
}

/** @throws {RegistryError} `COMPACTED`, or `INVALID_REQUEST` for a revision that does not exist yet. */
function assertCompactable({ journal }: TurnState, revision: number): void {
  if (revision > journal.revision) {
    const message = `the revision ${revision} is in the future; the newest one is ${journal.revision}`;
    throw new RegistryError('INVALID_REQUEST', message, {
      errors: [{ path: 'revision', message: 'is in the future' }],
    });
  }
  const compactedRevision = completeFrom(journal);
  if (revision > compactedRevision) return;
  const message = `the history of entries is compacted at revision ${compactedRevision}, and so already at ${revision}`;
  throw new RegistryError('COMPACTED', message, { compactedRevision });
}
