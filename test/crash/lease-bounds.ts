import { lookIntervalMs } from '../../src/core/namespace/leases/expiry';
import { LEASE_SLACK_MS, LOOK_LATE_MS, RECONNECT_SPREAD_MIN_MS } from '../../src/model/limits';

/** A period in which the registry did not listen, in milliseconds since the epoch. Infinity stands for an unknown time. */
export interface Outage {
  /** Earliest time at which it may have stopped listening. */
  from: number;
  /** Time at which it was certainly down; Infinity if its process only stood still. */
  downBy: number;
  /** Time until which its process certainly stood still; absent if it died. */
  frozenUntil?: number;
  /** Time at which it certainly answered again. */
  until: number;
}

/** A lease as its holder knows it. Times are milliseconds since the epoch, durations are milliseconds. */
export interface HeldLease {
  ttlMs: number;
  removeAfterMs: number;
  /** Time at which its last acknowledged renewal, or its registration, was sent. */
  sentAt: number;
  /** Time at which the response to that arrived. */
  answeredAt: number;
  /** True if that was a registration, which no crash loses, unlike the last renewals before a crash. */
  isRegistration?: boolean;
}

/**
 * Earliest time at which a read may show something, and latest time at which it must: no read shows an expired lease as
 * alive.
 */
export interface Bounds {
  earliest: number;
  latest: number;
}

/** Longest time from the limit of a lease to its end, unless the machine is busy. */
const ENDS_WITHIN_MS = 1_000;

/** Time by which a freeze must be longer than a look to be detected for certain. */
const SEEN_BY_MS = LOOK_LATE_MS + 500;

/** Shortest time for which a registry whose renewals were lost listens before it ends a lease, whatever came before. */
const LISTENS_AT_LEAST_MS = 1_000;

/** Time that a busy machine may add to the end of a lease: the registry is late, which counts as a gap. */
const busyMs = ({ ttlMs }: HeldLease) => 5_000 + ttlMs;

/**
 * Bounds the end of a lease that is not renewed: `ttlMs` or `removeAfterMs` after its last renewal, or, if that is
 * later, once the registry has listened for `ttlMs` after an outage (design/decisions/0019-attention.md).
 *
 * *Earliest*: never before its limit, and a full `ttlMs` after a freeze that the registry must detect. If a crash may have
 * lost the last renewal, the only certainty is that the registry has listened for a while. An outage shorter than the
 * time between two looks may go undetected, so it moves no bound for certain.
 *
 * *Latest*: any outage may have been detected. Nothing is too late during one.
 *
 * @param after `ttlMs` for the end of its health, `removeAfterMs` for its removal.
 * @param outages In chronological order.
 */
export function leaseBounds(lease: HeldLease, after: number, outages: readonly Outage[]): Bounds {
  const { ttlMs, removeAfterMs, sentAt, answeredAt, isRegistration = false } = lease;
  const seenFromMs = lookIntervalMs({ shortestTtlMs: ttlMs }) + SEEN_BY_MS;
  let earliest = sentAt + after + LEASE_SLACK_MS;
  let latest = answeredAt + after + ENDS_WITHIN_MS;
  for (const { from, frozenUntil = from, until } of outages) {
    if (until <= sentAt || from > latest + busyMs(lease)) continue;
    latest = Math.max(latest, until + RECONNECT_SPREAD_MIN_MS + ttlMs + ENDS_WITHIN_MS);
    const isCrash = frozenUntil === from;
    if (isCrash && !isRegistration) earliest = Math.min(earliest, from + LISTENS_AT_LEAST_MS);
    const isHeld = answeredAt < from && from < sentAt + Math.min(ttlMs, removeAfterMs);
    if (isHeld && frozenUntil - from >= seenFromMs) earliest = Math.max(earliest, frozenUntil + ttlMs);
  }
  return { earliest, latest: latest + busyMs(lease) };
}
