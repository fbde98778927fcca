import { RECONNECT_SPREAD_MIN_MS, RECONNECT_SPREAD_PER_CLIENT_MS } from '../../../model/limits';
import type { SessionEntry } from '../records/catalog';

/**
 * Returns the time over which clients that were cut off together come back, in milliseconds.
 *
 * @param sessions Sessions that are stored. After a restart there are few sockets, and all of these are about to return.
 * @param sockets Sockets that are open.
 */
export function reconnectSpreadMs(sessions: number, sockets = 0): number {
  return Math.max(RECONNECT_SPREAD_MIN_MS, RECONNECT_SPREAD_PER_CLIENT_MS * Math.max(sessions, sockets));
}

/**
 * Returns within how long one client is asked to come back when its socket breaks, in milliseconds.
 *
 * A client can't see if it was cut off alone. If it was, nothing extends its lease, so with a session it is never asked to
 * take more than half a ttl: its last ping was at most a third of one earlier. After a gap every lease has a whole ttl, so
 * a later process of the registry waits longer than any client was asked to, without knowing what it was asked.
 *
 * @param session That of its socket, if it has one.
 */
export function reconnectWithinMs(spreadMs: number, session: SessionEntry | undefined): number {
  return session === undefined ? spreadMs : Math.min(spreadMs, Math.floor(session.ttlMs / 2));
}
