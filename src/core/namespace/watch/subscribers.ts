import { quote, RegistryError } from '../../../model/errors';
import { CLOSE_CODES } from '../../../model/frames';
import type { ServiceKey } from '../../../model/namespace-api';
import type { BlindReaders, SubscriberView } from '../../../model/subscriber';
import type { Connection, ConnectionMemory, WatchMemory } from '../../platform/connection';
import type { Journal } from '../commit/journal';
import { recentPlainReads } from '../records/catalog-entries';
import { notePoller, type Readers } from '../turn/turn';
import type { Poller } from './pollers';
import type { Receipts } from './receipts';
import { soleServiceOf } from './watch-scope';
import type { OpenSockets, PollerState, Watches, WatchState } from './watch-state';
import type { Peer, Watcher } from './watcher';

/**
 * The subscribers of a service: streams and sockets that watch it, and named pollers. A pending poll is also a watch: it
 * waits for the first change of what it reads, and its poller comes back for the rest. The cursor that a poller comes back
 * with shows what it has; frames do not.
 */

function isPoll({ connection }: Peer): boolean {
  return connection.memory.kind === 'poll';
}

/**
 * Closes earlier polls of a subscriber under the same name: their client has most likely left, which nothing else shows.
 *
 * @param name Name of the watch.
 */
export function supersedePolls(hub: Watches & Pick<OpenSockets, 'dismiss'>, peer: Peer, name: string): void {
  const { subscriber, caller } = peer.connection.memory;
  if (!isPoll(peer) || subscriber === '') return;
  for (const other of hub.watchersBy(subscriber)) {
    if (other.peer === peer || !isPoll(other.peer) || other.name !== name) continue;
    if (other.peer.connection.memory.caller.tokenId !== caller.tokenId) continue;
    hub.dismiss(other.peer.connection, CLOSE_CODES.superseded, 'the same subscriber started this poll again');
  }
}

/** Records the poller of a pending poll: it is live, and has everything up to where the poll began. */
function notePollUnderWay(readers: Readers, { peer, memory }: Watcher, now: number): void {
  noteWatch(readers, peer.connection.memory, memory, now);
}

/**
 * Gives the pollers of a closed connection a while to come back. It reads the connection's memory, as after a sleep nothing
 * else knows of them.
 */
export function notePollsEnded(readers: Readers, { memory }: Connection, now: number): void {
  for (const watch of memory.watches) noteWatch(readers, memory, watch, now);
}

/** Records the poller of a watch. Polls that are anonymous, or about more than one service, have none. */
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

/** Returns the live subscribers of a service, for which drains wait. */
export function subscribersOf(
  state: PollerState,
  watches: Watches,
  key: ServiceKey,
  now: number,
): (Watcher | Poller)[] {
  return followersOf(state, watches, key, now).filter((each) => !isObserver(each));
}

function isObserver(follower: Watcher | Poller): boolean {
  return 'peer' in follower && follower.memory.observer === true;
}

/** Returns the live subscribers and observers of a service. */
function followersOf(state: PollerState, watches: Watches, key: ServiceKey, now: number): (Watcher | Poller)[] {
  const watchers = [...watches.watchersOf(key)];
  for (const watcher of watchers) notePollUnderWay(state, watcher, now);
  return [...watchers.filter(({ peer }) => !isPoll(peer)), ...state.receipts.pollersOf(key, now)];
}

/** Returns the live subscribers and observers of a service as answers show them, with the lag of each. */
export function subscriberViews(state: PollerState, watches: Watches, key: ServiceKey, now: number): SubscriberView[] {
  const changedAt = state.catalog.service(key)?.revision ?? 0;
  const lag = (sent: number) => Math.max(0, changedAt - sent);
  return followersOf(state, watches, key, now)
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
        ...(isObserver(each) && { observer: true }),
      };
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * Counts the readers of a service that can't acknowledge, and bounds how long they may use what they have read.
 *
 * @param sharedUntil Time until which copies that several readers share may be used, on the namespace's axis.
 */
export function blindReaders(
  { catalog, readerHolds }: Pick<WatchState, 'catalog' | 'readerHolds'>,
  key: ServiceKey,
  sharedUntil: number,
  now: number,
): BlindReaders {
  const service = catalog.service(key);
  const cachedMs = Math.max(0, (service?.keptUntil ?? 0) - now);
  const unknown = readerHolds.unknownAt(now);
  const blind: Record<string, number> = {};
  if (cachedMs > 0) blind.cached = service?.keptCount ?? 0;
  const plain = service === undefined ? 0 : recentPlainReads(service.plainReads, now);
  if (plain > 0) blind.plain = plain;
  return {
    blind,
    ...(unknown.kinds.length > 0 && { unknown: unknown.kinds }),
    safeAfterMs: Math.max(cachedMs, unknown.safeAfterMs, sharedUntil - now),
  };
}

/**
 * Records that a subscriber has everything up to a cursor, on all of its streams. Only the token that
 * opened a stream may acknowledge it: otherwise anyone who can read the subscriber's name could end the wait of a drain.
 *
 * @throws {RegistryError} `COMPACTED` for a cursor outside of the retained history; `FORBIDDEN` for the streams of others.
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
      `the cursor ${quote(cursor)} is not in this namespace's retained history; acknowledge the one you received last`,
    );
  }
  const watchers = watches.watchersBy(subscriber);
  const own = watchers.filter(({ peer }) => peer.connection.memory.caller.tokenId === tokenId);
  if (own.length === 0 && watchers.length > 0) {
    throw new RegistryError(
      'FORBIDDEN',
      `the streams of subscriber ${quote(subscriber)} were opened with a token other than ${quote(tokenId)}; acknowledge with the token that opened them`,
    );
  }
  for (const watcher of own) receipts.acknowledge(watcher, position.revision);
}
