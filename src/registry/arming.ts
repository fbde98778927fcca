import { ALARM_SPACING_MIN_MS } from '../model/limits';
import type { NamespaceMemory } from './state';

/**
 * Arms the alarm for the earliest deadline, if it is not armed for that time or before. Renewals only move deadlines
 * later, so this costs a row when something is due sooner than anything before it, or when the alarm has fired.
 */
export function arm(state: NamespaceMemory): void {
  const earliest = Math.min(state.leases.earliestDeadline, state.agenda.earliestDeadline);
  if (earliest === Number.POSITIVE_INFINITY) return;
  const at = state.time.clockAt(Math.max(earliest, state.attention.alarmRanAt + ALARM_SPACING_MIN_MS));
  const armedFor = state.platform.alarm.armedFor();
  if (armedFor !== null && armedFor <= at) return;
  state.platform.alarm.arm(at);
  state.counters.alarmsArmed += 1;
  state.counters.rowsWritten += 1;
}
