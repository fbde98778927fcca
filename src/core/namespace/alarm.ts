import { ALARM_RETRY_MS, ALARMS_PER_HOUR_WARN_COUNT, CHECKPOINT_EARLY_MS } from '../../model/limits';
import { knowsTooManyServices, scheduleCompaction } from './commit/commit';
import type { StoredState } from './commit/commit-state';
import { attendLookAgain } from './layouts/look-again';
import { type AlarmState, arm, nextDeadline, planNextLook, sweep } from './leases/expiry';
import { noteLostSockets } from './leases/sessions';
import { continueEnds } from './leases/slow-end';
import type { NamespaceState } from './state';
import { notePass } from './time/attention';
import { attendImport } from './transfer/apply';
import type { Hub } from './watch/hub';
import { attendTokens } from './watch/open-tokens';

const HOUR_MS = 60 * 60 * 1_000;

/**
 * Does the work that is due, in slices, and then arms the next alarm. Running it twice, late or early does no harm. An error
 * is logged, and the next alarm retries: the platform would drop an alarm whose handler keeps failing.
 *
 * @param dueAt Time the alarm was set for, in milliseconds since the epoch.
 * @throws {RegistryError} `UNAVAILABLE` if a change could not be made durable: the object then restarts.
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
    platform.log('error', 'an alarm failed; the next one retries', { error: String(error) });
  } finally {
    alarmTimes.isRunning = false;
  }
  arm(state);
  await pipeline.settled();
  state.publisher.sendBookmarks();
}

/**
 * Records that the registry is listening, on a host that ticks. Stores renewals, and does the work that is due without
 * waiting for the alarm.
 *
 * @throws {RegistryError} `UNAVAILABLE` if a change could not be made durable: the namespace then restarts.
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
  // Handle messages that have already arrived before any lease ends.
  if (state.leases.earliestDeadline <= now) await state.platform.nextTurn();
  while (sweep(state, notePass(state))) await state.pipeline.settled();
  if (state.leases.hasAsked) state.checkpoints.request();
  else state.checkpoints.withdraw();
  if (state.pipeline.fault === undefined) await clearAway(state);
  await attendTokens(state, hub);
}

/** Compacts the journal, applies changed layouts, and continues an import. */
async function clearAway(state: NamespaceState): Promise<void> {
  while (compact(state)) await state.pipeline.settled();
  scheduleCompaction(state, state.time.now());
  while (attendLookAgain(state, state.time.now())) {
    await (state.pipeline.settled() ?? state.platform.nextTurn());
    sweep(state, notePass(state));
  }
  while (continueEnds(state, state.time.now())) {
    await (state.pipeline.settled() ?? state.platform.nextTurn());
    sweep(state, notePass(state));
  }
  while (attendImport(state, state.time.now())) {
    // A slice that changes nothing writes nothing, so there is no write to wait for. Yield anyway.
    await (state.pipeline.settled() ?? state.platform.nextTurn());
    sweep(state, notePass(state));
  }
}

/** Makes the checkpoint that is due about now, and plans the next pass over the leases. */
function look(state: NamespaceState, now: number): void {
  const { alarmTimes, checkpoints, leases } = state;
  const areRenewed = checkpoints.isOpen;
  if (state.sessions.size > 0) noteLostSockets(state, now);
  if (checkpoints.dueAt <= now + CHECKPOINT_EARLY_MS) checkpoints.close();
  planNextLook(state, now, areRenewed);
  // Renewals have moved deadlines since this bound was computed: most of them need no alarm before the next pass.
  if (leases.earliestDeadline <= alarmTimes.nextLookAt) leases.findEarliest();
}

/** Counts alarms, and logs a warning at more than one per second over an hour: an alarm loop costs money. */
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

/**
 * Removes the oldest slice of a journal that is too large, and the services that only that slice knew. Returns false if
 * there was none.
 */
export function compact(state: StoredState): boolean {
  const { journal, catalog, pipeline, entries } = state;
  const plan = journal.planCompaction(state.time.stamp(), knowsTooManyServices(state));
  if (plan === undefined) return emptyEntries(state);
  pipeline.enqueue(() => {
    journal.compact(plan);
    entries.removeHeads(plan.removedEntries);
    for (const key of plan.removed) {
      const service = catalog.service(key);
      if (service === undefined || service.exists || service.overrides.size > 0) continue;
      if (service.revision <= journal.compactedRevision) catalog.forget(service);
    }
  });
  return true;
}

/** Removes the oldest slice of the changes of entries if they exceed their budget. Returns false if they don't. */
function emptyEntries({ journal, pipeline, entries }: StoredState): boolean {
  const plan = journal.entries.planEmptying(journal.storedRevision);
  if (plan === undefined) return false;
  pipeline.enqueue(() => {
    journal.entries.empty(plan);
    entries.removeHeads(plan.heads);
  });
  return true;
}
