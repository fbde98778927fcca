import {
  ATTENTION_HASTE_MS,
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CLOCK_JUMP_MIN_MS,
  LEASE_SLACK_MS,
  LOOK_LATE_MS,
  RECONNECT_SPREAD_MIN_MS,
  RECONNECT_SPREAD_PER_CLIENT_MS,
} from '../../../model/limits';
import type { Counters } from '../../platform/counters';
import type { Platform } from '../../platform/platform';
import type { Agenda } from './agenda';
import type { NamespaceTime } from './namespace-time';

/** Stored form of attention, in row 0 of a checkpoint. All times in milliseconds on the namespace's axis. */
export interface StoredAttention {
  /** Start of the latest stretch in which messages were taken in without a gap. */
  since: number;
  /** Attention before that stretch. Never 0, so that 0 can stand for "not asked" in the lease table. */
  attendedMs: number;
}

/**
 * Tracks how long the registry has listened.
 *
 * A registry that was frozen, restarted or cut off has not heard renewals that were sent in time, so it ends a lease only
 * after it has listened long enough to judge. A *gap* is a stretch in which nothing was taken in; attention counts the
 * time outside of gaps.
 *
 * Source: DESIGN.md section 5; design/decisions/0019-attention.md.
 */
export class Attention {
  #since: number;
  #attendedMs: number;
  #lastPass: number;
  #gaps = 0;
  #hasPassed = false;
  /** True if changes could be stored at the last pass. Otherwise changes are refused, and no lease ends. */
  wasStorable = true;
  /** Leases end after this, if they can wait: the registry has just come back from a pause that was too short for a gap. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  /** When the alarm that is armed is due. A host without a monotonic clock knows of a gap by an alarm that is overdue. */
  lookDueAt: number;

  /**
   * @param stored As the last checkpoint left it.
   * @param lastPass The latest moment at which the registry is known to have listened.
   * @param lookDueAt When the alarm is due; `-Infinity` where none is armed, though one should be.
   */
  constructor(stored: StoredAttention, lastPass: number, lookDueAt: number) {
    this.#since = stored.since;
    this.#attendedMs = stored.attendedMs;
    this.#lastPass = lastPass;
    this.lookDueAt = lookDueAt;
  }

  /** Start of the latest stretch without a gap. After a wake it lies ahead by the time that clients take to reconnect. */
  get since(): number {
    return this.#since;
  }

  get lastPass(): number {
    return this.#lastPass;
  }

  /** True if the registry has taken in anything since the namespace woke. */
  get hasPassed(): boolean {
    return this.#hasPassed;
  }

  get heldUntil(): number {
    return this.#heldUntil;
  }

  /** Gaps since the namespace woke. */
  get gaps(): number {
    return this.#gaps;
  }

