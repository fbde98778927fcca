import {
  ALARM_SPACING_MIN_MS,
  CHECKPOINT_DELAY_MS,
  LOOK_INTERVAL_MAX_MS,
  LOOK_INTERVAL_MIN_MS,
  LOOK_LATE_MS,
  LOOKS_PER_TTL_COUNT,
} from '../../../model/limits';
import type { StoredState } from '../commit/commit-state';
import type { Attention } from '../time/attention';

/** The parts of a namespace that decide when its alarm fires next. */
export interface AlarmState
  extends Pick<StoredState, 'platform' | 'time' | 'leases' | 'agenda' | 'checkpoints' | 'counters'> {
  readonly attention: Attention;
  readonly alarmTimes: AlarmTimes;
}

/** Times of a namespace's alarm. */
export interface AlarmTimes {
  /** When the alarm last ran; on the namespace's axis. */
  ranAt: number;
  /** When the next look is due, on a host without a monotonic clock; on the namespace's axis. */
  nextLookAt: number;
  /** When the alarm tries again that failed, and no sooner; 0 where the last one worked. On the namespace's axis. */
  retryAt: number;
  isRunning: boolean;
  /** When the hour began in which alarms are counted, by the clock, and how many there were. */
  hourStartedAt: number;
  countThisHour: number;
}

/**
 * Arms the alarm for the next thing to do, if it is not armed for that time or before. Renewals only move deadlines
 * later, so this costs a row when something is due sooner than anything before it, or when the alarm has fired.
 *
 * An alarm can be lost: by a restore, a fault of the platform, a handler that kept failing. So one that is overdue counts
 * as not armed; not sooner, as every call that comes before a due alarm is delivered would pay a row.
 */
export function arm(state: AlarmState): void {
  const { alarmTimes, attention, platform, time } = state;
  const dueAt = nextDueAt(state);
  if (dueAt === Number.POSITIVE_INFINITY) return;
  const at = time.clockAt(Math.max(dueAt, alarmTimes.ranAt + ALARM_SPACING_MIN_MS, alarmTimes.retryAt));
  const armedFor = platform.alarm.armedFor();
  const isStanding = armedFor !== null && armedFor >= platform.clock.now() - LOOK_LATE_MS;
  if (isStanding && armedFor <= at) return;
  platform.alarm.arm(at);
  attention.lookDueAt = time.whenClockShows(at);
  state.counters.alarmsArmed += 1;
  state.counters.rowsWritten += 1;
}

/** When there is something to do next, on the namespace's axis; `Infinity` where nothing is due. */
function nextDueAt(state: AlarmState): number {
  const { leases, agenda, alarmTimes } = state;
  // Work that failed may have been taken off the agenda already.
  if (alarmTimes.retryAt > 0) return alarmTimes.retryAt;
  const deadline = Math.min(leases.earliestDeadline, agenda.earliestDeadline);
  // A host that ticks makes checkpoints by itself, and listens without looks.
  if (state.platform.monotonic !== undefined) return deadline;
  return Math.min(deadline, state.checkpoints.dueAt, nextLookAt(state));
}

/**
 * On a host without a monotonic clock the alarm is a look: it comes so often that one which is late tells of a gap before
 * a lease could end by it.
 */
function nextLookAt({ alarmTimes, leases, time }: AlarmState): number {
  if (leases.size === 0) alarmTimes.nextLookAt = Number.POSITIVE_INFINITY;
  else alarmTimes.nextLookAt = Math.min(alarmTimes.nextLookAt, time.now() + lookIntervalMs(leases));
  return alarmTimes.nextLookAt;
}

/**
 * Plans the next look, at a look. Leases that are being renewed need a checkpoint soon, and a look that comes for both
 * saves an alarm.
 *
 * @param areRenewed Whether leases were renewed since the look before.
 */
export function planNextLook({ alarmTimes, leases }: AlarmState, now: number, areRenewed: boolean): void {
  const intervalMs = lookIntervalMs(leases);
  alarmTimes.nextLookAt = now + (areRenewed ? Math.min(intervalMs, CHECKPOINT_DELAY_MS) : intervalMs);
}

/** Time between two looks, in milliseconds: a sixth of the shortest time to live, within bounds. */
export function lookIntervalMs({ shortestTtlMs }: Pick<AlarmState['leases'], 'shortestTtlMs'>): number {
  const sixth = Math.floor(shortestTtlMs / LOOKS_PER_TTL_COUNT);
  return Math.min(LOOK_INTERVAL_MAX_MS, Math.max(LOOK_INTERVAL_MIN_MS, sixth));
}
