import {
  ATTENTION_HASTE_MS,
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CLOCK_JUMP_MIN_MS,
  LOOK_LATE_MS,
} from '../../../model/limits';
import type { LeaseState } from './lease-state';
import { reconnectSpreadMs } from './reconnect-spread';

/**
 * Notes that the registry takes in messages, and finds out whether it has missed some. Call it first in every turn, alarm
 * and tick, before any renewal counts.
 *
 * @param alarmDueAt When the alarm that runs now was due, on the namespace's axis; absent outside of the alarm.
 * @returns Now, on the namespace's axis.
 */
export function notePass(state: LeaseState, alarmDueAt = Number.NEGATIVE_INFINITY): number {
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
function pauseBefore({ attention, platform }: LeaseState, now: number, alarmDueAt: number): number {
  const silentMs = attention.hasPassed ? now - attention.lastPass : Number.POSITIVE_INFINITY;
  if (platform.monotonic !== undefined) return now - attention.lastPass - ATTENTION_PASS_MS;
  return Math.min(silentMs, now - Math.max(attention.lookDueAt, alarmDueAt));
}

/** True if a pause is so long that renewals may have been missed: a look more than this late, or a pass at least this late. */
function isGap({ platform }: LeaseState, pausedMs: number): boolean {
  return platform.monotonic === undefined ? pausedMs > LOOK_LATE_MS : pausedMs >= ATTENTION_LATE_MS;
}

/** Begins a new stretch of attention, and stores it: nothing is answered before that is durable. */
export function noteGap(state: LeaseState, now: number, why: string, spreadMs = 0): void {
  const { attention, counters, checkpoints, platform, leases } = state;
  const silentMs = now - attention.lastPass;
  attention.gap(now, spreadMs);
  // An alarm that was missed says so once.
  attention.lookDueAt = Math.max(attention.lookDueAt, now);
  counters.outages += 1;
  checkpoints.close();
  platform.log('warn', 'leases end later: the registry did not listen', { why, silentMs, leases: leases.size });
}