  get stored(): StoredAttention {
    return { since: this.#since, attendedMs: this.#attendedMs };
  }

  /** Attention in all, in milliseconds, at `now`. */
  attendedAt(now: number): number {
    return this.#attendedMs + Math.max(0, now - this.#since);
  }

  /** Returns when `ms` of attention will have passed since it stood at `attendedMs`, if no gap comes between. */
  dueAfter(attendedMs: number, ms: number): number {
    return this.#since + attendedMs + ms - this.#attendedMs;
  }

  /** Notes that the registry takes in messages at `now`. */
  pass(now: number): void {
    this.#lastPass = now;
    this.#hasPassed = true;
  }

  /** Holds back ends of leases for a moment, after a pause in which renewals may have queued. */
  hold(now: number): void {
    this.#heldUntil = now + LEASE_SLACK_MS;
  }

  /** Adds attention that others paid on behalf of the namespace since the last pass, before the gap that is noted next. */
  credit(ms: number): void {
    this.#attendedMs += Math.max(0, Math.floor(ms));
  }

  /**
   * Notes that nothing was taken in between the last pass and `now`.
   *
   * @param spreadMs Time that clients were given to reconnect in; they are not expected to be heard before.
   */
  gap(now: number, spreadMs: number): void {
    this.#attendedMs += Math.max(0, this.#lastPass - this.#since);
    this.#since = Math.max(this.#since, now + spreadMs);
    this.#lastPass = now;
    this.#gaps += 1;
  }
}

/** The parts of a namespace that know whether the registry has listened. */
export interface AttentionState {
  readonly attention: Attention;
  readonly platform: Pick<Platform, 'monotonic' | 'log' | 'writeFault'>;
  readonly time: NamespaceTime;
  readonly agenda: Agenda;
  readonly leases: { readonly size: number };
  readonly sessions: { readonly size: number };
  /** Stores the attention, with the renewals until now. */
  readonly checkpoints: { close(): void };
  readonly counters: Pick<Counters, 'outages'>;
}

/**
 * Notes that the registry takes in messages, and finds out whether it has missed some. Call it first in every turn, alarm
 * and tick, before any renewal counts.
 *
 * @param alarmDueAt When the alarm that runs now was due, on the namespace's axis; absent outside of the alarm.
 * @returns Now, on the namespace's axis.
 */
export function notePass(state: AttentionState, alarmDueAt = Number.NEGATIVE_INFINITY): number {
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
  noteWhetherStorable(state, now);
  return now;
}

/**
 * Counts the time in which nothing could be stored as a gap, once it is over. Registrations were refused in it, and clients need
 * time to repeat them.
 */
function noteWhetherStorable(state: AttentionState, now: number): void {
  const { attention, platform, leases } = state;
  const isStorable = platform.writeFault?.() === undefined;
  const isOver = isStorable && !attention.wasStorable;
  attention.wasStorable = isStorable;
  if (isOver && leases.size > 0) beginStretch(state, now, 0);
}

/**
 * Returns for how long nothing may have been taken in, in milliseconds, beyond the time in which nothing had to be: by the
 * monotonic clock, or by how late the alarm is. Calls that come without a pause show that the registry listens, whatever
 * became of the alarm.
 */
function pauseBefore(
  { attention, platform }: Pick<AttentionState, 'attention' | 'platform'>,
  now: number,
  alarmDueAt: number,
): number {
  const silentMs = attention.hasPassed ? now - attention.lastPass : Number.POSITIVE_INFINITY;
  if (platform.monotonic !== undefined) return now - attention.lastPass - ATTENTION_PASS_MS;
  return Math.min(silentMs, now - Math.max(attention.lookDueAt, alarmDueAt));
}

/** True if a pause is so long that renewals may have been missed: a look more than this late, or a pass at least this late. */
function isGap({ platform }: Pick<AttentionState, 'platform'>, pausedMs: number): boolean {
  return platform.monotonic === undefined ? pausedMs > LOOK_LATE_MS : pausedMs >= ATTENTION_LATE_MS;
}

/** Begins a new stretch of attention, and stores it: nothing is answered before that is durable. */
export function noteGap(state: AttentionState, now: number, why: string, spreadMs = 0): void {
  const { attention, platform, leases } = state;
  const silentMs = now - attention.lastPass;
  beginStretch(state, now, spreadMs);
  platform.log('warn', 'leases end later: the registry did not listen', { why, silentMs, leases: leases.size });
}

function beginStretch(
  { attention, counters, checkpoints }: Pick<AttentionState, 'attention' | 'counters' | 'checkpoints'>,
  now: number,
  spreadMs: number,
): void {
  attention.gap(now, spreadMs);
  // An alarm that was missed says so once.
  attention.lookDueAt = Math.max(attention.lookDueAt, now);
  counters.outages += 1;
  checkpoints.close();
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
export function reconnectWithinMs(spreadMs: number, session: { readonly ttlMs: number } | undefined): number {
  return session === undefined ? spreadMs : Math.min(spreadMs, Math.floor(session.ttlMs / 2));
}
