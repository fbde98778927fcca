import {
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CLOCK_JUMP_MIN_MS,
  LOOK_LATE_MS,
  RECONNECT_SPREAD_MIN_MS,
} from '../model/limits';
import type { NamespaceState } from './state';

/**
 * Notes that the registry takes in messages, and finds out whether it has missed some. Call it first in every turn, alarm
 * and tick, before any renewal counts.
 *
 * @param alarmDueAt When the alarm that runs now was due, on the namespace's axis; absent outside of the alarm.
 * @returns Now, on the namespace's axis.
 */
export function notePass(state: NamespaceState, alarmDueAt = Number.NEGATIVE_INFINITY): number {
  const { attention, time, leases } = state;
  const now = time.now();
  const why = signOfGap(state, now, alarmDueAt);
  // Without leases there is nothing to judge.
  if (why !== undefined && leases.size > 0)
    noteGap(state, now, why, attention.hasPassed ? 0 : reconnectSpreadMs(state));
  attention.pass(now);
  return now;
}

/** Returns what shows that nothing was taken in since the last pass; undefined where nothing does. */
function signOfGap(state: NamespaceState, now: number, alarmDueAt: number): string | undefined {
  const { attention, time, platform } = state;
  if (platform.monotonic === undefined) {
    // Calls that come without a pause show that the registry listens, whatever became of the alarm.
    const isPaused = !attention.hasPassed || now - attention.lastPass > LOOK_LATE_MS;
    const isLate = now - Math.max(attention.lookDueAt, alarmDueAt) > LOOK_LATE_MS;
    return isPaused && isLate ? 'the alarm is late' : undefined;
  }
  if (time.clockJumpMs() >= CLOCK_JUMP_MIN_MS) return 'the clock jumped, or the machine was suspended';
  const isLate = now - attention.lastPass >= ATTENTION_PASS_MS + ATTENTION_LATE_MS;
  return isLate ? 'the event loop stood still' : undefined;
}

/** Begins a new stretch of attention, and stores it: nothing is answered before that is durable. */
export function noteGap(state: NamespaceState, now: number, why: string, spreadMs = 0): void {
  const { attention, counters, checkpoints, platform, leases } = state;
  const silentMs = now - attention.lastPass;
  attention.gap(now, spreadMs);
  // An alarm that was missed says so once.
  attention.lookDueAt = Math.max(attention.lookDueAt, now);
  counters.outages += 1;
  checkpoints.close();
  platform.log('warn', 'leases end later: the registry did not listen', { why, silentMs, leases: leases.size });
}

/** Returns the time in which clients come back after their sockets broke, as sessions are told. */
export function reconnectSpreadMs({ sessions }: Pick<NamespaceState, 'sessions'>): number {
  return Math.max(RECONNECT_SPREAD_MIN_MS, sessions.size);
}
