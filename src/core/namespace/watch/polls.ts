import { CLOSE_CODES } from '../../../model/frames';
import type { Connection, ConnectionMemory, WatchMemory } from '../../platform/connection';
import { notePoller, type Readers } from '../turn/note-poller';
import type { Hub } from './hub';
import type { Peer, Watcher } from './watcher';

/**
 * Polls that are under way are watches of a kind: each waits for the first change of what it reads, and whoever polls
 * comes back for the rest. What a poller has is known from what it comes back with, and not from frames.
 */

export function isPoll({ connection }: Peer): boolean {
  return connection.memory.kind === 'poll';
}

/**
 * A new poll of the same by the same subscriber takes the place of the one before, whose client has most likely left
 * without a word: nobody notices that.
 *
 * @param name Of what is polled: the name of the watch.
 */
export function supersedePolls(hub: Hub, peer: Peer, name: string): void {
  const { subscriber, caller } = peer.connection.memory;
  if (!isPoll(peer) || subscriber === '') return;
  for (const other of hub.watchersBy(subscriber)) {
    if (other.peer === peer || !isPoll(other.peer) || other.name !== name) continue;
    if (other.peer.connection.memory.caller.tokenId !== caller.tokenId) continue;
    hub.dismiss(other.peer.connection, CLOSE_CODES.superseded, 'the same subscriber polls the same anew');
  }
}

/** Records the poller of a poll that is under way: it is live, and has everything up to where the poll began. */
export function notePollUnderWay(readers: Readers, { peer, memory }: Watcher, now: number): void {
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
  const [service, ...more] = scope.services;
  if (kind !== 'poll' || subscriber === '' || service === undefined) return;
  if (more.length > 0 || scope.groups.length > 0) return;
  const name = { subscriber, tokenId: caller.tokenId, address: caller.address };
  notePoller(readers, name, service, { acknowledged, sent: acknowledged }, now);
}
