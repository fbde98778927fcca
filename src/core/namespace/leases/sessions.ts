import { RegistryError } from '../../../model/errors';
import { CLOSE_CODES } from '../../../model/frames';
import type { Cause } from '../../../model/history';
import type { Caller } from '../../../model/namespace-api';
import type { Connection } from '../../platform/connection';
import { commit } from '../commit/commit';
import type { CommitState } from '../commit/commit-state';
import { Draft } from '../commit/draft';
import { type InstanceEntry, keyOf, type SessionEntry } from '../records/catalog-entries';
import { deleteSessionRow, isSession, writeSessionRow } from '../records/session-table';
import { type AttentionState, noteGap, reconnectSpreadMs } from '../time/attention';

/** The parts of a namespace that track the sockets of its sessions. */
type SessionState = CommitState & Pick<AttentionState, 'attention'>;

/** Key of a session that a client resumes, and the digest of its secret, which proves that the client owns it. */
export interface SessionTicket {
  key: string;
  secretDigest: string;
}

/**
 * Resumes a session; undefined if there is none that this caller may resume. Watchers see no change, which is the purpose of
 * a session. Another socket that still holds it loses it.
 *
 * @returns The session, and the connection that held it until now.
 */
export function resumeSession(
  state: CommitState,
  connection: Connection,
  caller: Caller,
  ticket: SessionTicket,
  now: number,
): { session: SessionEntry; superseded: Connection | undefined } | undefined {
  const session = state.sessions.get(ticket.key);
  if (session === undefined || session.tokenId !== caller.tokenId) return undefined;
  if (session.secretDigest !== ticket.secretDigest) return undefined;
  const holder = connectionOf(state, session);
  const isKept = !session.isClosed && !state.leases.isAsked(session.lease);
  state.checkpoints.open();
  if (holder !== undefined) hear(state, session, holder);
  state.leases.renew(session.lease, now);
  attach(session, connection);
  if (!isKept) {
    session.isClosed = false;
    state.pipeline.offer(() => writeSessionRow(state.platform.storage, session, now));
  }
  return { session, superseded: holder === connection ? undefined : holder };
}

/**
 * Opens a session: a lease that an open connection renews.
 *
 * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
 */
export function openSession(
  state: CommitState,
  connection: Connection,
  caller: Caller,
  ticket: SessionTicket,
  ttlMs: number,
  now: number,
): SessionEntry {
  state.pipeline.assertStorable();
  const session: SessionEntry = {
    ...ticket,
    tokenId: caller.tokenId,
    ttlMs,
    lease: -1,
    instances: new Set(),
    connection,
    isClosed: false,
  };
  const terms = { ttlMs, removeAfterMs: ttlMs, healthy: true, renewedAt: now, askedAt: 0 };
  session.lease = state.leases.grant(session, terms);
  state.sessions.add(session);
  attach(session, connection);
  state.pipeline.enqueue(() => writeSessionRow(state.platform.storage, session, now));
  return session;
}

function attach(session: SessionEntry, connection: Connection): void {
  session.connection = connection;
  connection.memory.session = session.key;
  connection.remember();
}

/**
 * Ends a session with all of its instances, in one revision.
 *
 * @param actor Id of the token, or `registry`.
 */
export function endSession(state: CommitState, session: SessionEntry, cause: Cause, actor: string, now: number): void {
  endSessions(state, [session], cause, actor, now);
}

/**
 * Ends several sessions in one revision. A socket that still holds an expired one is closed with the reason.
 *
 * @throws {RegistryError} `UNAVAILABLE` while nothing can be stored.
 */
export function endSessions(
  state: CommitState,
  sessions: readonly SessionEntry[],
  cause: Cause,
  actor: string,
  now: number,
): void {
  state.pipeline.assertStorable();
  const draft = new Draft(state, now);
  for (const session of sessions) {
    for (const entry of session.instances) draft.removeInstance(keyOf(entry), cause);
  }
  commit(state, draft, actor);
  for (const session of sessions) {
    state.leases.release(session.lease);
    state.sessions.remove(session);
    const notify = () => session.connection?.close(CLOSE_CODES.sessionLapsed, 'the session expired; open a new one');
    state.pipeline.enqueue(
      () => deleteSessionRow(state.platform.storage, session.key),
      cause === 'expired' ? notify : undefined,
    );
  }
}

