import { ROOT } from '../../../auth/authenticator';
import { CLOSE_CODES } from '../../../model/frames';
import { SOCKET_TOKENS_CHECK_INTERVAL_MS, SOCKET_TOKENS_RETRY_MS } from '../../../model/limits';
import type { Connection, ConnectionMemory } from '../../platform/connection';
import type { StoredState } from '../commit/commit-state';
import type { OpenSockets } from './watch-state';

/**
 * A socket stays open long after its token was verified. It is therefore closed when the token ends, and the directory is
 * asked from time to time whether the token is still valid, as its notification may get lost.
 */

type TokenSource = Pick<StoredState, 'platform' | 'agenda' | 'time'>;

/**
 * Returns when the token of a socket ends or is due to be checked, by the clock; `Infinity` for a root token without an end.
 */
export function dueAt(memory: ConnectionMemory): number {
  const { expiresAt = Number.POSITIVE_INFINITY, checkedAt } = memory;
  if (idOf(memory) === ROOT.tokenId) return expiresAt;
  return Math.min(expiresAt, checkedAt + SOCKET_TOKENS_CHECK_INTERVAL_MS);
}

/** Returns the id under which the directory knows the credential of a socket. */
const idOf = ({ caller, redeemedId }: ConnectionMemory): string => redeemedId ?? caller.tokenId;

/** Returns whether the token of a socket has expired. */
export function hasExpired({ expiresAt }: ConnectionMemory, clock: number): boolean {
  return expiresAt !== undefined && expiresAt <= clock;
}

/** Closes a socket whose token has ended. Frames that still arrive have no grants, and its session runs out. */
export function dismissEnded(sockets: OpenSockets, connection: Connection): void {
  connection.memory.grants = [];
  sockets.dismiss(connection, CLOSE_CODES.unauthorized, 'the token has ended; get a new one');
}

/** Closes the sockets of tokens that have ended, at once. */
export function closeSocketsOf(sockets: OpenSockets, tokenIds: readonly string[]): void {
  const ended = new Set(tokenIds);
  for (const { connection } of sockets.peers()) {
    const { caller, redeemedId } = connection.memory;
    const hasEnded = ended.has(caller.tokenId) || (redeemedId !== undefined && ended.has(redeemedId));
    if (hasEnded) dismissEnded(sockets, connection);
  }
}

/** Closes the sockets of expired tokens, and asks the directory about tokens that have not been checked for a while. */
export async function attendTokens(state: TokenSource, sockets: OpenSockets): Promise<void> {
  const clock = state.platform.clock.now();
  const due: Connection[] = [];
  for (const { connection } of sockets.peers()) {
    if (hasExpired(connection.memory, clock)) dismissEnded(sockets, connection);
    else if (dueAt(connection.memory) <= clock) due.push(connection);
  }
  // Recorded before asking, so that an alarm that fires meanwhile does not ask again.
  noteChecked(state, sockets, due, clock);
  if (due.length === 0) return;
  try {
    const tokenIds = [...new Set(due.map(({ memory }) => idOf(memory)))];
    closeSocketsOf(sockets, await state.platform.endedTokens(tokenIds));
  } catch (error) {
    state.platform.log('warn', 'the tokens of open sockets could not be checked', { error: String(error) });
    noteChecked(state, sockets, due, clock + SOCKET_TOKENS_RETRY_MS - SOCKET_TOKENS_CHECK_INTERVAL_MS);
  }
}

/** Records when the tokens of sockets were checked, and schedules the next check. */
function noteChecked(state: TokenSource, sockets: OpenSockets, checked: readonly Connection[], at: number): void {
  for (const connection of checked) {
    connection.memory.checkedAt = at;
    connection.remember();
  }
  const nextAt = Math.min(...sockets.peers().map(({ connection }) => dueAt(connection.memory)));
  if (nextAt < Number.POSITIVE_INFINITY) state.agenda.set({ kind: 'sockets' }, state.time.whenClockShows(nextAt));
}
