import { ALARM_RETRY_MS, ALARMS_PER_HOUR_WARN_COUNT, CHECKPOINT_EARLY_MS } from '../../model/limits';
import { knowsTooManyServices, scheduleCompaction } from './commit/commit';
import type { StoredState } from './commit/commit-state';
import { type AlarmState, arm, nextDeadline, planNextLook, sweep } from './leases/expiry';
import { noteLostSockets } from './leases/sessions';
import type { NamespaceState } from './state';
import { notePass } from './time/attention';
import { attendImport } from './transfer/apply';
import type { Hub } from './watch/hub';
import { attendTokens } from './watch/open-tokens';

const HOUR_MS = 60 * 60 * 1_000;

/**
 * Does what is due, in slices, and arms the next alarm last. Running it twice, late or early does no harm. Whatever goes
 * wrong in it is logged, and tried again by the next alarm: the platform would drop one whose handler keeps failing.
 *
 * @param dueAt When the alarm was due, in milliseconds since the epoch.
 * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable: the object starts over then.
 */
export async function attendAlarm(state: NamespaceState, hub: Hub, dueAt: number): Promise<void> {
  const { alarmTimes, pipeline, time, platform } = state;
  noteAlarm(state);
  const now = notePass(state, time.whenClockShows(dueAt));
  alarmTimes.ranAt = now;
  alarmTimes.isRunning = true;
  try {
    await attend(state, hub, now);
    alarmTimes.retryAt = 0;
  } catch (error) {
    if (pipeline.hasFailed) throw error;
    alarmTimes.retryAt = time.now() + ALARM_RETRY_MS;
    platform.log('error', 'an alarm failed; the next one tries again', { error: String(error) });
  } finally {
    alarmTimes.isRunning = false;
  }
  arm(state);
  await pipeline.settled();
  state.publisher.sendBookmarks();
}

/**
 * Passes through the registry, on a host that ticks: keeps renewals, and does what is due without waiting for the alarm.
 *
 * @throws {RegistryError} `UNAVAILABLE` if it could not be made durable: the namespace starts over then.
 */
export async function attendTick(state: NamespaceState, hub: Hub): Promise<void> {
  const { leases, attention, checkpoints, alarmTimes, time } = state;
  const { wasStorable } = attention;
  const now = notePass(state);
  // A deadline that passed meanwhile has armed no alarm.
  if (!wasStorable) arm(state);
  if (checkpoints.dueAt <= now) checkpoints.close();
  // Also after a wake, when the next pass over the leases may be far away.
  if (leases.hasAsked) checkpoints.request();
  const dueAt = alarmTimes.retryAt || nextDeadline(state);
  if (dueAt > now || alarmTimes.isRunning) return;
  await attendAlarm(state, hub, time.clockAt(now));
}

async function attend(state: NamespaceState, hub: Hub, now: number): Promise<void> {
  look(state, now);
  // What has arrived by now is heard before any lease ends.
  if (state.leases.earliestDeadline <= now) await state.platform.nextTurn();
  while (sweep(state, notePass(state))) await state.pipeline.settled();
  if (state.leases.hasAsked) state.checkpoints.request();
  else state.checkpoints.withdraw();
  if (state.pipeline.fault === undefined) await clearAway(state);
  await attendTokens(state, hub);
}

/** Compacts the journal and continues an import. */
async function clearAway(state: NamespaceState): Promise<void> {
  while (compact(state)) await state.pipeline.settled();
  scheduleCompaction(state, state.time.now());
  while (attendImport(state, state.time.now())) {
    // A slice of what is there already writes nothing, and so waits for nothing: others get their turn all the same.
    await (state.pipeline.settled() ?? state.platform.nextTurn());
    sweep(state, notePass(state));
  }
}

/** Makes the checkpoint that is due about now, and plans the next look. */
function look(state: NamespaceState, now: number): void {
  const { alarmTimes, checkpoints, leases } = state;
  const areRenewed = checkpoints.isOpen;
  if (state.sessions.size > 0) noteLostSockets(state, now);
  if (checkpoints.dueAt <= now + CHECKPOINT_EARLY_MS) checkpoints.close();
  planNextLook(state, now, areRenewed);
  // Renewals have moved deadlines on since the bound was exact: most of them need no alarm before the next look.
  if (leases.earliestDeadline <= alarmTimes.nextLookAt) leases.findEarliest();
}

/** An alarm loop is a bill: more than one a second for an hour is logged. */
function noteAlarm({ alarmTimes, counters, platform }: AlarmState): void {
  const now = platform.clock.now();
  counters.alarms += 1;
  if (now - alarmTimes.hourStartedAt >= HOUR_MS || now < alarmTimes.hourStartedAt) {
    alarmTimes.hourStartedAt = now;
    alarmTimes.countThisHour = 0;
  }
  alarmTimes.countThisHour += 1;
  if (alarmTimes.countThisHour === ALARMS_PER_HOUR_WARN_COUNT) {
    platform.log('warn', 'the alarm ran very often within an hour', { times: alarmTimes.countThisHour });
  }
}

/** Removes the oldest slice of a journal that holds too much, and forgets the services that only it knew. Returns whether there was one. */
function compact(state: StoredState): boolean {
  const { journal, catalog, pipeline } = state;
  const plan = journal.planCompaction(state.time.stamp(), knowsTooManyServices(state));
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