/**
 * Records that the socket of a session is gone. The lease runs on from the last sign of life. If the socket no longer
 * holds the session because another one resumed it, nothing changes.
 */
export function noteClosed(state: CommitState, connection: Connection): void {
  const session = state.sessions.get(connection.memory.session ?? '');
  if (session === undefined) return;
  const holder = connectionOf(state, session);
  if (holder !== undefined && holder !== connection) return;
  hear(state, session, connection);
  session.connection = undefined;
  session.isClosed = true;
  const heardAt = state.leases.renewedAt(session.lease);
  state.pipeline.offer(() => writeSessionRow(state.platform.storage, session, heardAt));
}

/**
 * Reads the last ping of every session once one of them is past its limit, and before any session ends. Pings are answered
 * without waking the object, so only the platform knows when they arrived.
 *
 * It reads those of all sessions, so that their limits advance together: a thousand sessions whose limits are spread over
 * the time between two pings would otherwise need an alarm every 250 ms.
 */
export function hearSessions(state: SessionState, now: number): void {
  if (state.sessions.size === 0 || !hasOverdueSession(state, now)) return;
  noteLostSockets(state, now);
  for (const session of state.sessions.all()) {
    if (session.connection !== undefined) hear(state, session, session.connection);
  }
}

/** Reads the last ping of the session that holds an instance, if one does. */
export function hearHolder(
  state: Pick<CommitState, 'leases' | 'time' | 'platform' | 'publisher'>,
  { holder: session }: InstanceEntry,
): void {
  if (session === undefined || !isSession(session)) return;
  state.publisher.wake();
  if (session.connection !== undefined) hear(state, session, session.connection);
}

function hasOverdueSession({ leases }: Pick<CommitState, 'leases'>, now: number): boolean {
  for (const holder of leases.overdue(now)) if (isSession(holder)) return true;
  return false;
}

/**
 * Finds sessions whose socket disappeared without a close while the object was not in memory, as in a deploy or a move. The
 * registry was then cut off from all its clients for a while. This runs once after a wake, at the first look or before the
 * first session ends.
 */
export function noteLostSockets(state: SessionState, now: number): void {
  const { sessions, attention, publisher, pipeline, platform, leases } = state;
  if (sessions.areMatched) return;
  sessions.areMatched = true;
  publisher.wake();
  const lost = [...sessions.all()].filter(({ connection, isClosed }) => connection === undefined && !isClosed);
  if (lost.length === 0) return;
  for (const session of lost) {
    session.isClosed = true;
    const heardAt = leases.renewedAt(session.lease);
    pipeline.offer(() => writeSessionRow(platform.storage, session, heardAt));
  }
  // A gap since the wake has already given their clients the time to come back.
  if (attention.gaps === 0) noteGap(state, now, 'sockets of sessions vanished', reconnectSpreadMs(sessions.size));
}

function hear(
  { leases, time, platform }: Pick<CommitState, 'leases' | 'time' | 'platform'>,
  session: SessionEntry,
  connection: Connection,
): void {
  const heardAt = Math.min(time.now(), time.whenHostShows(platform.connections.heardAt(connection)));
  // Earlier pings since then left no trace.
  if (heardAt > leases.renewedAt(session.lease)) leases.hear(session.lease, heardAt);
}

/** Returns the socket that holds a session; undefined if there is none. */
function connectionOf({ publisher }: Pick<CommitState, 'publisher'>, session: SessionEntry): Connection | undefined {
  publisher.wake();
  return session.connection;
}

/** @throws {RegistryError} `LEASE_NOT_FOUND` if the caller's session has ended. */
export function requireSession({ sessions }: Pick<CommitState, 'sessions'>, { session }: Caller): void {
  if (session === undefined || sessions.get(session) !== undefined) return;
  throw new RegistryError('LEASE_NOT_FOUND', 'the session of this socket has ended; open a new one and register again');
}
