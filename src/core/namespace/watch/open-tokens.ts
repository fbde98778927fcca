import { CLOSE_CODES } from '../../../model/frames';
import { SOCKET_TOKENS_CHECK_INTERVAL_MS, SOCKET_TOKENS_RETRY_MS } from '../../../model/limits';
import type { Connection } from '../../platform/connection';
import type { Hub } from './hub';
import { dueAt, hasExpired } from './token-life';
import type { WatchState } from './watch-state';

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
export async function attendTokens(state: WatchState, hub: Hub): Promise<void> {
  const clock = state.platform.clock.now();
  const due: Connection[] = [];
  for (const { connection } of hub.peers()) {
    if (hasExpired(connection.memory, clock)) dismissEnded(hub, connection);
    else if (dueAt(connection.memory) <= clock) due.push(connection);
  }
  // Noted before they are asked about, so that an alarm that comes meanwhile does not ask again.
  noteChecked(state, hub, due, clock);
  if (due.length === 0) return;
  try {
    const tokenIds = [...new Set(due.map(({ memory }) => memory.caller.tokenId))];
    closeSocketsOf(hub, await state.platform.endedTokens(tokenIds));
  } catch (error) {
    state.platform.log('warn', 'the tokens of open sockets could not be checked', { error: String(error) });
    noteChecked(state, hub, due, clock + SOCKET_TOKENS_RETRY_MS - SOCKET_TOKENS_CHECK_INTERVAL_MS);
  }
}

/** Notes when the tokens of sockets were checked, and when the next are due. */
function noteChecked(state: WatchState, hub: Hub, checked: readonly Connection[], at: number): void {
  for (const connection of checked) {
    connection.memory.checkedAt = at;
    connection.remember();
  }
  const nextAt = Math.min(...hub.peers().map(({ connection }) => dueAt(connection.memory)));
  if (nextAt < Number.POSITIVE_INFINITY) state.agenda.set({ kind: 'sockets' }, state.time.whenClockShows(nextAt));
}
