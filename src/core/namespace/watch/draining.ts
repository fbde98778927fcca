import type { InstanceKey } from '../../../model/batch';
import { quote, RegistryError } from '../../../model/errors';
import { type JsonText, jsonText } from '../../../model/json-text';
import type { Answer, Caller, ServiceKey } from '../../../model/namespace-api';
import type { DrainReport } from '../../../model/queries';
import type { SubscriberView } from '../../../model/subscriber';
import { timestamp } from '../../../model/timestamp';
import { mayChange } from '../access/ownership';
import { drain } from '../commands/drain';
import { endWaits, sweep } from '../leases/sweep';
import { recentPlainReads } from '../records/plain-reads';
import { change } from '../turn/turn';
import type { Hub } from './hub';
import type { Poller } from './pollers';
import { isPoll, notePollUnderWay } from './polls';
import type { BarrierOutcome } from './receipts';
import type { WatchState } from './watch-state';
import type { Watcher } from './watcher';

/**
 * Takes an instance out, waits until every live subscriber of its service has acknowledged that, and then removes it.
 * The wait ends with its time, and the answer names who has not acknowledged; the removal is written down before the
 * wait begins, so it happens even if nobody is left to wait.
 *
 * @param changed Is called where it changes anything.
 */
export async function drainAndWait(
  state: WatchState,
  hub: Hub,
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
        const subscribers = subscribersOf(state, hub, key, draft.now);
        const mostMs = subscribers.length > 0 ? waitMs : 0;
        drain(draft, caller, key, mostMs + graceMs);
        return subscribers;
      },
      answer: (subscribers, { now }) => {
        // Where it was draining already, its subscribers may have acknowledged that long ago.
        const revision = state.catalog.instance(key)?.revision ?? state.journal.revision;
        const outcome = state.receipts.wait(key, revision, subscribers, now + waitMs);
        endWaits(state, key, now);
        // What is shared from now on is without it.
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
        // Meanwhile it may have gone, and come back as somebody else's.
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
        // Where nobody was waited for and there is no grace, the end of the drain is due already.
        sweep(state, now, state.catalog.service(key));
        return { cursor: state.journal.cursor, body };
      },
    },
    changed,
  );
}

/** Live subscribers of a service: streams and sockets that watch it, and pollers that name themselves. */
function subscribersOf(state: WatchState, hub: Hub, key: ServiceKey, now: number): (Watcher | Poller)[] {
  const watchers = [...hub.watchersOf(key)];
  for (const watcher of watchers) notePollUnderWay(state, watcher, now);
  return [...watchers.filter(({ peer }) => !isPoll(peer)), ...state.receipts.pollersOf(key, now)];
}

function report(
  state: WatchState,
  key: InstanceKey,
  { outcome, drainEndsAt, sharedUntil }: { outcome: BarrierOutcome; drainEndsAt: number; sharedUntil: number },
  now: number,
): JsonText<DrainReport> {
  const { subscribers, acknowledged, laggards } = outcome;
  const service = state.catalog.service(key);
  const keptMs = Math.max(0, (service?.keptUntil ?? 0) - now);
  const unknown = state.readerHolds.unknownAt(now);
  const blind: Record<string, number> = {};
  if (keptMs > 0) blind.cached = service?.keptCount ?? 0;
  const plain = service === undefined ? 0 : recentPlainReads(service.plainReads, now);
  if (plain > 0) blind.plain = plain;
  return jsonText({
    drained: laggards.length === 0,
    acknowledged,
    subscribers,
    laggards,
    blind,
    ...(unknown.kinds.length > 0 && { unknown: unknown.kinds }),
    safeAfterMs: Math.max(keptMs, unknown.safeAfterMs, sharedUntil - now),
    removedAt: timestamp(state.time.clockAt(drainEndsAt)),
  });
}

/** Who watches a service, and how far each is. */
export function subscriberViews(state: WatchState, hub: Hub, key: ServiceKey, now: number): SubscriberView[] {
  const changedAt = state.catalog.service(key)?.revision ?? 0;
  const lag = (sent: number) => Math.max(0, changedAt - sent);
  return subscribersOf(state, hub, key, now)
    .map((each): SubscriberView => {
      if (!('peer' in each)) {
        const { subscriber, address, sentRevision, acknowledgedRevision } = each;
        return { id: subscriber, kind: 'poll', address, sentRevision, acknowledgedRevision, lag: lag(sentRevision) };
      }
      const { subscriber, kind, caller } = each.peer.connection.memory;
      const sentRevision = each.isLive ? Math.max(each.position, changedAt) : each.position;
      const { acknowledgedRevision } = each;
      return {
        id: subscriber,
        kind,
        address: caller.address,
        sentRevision,
        acknowledgedRevision,
        lag: lag(sentRevision),
      };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Notes that a subscriber has everything up to a cursor, on all of its streams. Only the token that opened a stream tells
 * that: whoever can read a name could end the wait of a drain with it.
 *
 * @throws {RegistryError} `COMPACTED` for a cursor that is not in the kept past; `FORBIDDEN` for the streams of others.
 */
export function acknowledge(
  { journal, receipts }: WatchState,
  hub: Hub,
  tokenId: string,
  subscriber: string,
  cursor: string,
): void {
  const position = journal.position(cursor);
  if (position === undefined) {
    throw new RegistryError(
      'COMPACTED',
      `the cursor ${quote(cursor)} is not one of this namespace's kept past; acknowledge the one you were sent last`,
    );
  }
  const watchers = hub.watchersBy(subscriber);
  const own = watchers.filter(({ peer }) => peer.connection.memory.caller.tokenId === tokenId);
  if (own.length === 0 && watchers.length > 0) {
    throw new RegistryError(
      'FORBIDDEN',
      `the streams of subscriber ${quote(subscriber)} were opened by another token than ${quote(tokenId)}; acknowledge with that one`,
    );
  }
  for (const watcher of own) receipts.acknowledge(watcher, position.revision);
}
