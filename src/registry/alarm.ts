import { ALARMS_PER_HOUR_WARN_COUNT } from '../model/limits';
import { arm } from './arming';
import { scheduleCompaction } from './commit';
import { attendTokens } from './open-tokens';
import type { NamespaceState } from './state';
import { sweep } from './sweep';
import { attendImport } from './transfer/attend-import';
import type { Hub } from './watch/hub';

const HOUR_MS = 60 * 60 * 1_000;

/**
 * Does what is due, in slices, and arms the next alarm last. Running it twice, late or early does no harm.
 *
 * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable.
 */
export async function attendAlarm(state: NamespaceState, hub: Hub): Promise<void> {
  noteAlarm(state);
  while (sweep(state, state.time.now())) await state.pipeline.settled();
  while (compact(state)) await state.pipeline.settled();
  scheduleCompaction(state, state.time.now());
  while (attendImport(state, state.time.now())) {
    // A slice of what is there already writes nothing, and so waits for nothing: others get their turn all the same.
    await (state.pipeline.settled() ?? state.platform.nextTurn());
    sweep(state, state.time.now());
  }
  await attendTokens(state, hub);
  arm(state);
  await state.pipeline.settled();
  state.publisher.sendBookmarks();
}

/** An alarm loop is a bill: more than one a second for an hour is said aloud. */
function noteAlarm({ attention, counters, platform, time }: NamespaceState): void {
  const now = platform.clock.now();
  attention.alarmRanAt = time.now();
  counters.alarms += 1;
  if (now - attention.alarmHourStartedAt >= HOUR_MS || now < attention.alarmHourStartedAt) {
    attention.alarmHourStartedAt = now;
    attention.alarmsThisHour = 0;
  }
  attention.alarmsThisHour += 1;
  if (attention.alarmsThisHour === ALARMS_PER_HOUR_WARN_COUNT) {
    platform.log('warn', 'the alarm ran very often within an hour', { times: attention.alarmsThisHour });
  }
}

/** Removes the oldest slice of a journal that holds too much. Returns whether there was one. */
function compact(state: NamespaceState): boolean {
  const { journal, catalog, pipeline } = state;
  const plan = journal.planCompaction(state.time.stamp());
  if (plan === undefined) return false;
  pipeline.enqueue(() => {
    journal.compact(plan);
    for (const key of plan.removed) {
      const service = catalog.service(key);
      if (service === undefined || service.exists || service.overrides.size > 0) continue;
      if (service.revision <= journal.compactedRevision) catalog.forget(service);
    }
  });
  return true;
}
