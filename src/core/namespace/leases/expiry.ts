import type { InstanceKey } from '../../../model/batch';
import {
  ALARM_SPACING_MIN_MS,
  CHECKPOINT_DELAY_MS,
  LEASE_END_SLICE_MAX_BYTES,
  LEASE_END_SLICE_MAX_COUNT,
  LOOK_INTERVAL_MAX_MS,
  LOOK_INTERVAL_MIN_MS,
  LOOK_LATE_MS,
  LOOKS_PER_TTL_COUNT,
  POSTPONED_MS,
  SWEEP_SLICE_MAX_COUNT,
} from '../../../model/limits';
import { timestamp } from '../../../model/timestamp';
import { commit } from '../commit/commit';
import type { CommitState, StoredState } from '../commit/commit-state';
import { Draft } from '../commit/draft';
import { REGISTRY_ACTOR } from '../commit/journal';
import {
  type GrantedLease,
  type InstanceEntry,
  keyOf,
  type ServiceEntry,
  type SessionEntry,
} from '../records/catalog-entries';
import { decodeInstance, withHealth } from '../records/records';
import { isGranted, isSession, type LeaseHolder } from '../records/session-table';
import type { Duty } from '../time/agenda';
import type { Attention } from '../time/attention';
import { endGranted } from './granting';
import { partPreserved } from './self-preservation';
import { endSessions, hearSessions } from './sessions';
import { type EndLoad, endLoadOf, isSlowToEnd } from './slow-end';

/** The parts of a namespace that expiry works on. */
export interface ExpiryState extends CommitState {
  readonly attention: Attention;
  readonly receipts: DrainWaits;
  readonly imports: ImportInProgress;
  readonly lookAgain: { readonly isUnderWay: boolean };
}

/** Drains that wait for acknowledgements of their subscribers. */
export interface DrainWaits {
  /** Ends the waits of an instance's drains whose time is over. */
  expire(key: InstanceKey, now: number): void;
  /** Returns when the first remaining wait ends, on the namespace's axis; `Infinity` if there is none. */
  firstWaitEndsAt(key: InstanceKey): number;
}

/** An import that the alarm continues. */
export interface ImportInProgress {
  readonly isUnderWay: boolean;
  /** On the namespace's axis. */
  readonly dueAt: number;
}

/**
 * Expires whatever is due, in ordinary commits: leases past a deadline, drains past their grace period, quarantines
 * past their `until`, overrides that outlived their instance. It handles at most one slice, but everything of the service
 * `first`: its readers must not be shown an instance that has expired.
 *
 * While nothing can be stored, nothing expires: an expiry that a restart undoes would be seen twice.
 *
 * @returns True if more is due.
 */
export function sweep(state: ExpiryState, now: number, first?: ServiceEntry): boolean {
  if (state.pipeline.fault !== undefined) {
    postpone(state, now);
    return false;
  }
  if (now >= state.leases.earliestDeadline) sweepLeases(state, now, first);
  if (now >= state.agenda.earliestDeadline) attend(state, now);
  return now >= state.leases.earliestDeadline || now >= state.agenda.earliestDeadline;
}

function sweepLeases(state: ExpiryState, now: number, first: ServiceEntry | undefined): void {
  const isFirst = first && ((holder: LeaseHolder) => concerns(holder, first));
  hearSessions(state, now);
  const lapsed = state.leases.lapsed(now, SWEEP_SLICE_MAX_COUNT, isFirst);
  if (lapsed.length === 0) return;
  const expired: InstanceEntry[] = [];
  const unhealthy: InstanceEntry[] = [];
  const ended: SessionEntry[] = [];
  const granted: GrantedLease[] = [];
  for (const { holder, lapse } of lapsed) {
    if (isSession(holder)) ended.push(holder);
    else if (isGranted(holder)) granted.push(holder);
    else if (lapse === 'expired') expired.push(holder);
    else unhealthy.push(holder);
  }
  const preserved = partPreserved(state, expired, now);
  expire(state, preserved.expired, now);
  if (ended.length > 0) endSessions(state, ended, 'expired', REGISTRY_ACTOR, now);
  if (granted.length > 0) endGranted(state, firstBatch(state, granted, isFirst), 'expired', REGISTRY_ACTOR, now);
  markUnhealthy(state, [...unhealthy, ...preserved.unhealthy], now);
  // After a full slice more is due, as the bound says already.
  if (lapsed.length < SWEEP_SLICE_MAX_COUNT) state.leases.findEarliest();
}

/** Returns whether a holder is an instance of a service, or holds one. */
function concerns(holder: LeaseHolder, first: ServiceEntry): boolean {
  if (!('instances' in holder)) return holder.service === first;
  for (const { service } of holder.instances) if (service === first) return true;
  return false;
}

/**
 * Returns as many leases as may end in one turn, and all that hold an instance of the service that is being read. The others
 * are found again in the next slice. Those that are slow to end are only marked, so they take no room.
 */
