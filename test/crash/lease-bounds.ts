import { lookIntervalMs } from '../../src/core/namespace/leases/expiry';
import { LEASE_SLACK_MS, LOOK_LATE_MS, RECONNECT_SPREAD_MIN_MS } from '../../src/model/limits';

/** A time during which the registry did not listen, in milliseconds since the epoch. Infinity is what is not known yet. */
export interface Outage {
  /** From when on it may not have listened. */
  from: number;
  /** When it was down for certain; Infinity if its process only stood still. */
  downBy: number;
  /** Until when its process stood still for certain; absent where it died. */
  frozenUntil?: number;
  /** When it answered again for certain. */
  until: number;
}

/** A lease, as its holder knows it. Times are milliseconds since the epoch, lengths are milliseconds. */
export interface HeldLease {
  ttlMs: number;
  removeAfterMs: number;
  /** When its last acknowledged renewal, or its registration, was sent. */
  sentAt: number;
  /** When the answer to that was there. */
  answeredAt: number;
  /** True if that was a registration, which no crash loses: the last renewals before a crash may be lost. */
  isRegistration?: boolean;
}

/** When a read may show something at the earliest, and has to at the latest: no read shows a lapsed lease as alive. */
export interface Bounds {
  earliest: number;
  latest: number;
}

/** A lease ends this long after its limit at the latest, where the machine has time for it. */
const ENDS_WITHIN_MS = 1_000;

/** A freeze has to be longer than a look by this to be seen for certain. */
const SEEN_BY_MS = LOOK_LATE_MS + 500;

/** A registry whose renewals were lost listens for this long before it ends a lease, whatever came before. */
const LISTENS_AT_LEAST_MS = 1_000;

/** Time that a busy machine may add to the end of a lease: it makes the registry late, which is a gap like any other. */
const busyMs = ({ ttlMs }: HeldLease) => 5_000 + ttlMs;

/**
 * Bounds the end of a lease that is not renewed: `ttlMs` or `removeAfterMs` after its last renewal, or, where that is
 * later, once the registry has listened for a `ttlMs` after an outage (design/decisions/0019-attention.md).
 *
 * *Earliest*: never before its limit, and a freeze that the registry must see gives it a whole `ttlMs` after that. Only
 * where a crash may have lost the last renewal the registry knows no more than that it has listened for a while. An
 * outage that is shorter than the time between two looks may pass unseen, so that it moves nothing for certain.
 *
 * *Latest*: each outage may have been seen. Nothing is too late while one lasts.
 *
 * @param after `ttlMs` for the end of its health, `removeAfterMs` for its removal.
 * @param outages In their order.
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
