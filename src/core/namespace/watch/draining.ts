import type { InstanceKey } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import { type JsonText, jsonText } from '../../../model/json';
import type { Answer, Caller } from '../../../model/namespace-api';
import type { DrainReport } from '../../../model/queries';
import { timestamp } from '../../../model/timestamp';
import { mayChange } from '../access/ownership';
import { cancelDrain, drain } from '../commands/deregister';
import { endWaits, sweep } from '../leases/expiry';
import { change } from '../turn/turn';
import type { BarrierOutcome, DrainWait } from './receipts';
import { blindReaders, subscribersOf } from './subscribers';
import type { Watches, WatchState } from './watch-state';

/**
 * Takes an instance out of traffic, waits until every live subscriber of its service has acknowledged that, and then removes
 * it. After `waitMs` the wait ends, and the answer names the subscribers that have not acknowledged. The removal is stored
 * before the wait begins, so it happens even if the caller disconnects, unless {@link cancelDrains} prevents it.
 *
 * @param changed Called if it changes anything.
 * @throws {RegistryError} `CONFLICT` if the drain is cancelled; otherwise as `drain` does.
 */
export async function drainAndWait(
  state: WatchState,
  watches: Watches,
  { key, waitMs, graceMs }: { key: InstanceKey; waitMs: number; graceMs: number },
  caller: Caller,
  changed?: () => void,
): Promise<Answer<DrainReport>> {
  let wait: DrainWait | undefined;
  try {
    const { isAwaited, sharedUntil, ...begun } = await change(
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
          wait = state.receipts.wait(key, revision, subscribers, now + waitMs);
          endWaits(state, key, now);
          // Copies that are shared from now on don't include it.
          return { wait, isAwaited: subscribers.length > 0, sharedUntil: state.readerHolds.sharedUntil };
        },
      },
      changed,
    );
    const outcome = await begun.wait.outcome;
    return await change(
      state,
      caller,
      {
        scope: key,
        decide: (draft) => {
          if (begun.wait.cancelledBy !== undefined) throw cancelled(key, begun.wait.cancelledBy);
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
  } finally {
    if (wait !== undefined) state.receipts.answered(wait);
  }
}

function cancelled({ group, service, id }: InstanceKey, tokenId: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `the drain of the instance ${quote(id)} of service ${quote(service)} in group ${quote(group)} was cancelled by ${quote(tokenId)}, so the instance is not removed; drain it again to take it out of traffic`,
  );
}

/**
 * Cancels the drains of an instance before its removal: it is as it was before, and callers that wait for one of its drains
 * get `CONFLICT`. Changes nothing if the instance is not draining.
 *
 * @param changed Called if it changes anything.
 */
export function cancelDrains(
  state: WatchState,
  key: InstanceKey,
  caller: Caller,
  changed?: () => void,
): Promise<{ cursor: string }> {
  return change(
    state,
    caller,
    {
      scope: key,
      decide: (draft) => cancelDrain(draft, caller, key),
      answer: (isCancelled) => {
        if (isCancelled) state.receipts.cancel(key, caller.tokenId);
        return { cursor: state.journal.cursor };
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