function firstBatch(
  state: CommitState,
  leases: readonly GrantedLease[],
  isFirst: ((lease: GrantedLease) => boolean) | undefined,
): GrantedLease[] {
  const batch: EndLoad = { count: 0, bytes: 0 };
  return leases.filter((lease) => {
    if (isSlowToEnd(state, lease)) return true;
    const { count, bytes } = endLoadOf(state, lease);
    const fits = batch.count + count <= LEASE_END_SLICE_MAX_COUNT && batch.bytes + bytes <= LEASE_END_SLICE_MAX_BYTES;
    const isNext = batch.count === 0 || fits;
    if (isNext) {
      batch.count += count;
      batch.bytes += bytes;
    }
    return isNext || isFirst?.(lease) === true;
  });
}

function expire(state: CommitState, instances: readonly InstanceEntry[], now: number): void {
  const draft = new Draft(state, now);
  for (const instance of instances) draft.removeInstance(keyOf(instance), 'expired');
  commit(state, draft, REGISTRY_ACTOR);
}

function markUnhealthy(state: CommitState, instances: readonly InstanceEntry[], now: number): void {
  const draft = new Draft(state, now);
  for (const holder of instances) {
    const record = withHealth(decodeInstance(holder.text), false, draft.stamp);
    draft.putInstance(keyOf(holder), record, 'unhealthy', false);
  }
  commit(state, draft, REGISTRY_ACTOR);
}

/** Ends waits whose time is over, as callers are waiting. Duties that must be stored are postponed. */
function postpone(state: Pick<ExpiryState, 'receipts' | 'agenda'>, now: number): void {
  const { agenda } = state;
  for (const duty of agenda.take(now, SWEEP_SLICE_MAX_COUNT)) {
    if (duty.kind === 'acknowledgements') endWaits(state, duty.key, now);
    else agenda.set(duty, now + POSTPONED_MS);
  }
}

function attend(state: ExpiryState, now: number): void {
  const drained = new Draft(state, now);
  const settled = new Draft(state, now);
  for (const duty of state.agenda.take(now, SWEEP_SLICE_MAX_COUNT)) {
    if (duty.kind === 'drain') endDrain(drained, duty.key);
    else if (duty.kind === 'acknowledgements') endWaits(state, duty.key, now);
    else if (duty.kind === 'quarantine') endQuarantine(state, settled, duty);
    else if (duty.kind === 'linger') endLinger(state, settled, duty.key);
    else if (duty.kind === 'import') waitForAlarm(state, now);
    else if (duty.kind === 'layouts' && state.lookAgain.isUnderWay) state.agenda.set(duty, now + ALARM_SPACING_MIN_MS);
    else if (duty.kind === 'lease-end' && state.granted.nextEnding !== undefined) {
      // The alarm does it, in slices.
      state.agenda.set({ kind: 'lease-end' }, now + ALARM_SPACING_MIN_MS);
    }
    // Compactions and the tokens of sockets are on the agenda only to arm the alarm: every alarm handles both.
  }
  commit(state, drained, REGISTRY_ACTOR);
  commit(state, settled, REGISTRY_ACTOR);
}

/** Leaves an import to the alarm, as it takes long: a call that finds it due reschedules it, so that an alarm follows. */
function waitForAlarm({ imports, agenda }: Pick<ExpiryState, 'imports' | 'agenda'>, now: number): void {
  if (imports.isUnderWay) agenda.set({ kind: 'import' }, Math.max(imports.dueAt, now + ALARM_SPACING_MIN_MS));
}

/** Ends the waits of an instance's drains whose time is over, and schedules the next end. */
export function endWaits(
  { receipts, agenda }: Pick<ExpiryState, 'receipts' | 'agenda'>,
  key: InstanceKey,
  now: number,
): void {
  receipts.expire(key, now);
  const nextAt = receipts.firstWaitEndsAt(key);
  if (nextAt < Number.POSITIVE_INFINITY) agenda.set({ kind: 'acknowledgements', key }, nextAt);
}

function endDrain(draft: Draft, key: InstanceKey): void {
  const drainEndsAt = draft.instance(key)?.record.drainEndsAt;
  if (drainEndsAt !== undefined && drainEndsAt <= draft.now) draft.removeInstance(key, 'drained');
}

function endQuarantine(
  { time, agenda }: Pick<ExpiryState, 'time' | 'agenda'>,
  draft: Draft,
  duty: Duty & { key: InstanceKey },
): void {
  const record = draft.override(duty.key)?.record;
  const until = record?.override.quarantine?.until;
  if (record === undefined || until === undefined) return;
  const endsAt = time.whenClockShows(Date.parse(until));
  if (endsAt > draft.now) {
    agenda.set(duty, endsAt);
    return;
  }
  const { quarantine: _lifted, ...rest } = record.override;
  const { actor } = record;
  const kept = Object.keys(rest).length > 0 ? { override: rest, actor, updatedAt: draft.stamp } : null;
  draft.putOverride(duty.key, kept, 'overridden');
}

