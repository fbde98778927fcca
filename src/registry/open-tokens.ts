import { CLOSE_CODES } from '../model/frames';
import type { NamespaceState } from './state';
import type { Connection } from './watch/connection';
import type { Hub } from './watch/hub';
import { dueAt, hasExpired } from './watch/token-life';

/**
 * A socket lives longer than the look at its token that opened it. So it is closed when the token ends, and the
 * directory is asked now and then whether it still is one, since what the directory tells by itself may get lost.
 */

/** Closes a socket whose token has ended. Frames that are on their way are good for nothing, and its session runs out. */
export function dismissEnded(hub: Hub, connection: Connection): void {
  connection.memory.grants = [];
  hub.dismiss(connection, CLOSE_CODES.unauthorized, 'the token has ended; get another one');
}

/** Closes the sockets of tokens that have ended, at once. */
export function closeSocketsOf(hub: Hub, tokenIds: readonly string[]): void {
  const ended = new Set(tokenIds);
  for (const { connection } of hub.peers()) {
    if (ended.has(connection.memory.caller.tokenId)) dismissEnded(hub, connection);
  }
}

/** Closes the sockets of tokens that have expired, and asks about those that were not asked about for long. */
export async function attendTokens(state: NamespaceState, hub: Hub): Promise<void> {
  const clock = state.platform.clock.now();
  const due: Connection[] = [];
  for (const { connection } of hub.peers()) {
    if (hasExpired(connection.memory, clock)) dismissEnded(hub, connection);
    else if (dueAt(connection.memory) <= clock) due.push(connection);
  }
  // Whether or not the directory can be reached now: the next try is an interval later.
  for (const { memory } of due) memory.checkedAt = clock;
  const tokenIds = [...new Set(due.map(({ memory }) => memory.caller.tokenId))];
  const nextAt = Math.min(...hub.peers().map(({ connection }) => dueAt(connection.memory)));
  if (nextAt < Number.POSITIVE_INFINITY) state.agenda.set({ kind: 'sockets' }, state.time.whenClockShows(nextAt));
  if (tokenIds.length === 0) return;
  for (const connection of due) connection.remember();
  try {
    closeSocketsOf(hub, await state.platform.endedTokens(tokenIds));
  } catch (error) {
    state.platform.log('warn', 'the tokens of open sockets could not be checked', { error: String(error) });
  }
}
