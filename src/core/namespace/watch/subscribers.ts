import { quote, RegistryError } from '../../../model/errors';
import { CLOSE_CODES } from '../../../model/frames';
import type { ServiceKey } from '../../../model/namespace-api';
import type { SubscriberView } from '../../../model/subscriber';
import type { Connection, ConnectionMemory, WatchMemory } from '../../platform/connection';
import type { Journal } from '../commit/journal';
import { notePoller, type Readers } from '../turn/turn';
import type { Poller } from './pollers';
import type { Receipts } from './receipts';
import { soleServiceOf } from './watch-scope';
import type { OpenSockets, PollerState, Watches } from './watch-state';
import type { Peer, Watcher } from './watcher';

/**
 * The subscribers of a service: streams and sockets that watch it, and pollers that name themselves. A poll that is under
 * way is a watch, too: it waits for the first change of what it reads, and its poller comes back for the rest. What a
 * poller has is known from what it comes back with, and not from frames.
 */

function isPoll({ connection }: Peer): boolean {
  return connection.memory.kind === 'poll';
}

/**
 * Closes earlier polls of the same by the same subscriber: their client has most likely left, which shows nowhere.
 *
 * @param name Of what is polled: the name of the watch.
 */
export function supersedePolls(hub: Watches & Pick<OpenSockets, 'dismiss'>, peer: Peer, name: string): void {
  const { subscriber, caller } = peer.connection.memory;
  if (!isPoll(peer) || subscriber === '') return;
  for (const other of hub.watchersBy(subscriber)) {
    if (other.peer === peer || !isPoll(other.peer) || other.name !== name) continue;
    if (other.peer.connection.memory.caller.tokenId !== caller.tokenId) continue;
    hub.dismiss(other.peer.connection, CLOSE_CODES.superseded, 'the same subscriber polls the same anew');
  }
}

/** Records the poller of a poll that is under way: it is live, and has everything up to where the poll began. */
function notePollUnderWay(readers: Readers, { peer, memory }: Watcher, now: number): void {
  noteWatch(readers, peer.connection.memory, memory, now);
}

/**
 * Gives the pollers behind a connection that is gone a while to come back. It reads what the connection remembers, as
 * after a sleep nothing else knows of them.
 */
export function notePollsEnded(readers: Readers, { memory }: Connection, now: number): void {
  for (const watch of memory.watches) noteWatch(readers, memory, watch, now);
}

/** Polls that are anonymous, or that ask about more than one service, have no poller to record. */
function noteWatch(
  readers: Readers,
  { kind, subscriber, caller }: ConnectionMemory,
  { scope, acknowledged = 0 }: WatchMemory,
  now: number,
): void {
  const service = soleServiceOf(scope);
  if (kind !== 'poll' || subscriber === '' || service === undefined) return;
  const name = { subscriber, tokenId: caller.tokenId, address: caller.address };
  notePoller(readers, name, service, { acknowledged, sent: acknowledged }, now);
}

/** Returns the live subscribers of a service. */
export function subscribersOf(
  state: PollerState,
  watches: Watches,
  key: ServiceKey,
  now: number,
): (Watcher | Poller)[] {
  const watchers = [...watches.watchersOf(key)];
  for (const watcher of watchers) notePollUnderWay(state, watcher, now);
  return [...watchers.filter(({ peer }) => !isPoll(peer)), ...state.receipts.pollersOf(key, now)];
}

/** Returns the live subscribers of a service as answers show them, with how far each is. */
export function subscriberViews(state: PollerState, watches: Watches, key: ServiceKey, now: number): SubscriberView[] {
  const changedAt = state.catalog.service(key)?.revision ?? 0;
  const lag = (sent: number) => Math.max(0, changedAt - sent);
  return subscribersOf(state, watches, key, now)
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
 * Notes that a subscriber has everything up to a cursor, on all of its streams. Only the token that
 * opened a stream may: any reader of the name could end the wait of a drain otherwise.
 *
 * @throws {RegistryError} `COMPACTED` for a cursor that is not in the kept past; `FORBIDDEN` for the streams of others.
 */
export function acknowledge(
  { journal, receipts }: { journal: Pick<Journal, 'position'>; receipts: Pick<Receipts, 'acknowledge'> },
  watches: Watches,
  { subscriber, cursor, tokenId }: { subscriber: string; cursor: string; tokenId: string },
): void {
  const position = journal.position(cursor);
  if (position === undefined) {
    throw new RegistryError(
      'COMPACTED',
      `the cursor ${quote(cursor)} is not one of this namespace's kept past; acknowledge the one you were sent last`,
    );
  }
  const watchers = watches.watchersBy(subscriber);
  const own = watchers.filter(({ peer }) => peer.connection.memory.caller.tokenId === tokenId);
  if (own.length === 0 && watchers.length > 0) {
    throw new RegistryError(
      'FORBIDDEN',
      `the streams of subscriber ${quote(subscriber)} were opened by another token than ${quote(tokenId)}; acknowledge with that one`,
    );
  }
  for (const watcher of own) receipts.acknowledge(watcher, position.revision);
}