/** Removes an override ten minutes after its instance, or once its quarantine has ended. */
function endLinger({ catalog }: Pick<ExpiryState, 'catalog'>, draft: Draft, key: InstanceKey): void {
  if (catalog.instance(key) !== undefined) return;
  const record = draft.override(key)?.record;
  if (record !== undefined && record.override.quarantine === undefined) draft.putOverride(key, null, 'overridden');
}

/** Returns the end of an instance's time to live, for people; null without a lease. */
export function expiresAt(
  { leases, time }: Pick<CommitState, 'leases' | 'time'>,
  { lease }: InstanceEntry,
): string | null {
  return lease < 0 ? null : timestamp(time.clockAt(leases.ttlEndsAt(lease)));
}

/** The parts of a namespace that decide when its alarm fires next. */
export interface AlarmState
  extends Pick<StoredState, 'platform' | 'time' | 'leases' | 'agenda' | 'checkpoints' | 'counters'> {
  readonly attention: Attention;
  readonly alarmTimes: AlarmTimes;
}

/** Times of a namespace's alarm. */
export interface AlarmTimes {
  /** Time the alarm last ran, on the namespace's axis. */
  ranAt: number;
  /** Time the next look is due, on a host without a monotonic clock; on the namespace's axis. */
  nextLookAt: number;
  /** Time of the retry after a failed alarm; 0 if the last one succeeded. On the namespace's axis. */
  retryAt: number;
  isRunning: boolean;
  /** Start of the hour in which alarms are counted, by the clock, and their count. */
  hourStartedAt: number;
  countThisHour: number;
}

/**
 * Arms the alarm for the next work that is due, unless it is armed for that time or earlier. Renewals only move deadlines
 * later, so this costs a row only if something is due earlier than everything else, or the alarm has fired.
 *
 * An alarm can be lost: by a restore, a fault of the platform, a handler that kept failing. An overdue alarm therefore
 * counts as not armed. A merely due one does not, as otherwise every call before its delivery would cost a row.
 */
export function arm(state: AlarmState): void {
  const { alarmTimes, attention, platform, time } = state;
  // Arming is also a write.
  if (platform.writeFault?.() !== undefined) return;
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

/** Returns the next deadline, on the namespace's axis. Leases are left out while nothing can be stored. */
export function nextDeadline({
  leases,
  agenda,
  platform,
}: Pick<StoredState, 'leases' | 'agenda' | 'platform'>): number {
  if (platform.writeFault?.() !== undefined) return agenda.earliestDeadline;
  return Math.min(leases.earliestDeadline, agenda.earliestDeadline);
}

/** Returns when work is due next, on the namespace's axis; `Infinity` if there is none. */
function nextDueAt(state: AlarmState): number {
  const { alarmTimes } = state;
  // Work that failed may already be off the agenda.
  if (alarmTimes.retryAt > 0) return alarmTimes.retryAt;
  const deadline = nextDeadline(state);
  // A host that ticks makes checkpoints in its ticks, and needs no looks.
  if (state.platform.monotonic !== undefined) return deadline;
  return Math.min(deadline, state.checkpoints.dueAt, nextLookAt(state));
}

/**
 * Returns when the next look is due. On a host without a monotonic clock the alarm is a look: it fires often enough that a
 * late one reveals a gap in attention before a lease could end because of it.
 */
function nextLookAt({ alarmTimes, leases, time }: AlarmState): number {
  if (leases.size === 0) alarmTimes.nextLookAt = Number.POSITIVE_INFINITY;
  else alarmTimes.nextLookAt = Math.min(alarmTimes.nextLookAt, time.now() + lookIntervalMs(leases));
  return alarmTimes.nextLookAt;
}

/**
 * Plans the next look, during a look. Leases that are being renewed need a checkpoint soon, and one look for both saves an
 * alarm.
 *
 * @param areRenewed True if leases were renewed since the last look.
 */
export function planNextLook({ alarmTimes, leases }: AlarmState, now: number, areRenewed: boolean): void {
  const intervalMs = lookIntervalMs(leases);
  alarmTimes.nextLookAt = now + (areRenewed ? Math.min(intervalMs, CHECKPOINT_DELAY_MS) : intervalMs);
}

/** Returns the time between two looks, in milliseconds: a sixth of the shortest time to live, within bounds. */
export function lookIntervalMs({ shortestTtlMs }: Pick<AlarmState['leases'], 'shortestTtlMs'>): number {
  const sixth = Math.floor(shortestTtlMs / LOOKS_PER_TTL_COUNT);
  return Math.min(LOOK_INTERVAL_MAX_MS, Math.max(LOOK_INTERVAL_MIN_MS, sixth));
}
