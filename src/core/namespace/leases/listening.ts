import {
  ATTENTION_HASTE_MS,
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CLOCK_JUMP_MIN_MS,
  LOOK_LATE_MS,
  RECONNECT_SPREAD_MIN_MS,
  RECONNECT_SPREAD_PER_CLIENT_MS,
} from '../../../model/limits';
import type { StoredState } from '../commit/commit-state';
import type { SessionEntry } from '../records/catalog-entries';
import type { Attention } from '../time/attention';

/** The parts of a namespace that know whether the registry has listened. */
export interface ListeningState
  extends Pick<StoredState, 'platform' | 'time' | 'leases' | 'agenda' | 'sessions' | 'checkpoints' | 'counters'> {
  readonly attention: Attention;
}

/**
 * Notes that the registry takes in messages, and finds out whether it has missed some. Call it first in every turn, alarm
 * and tick, before any renewal counts.
 *
 * @param alarmDueAt When the alarm that runs now was due, on the namespace's axis; absent outside of the alarm.
 * @returns Now, on the namespace's axis.
 */
export function notePass(state: ListeningState, alarmDueAt = Number.NEGATIVE_INFINITY): number {
  const { attention, time, leases, agenda, sessions } = state;
  const now = time.now();
  const jumpMs = time.clockJumpMs();
  const hasJumped = Math.abs(jumpMs) >= CLOCK_JUMP_MIN_MS;
  if (hasJumped) agenda.moveWithClock(jumpMs);
  // Without leases there is nothing to judge.
  if (leases.size > 0) {
    const pausedMs = pauseBefore(state, now, alarmDueAt);
    if (hasJumped) noteGap(state, now, 'the clock jumped, or the machine was suspended');
    else if (isGap(state, pausedMs)) {
      noteGap(
        state,
        now,
        'nothing was taken in for a while',
        attention.hasPassed ? 0 : reconnectSpreadMs(sessions.size),
      );
    } else if (pausedMs > ATTENTION_HASTE_MS) attention.hold(now);
  }
  attention.pass(now);
  return now;
}

/**
 * Returns for how long nothing may have been taken in, in milliseconds, beyond the time in which nothing had to be: by the
 * monotonic clock, or by how late the alarm is. Calls that come without a pause show that the registry listens, whatever
 * became of the alarm.
 */
function pauseBefore(
  { attention, platform }: Pick<ListeningState, 'attention' | 'platform'>,
  now: number,
  alarmDueAt: number,
): number {
  const silentMs = attention.hasPassed ? now - attention.lastPass : Number.POSITIVE_INFINITY;
  if (platform.monotonic !== undefined) return now - attention.lastPass - ATTENTION_PASS_MS;
  return Math.min(silentMs, now - Math.max(attention.lookDueAt, alarmDueAt));
}

/** True if a pause is so long that renewals may have been missed: a look more than this late, or a pass at least this late. */
function isGap({ platform }: Pick<ListeningState, 'platform'>, pausedMs: number): boolean {
  return platform.monotonic === undefined ? pausedMs > LOOK_LATE_MS : pausedMs >= ATTENTION_LATE_MS;
}

/** Begins a new stretch of attention, and stores it: nothing is answered before that is durable. */
export function noteGap(state: ListeningState, now: number, why: string, spreadMs = 0): void {
  const { attention, counters, checkpoints, platform, leases } = state;
  const silentMs = now - attention.lastPass;
  attention.gap(now, spreadMs);
  // An alarm that was missed says so once.
  attention.lookDueAt = Math.max(attention.lookDueAt, now);
  counters.outages += 1;
  checkpoints.close();
  platform.log('warn', 'leases end later: the registry did not listen', { why, silentMs, leases: leases.size });
}

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
