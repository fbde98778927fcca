import type { EntryRollbackReport } from '../../../model/entry-past';
import { intervalText } from '../../../model/entry-past';
import { RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import type { KeyInterval } from '../../../model/key-interval';
import { ENTRY_ROLLBACK_MAX_BYTES, ENTRY_ROLLBACK_MAX_COUNT } from '../../../model/limits';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { PointInTime } from '../../../model/query-values';
import type { Draft } from '../commit/draft';
import { type Entry, isHeld, isSynthetic, type WholeEntry } from '../entries/entry';
import { withAuditEntry } from '../turn/operator-audit';
import { change, lacksRoom, turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { EntryPast, type PastEntries } from './entry-past';
import { momentOf, momentView } from './moment';

/** The changes that a rollback made. */
type RolledBack = Pick<EntryRollbackReport, 'restored' | 'deleted' | 'held'>;

/** Restores the entries of an interval as they were at an earlier moment. The route has checked that the caller may. */
export async function rollBackEntries(
  state: TurnState,
  caller: Caller,
  { interval, to }: { interval: KeyInterval; to: PointInTime },
): Promise<Answer<EntryRollbackReport>> {
  const { journal, time } = state;
  const present = await turn(state, undefined, () => ({ revision: journal.revision, now: time.stamp() }));
  const moment = momentOf(journal, to, present.revision, present.now);
  const past = new EntryPast(state, interval, moment.revision);
  const { tokenId: actor, address } = caller;
  const detail = `to revision ${moment.revision}, ${to}`;
  const note = { action: 'rolled-back', actor, address, target: intervalText(interval), detail } as const;
  return withAuditEntry(state, note, async (changed) => {
    for (;;) {
      await past.find();
      while (lacksRoom(state)) await state.pipeline.settled();
      const answer = await change(
        state,
        caller,
        {
          scope: undefined,
          decide: (draft) => {
            // Entries that have changed meanwhile are found first. Each is found once, so this ends.
            const then = past.now();
            return then && rollBack(draft, caller, then);
          },
          answer: (done, draft) => {
            const { cursor, revision } = journal;
            const made = draft.isEmpty ? null : revision;
            return done && { cursor, body: jsonText({ to: momentView(moment), cursor, revision: made, ...done }) };
          },
        },
        changed,
      );
      if (answer !== undefined) return answer;
    }
  });
}

/** An entry that has changed: as it was, and as it is. */
interface Ends {
  key: string;
  then: Entry | undefined;
  today: Entry | undefined;
}

/**
 * Puts the value and the type that entries had, and deletes those that did not exist. If everything is already as it was,
 * nothing changes, so a rollback may be repeated.
 */
function rollBack(draft: Draft, caller: Caller, then: PastEntries): RolledBack {
  const { changed, held } = changedEntries(draft, then);
  assertBounded(changed);
  const values = new Map<string, WholeEntry>();
  const earlier = changed.flatMap(({ then: entry }) => entry ?? []);
  for (const entry of then.wholeInOrderOfJournal(earlier)) values.set(entry.key, entry);
  const done = { restored: 0, deleted: 0, held };
  for (const { key, today } of changed) {
    const entry = values.get(key);
    if (entry === undefined) {
      draft.entries.delete(key, 'rolled-back');
      done.deleted += 1;
    } else if (today === undefined || !isSame(draft, today, entry)) {
      const { contentType, flags } = entry.facts ?? {};
      const facts = { actor: caller.tokenId, contentType, flags };
      draft.entries.put(key, { value: entry.value, lease: null, facts }, 'rolled-back');
      done.restored += 1;
    }
  }
  return done;
}

/**
 * Returns the entries that have changed since a moment, by key, without those that a lease holds or has locked, or held then. A
 * synthetic one counts as none: it follows from its instance.
 */
function changedEntries({ entries }: Draft, past: PastEntries): { changed: Ends[]; held: number } {
  const changed: Ends[] = [];
  let held = 0;
  for (const key of [...past.changedKeys()].sort()) {
    const [then, today] = [realOf(past.get(key)), entries.real(key)];
    if (then === undefined && today === undefined) continue;
    // A past lock protects nothing any more; to delete an entry under its present one would admit a second holder.
    const isLeft = (then?.lease ?? null) !== null || (today !== undefined && isHeld(today));
    if (isLeft) held += 1;
    else changed.push({ key, then, today });
  }
  return { changed, held };
}

const realOf = (entry: Entry | undefined): Entry | undefined =>
  entry === undefined || isSynthetic(entry) ? undefined : entry;

/** @throws {RegistryError} `LIMIT_EXCEEDED` for more than one revision should have. */
function assertBounded(changed: readonly Ends[]): void {
  assertAtMost(changed.length, ENTRY_ROLLBACK_MAX_COUNT, 'entries that have changed');
  const sum = (sizes: number[]) => sizes.reduce((total, size) => total + size, 0);
  const bytes = 'bytes of values';
  assertAtMost(sum(changed.map(({ then }) => then?.size ?? 0)), ENTRY_ROLLBACK_MAX_BYTES, `${bytes} to restore`);
  assertAtMost(sum(changed.map(({ today }) => today?.size ?? 0)), ENTRY_ROLLBACK_MAX_BYTES, `${bytes} to replace`);
}

function assertAtMost(found: number, most: number, what: string): void {
  if (found <= most) return;
  const message = `this rollback has ${found} ${what}, more than the maximum of ${most}; roll back fewer keys at a time, by longer prefixes`;
  throw new RegistryError('LIMIT_EXCEEDED', message);
}

function isSame(draft: Draft, today: Entry, then: WholeEntry): boolean {
  if (today.size !== then.size || today.facts?.contentType !== then.facts?.contentType) return false;
  if (today.facts?.flags !== then.facts?.flags) return false;
  const value = draft.entries.valueOf(today);
  return value.every((byte, index) => byte === then.value[index]);
}
