import type { InstanceKey } from '../../../model/batch';
import { type JsonText, jsonText } from '../../../model/json';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { DrainReport } from '../../../model/queries';
import { timestamp } from '../../../model/timestamp';
import { mayChange } from '../access/ownership';
import { drain } from '../commands/deregister';
import { endWaits, sweep } from '../leases/expiry';
import { change } from '../turn/turn';
import type { BarrierOutcome } from './receipts';
import { blindReaders, subscribersOf } from './subscribers';
import type { Watches, WatchState } from './watch-state';

/**
 * Takes an instance out of traffic, waits until every live subscriber of its service has acknowledged that, and then removes
 * it. After `waitMs` the wait ends, and the answer names the subscribers that have not acknowledged. The removal is stored
 * before the wait begins, so it happens even if the caller disconnects.
 *
 * @param changed Called if it changes anything.
 */
export async function drainAndWait(
  state: WatchState,
  watches: Watches,
  { key, waitMs, graceMs }: { key: InstanceKey; waitMs: number; graceMs: number },
  caller: Caller,
  changed?: () => void,
): Promise<Answer<DrainReport>> {
  const { waiting, isAwaited, sharedUntil } = await change(
    state,
    caller,
    {
      scope: key,
      decide: (draft) => {
        const subscribers = subscribersOf(state, watches, key, draft.now);
        const mostMs = subscribers.length > 0 ? waitMs : 0;
        drain(draft, caller, key, mostMs + graceMs);
        return subscribers;
      },
      answer: (subscribers, { now }) => {
        // If it was already draining, its subscribers may have acknowledged that long ago.
        const revision = state.catalog.instance(key)?.revision ?? state.journal.revision;
        const outcome = state.receipts.wait(key, revision, subscribers, now + waitMs);
        endWaits(state, key, now);
        // Copies that are shared from now on don't include it.
        const { sharedUntil } = state.readerHolds;
        return { waiting: outcome, isAwaited: subscribers.length > 0, sharedUntil };
      },
    },
    changed,
  );
  const outcome = await waiting;
  return change(
    state,
    caller,
    {
      scope: key,
      decide: (draft) => {
        const record = draft.instance(key)?.record;
        // Meanwhile it may have been removed, and registered again by another owner.
        if (record === undefined || !mayChange(caller, key, record.owner)) return undefined;
        const drainEndsAt = draft.now + graceMs;
        if (record.drainEndsAt === undefined || !isAwaited || record.drainEndsAt <= drainEndsAt) {
          return record.drainEndsAt;
        }
        if (graceMs === 0) draft.removeInstance(key, 'drained');
        else draft.putInstance(key, { ...record, drainEndsAt, changes: record.changes + 1 }, 'drained', false);
        return drainEndsAt;
      },
      answer: (drainEndsAt = state.time.now(), { now }) => {
        const body = report(state, key, { outcome, drainEndsAt, sharedUntil }, now);
        // If there was no subscriber to wait for and no grace period, the end of the drain is already due.
        sweep(state, now, state.catalog.service(key));
        return { cursor: state.journal.cursor, body };
      },
    },
    changed,
  );
}

function report(
  state: WatchState,
  key: InstanceKey,
  { outcome, drainEndsAt, sharedUntil }: { outcome: BarrierOutcome; drainEndsAt: number; sharedUntil: number },
  now: number,
): JsonText<DrainReport> {
  const { subscribers, acknowledged, laggards } = outcome;
  return jsonText({
    drained: laggards.length === 0,
    acknowledged,
    subscribers,
    laggards,
    ...blindReaders(state, key, sharedUntil, now),
    removedAt: timestamp(state.time.clockAt(drainEndsAt)),
  });
}
