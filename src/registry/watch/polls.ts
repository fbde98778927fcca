import { CLOSE_CODES } from '../../model/frames';
import type { Hub } from './hub';
import type { Receipts } from './receipts';
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

/** Takes a poll that is under way into the receipts: its poller is alive, and has everything up to where it began. */
export function notePollUnderWay(receipts: Receipts, watcher: Watcher, now: number): void {
  const poll = namedPoll(watcher);
  if (poll === undefined) return;
  const { acknowledgedRevision: has } = watcher;
  receipts.notePoll(poll, poll.service, has, has, now);
}

/** Gives the pollers behind a connection that is gone a while to come back. */
export function notePollsEnded(receipts: Receipts, peer: Peer, now: number): void {
  for (const watcher of peer.watchers.values()) {
    const poll = namedPoll(watcher);
    if (poll !== undefined) receipts.notePollEnded(poll, poll.service, now);
  }
}

/** Who polls one service by name; undefined where nobody has a name, or it is about more than one service. */
function namedPoll({ peer, scope }: Watcher) {
  const { subscriber, caller } = peer.connection.memory;
  const [service, ...more] = scope.services;
  if (!isPoll(peer) || subscriber === '' || service === undefined) return undefined;
  if (more.length > 0 || scope.groups.length > 0) return undefined;
  return { subscriber, tokenId: caller.tokenId, service, address: caller.address };
}
