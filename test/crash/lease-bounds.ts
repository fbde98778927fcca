/** A time during which the registry was down, in milliseconds since the epoch. Infinity is what is not known yet. */
export interface Outage {
  /** From when on it may have been down. */
  from: number;
  /** When it was down for certain. */
  downBy: number;
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
}

/** When a read may show something at the earliest, and has to at the latest: no read shows a lapsed lease as alive. */
export interface Bounds {
  earliest: number;
  latest: number;
}

/** A holder that is heard again after one more outage has this share of its time to live left, if not all of it. */
const LEFT_SHARE = 1 / 2;

/**
 * What has lapsed is taken away by the next read or by an alarm, which may be late by this time. A crash meanwhile finds
 * it there, and can't know that nobody has renewed it.
 */
const SWEPT_WITHIN_MS = 3_000;

/**
 * When a lease that is not renewed ends: `ttlMs` or `removeAfterMs` after the moment that it counts from, which each
 * outage may move (design/decisions/0002-deafness.md). The first one since the last renewal moves it to its end. Later
 * ones move it by what may have been deaf; at outages a few seconds apart that may be all the time between them, so all
 * that can be said is that it is never moved beyond their end, and that half of the time to live is left.
 *
 * @param after `ttlMs` for the end of its health, `removeAfterMs` for its removal.
 * @param outages In their order.
 */
export function leaseBounds(lease: HeldLease, after: number, outages: readonly Outage[]): Bounds {
  let countedAtLeastFrom = lease.sentAt;
  let countedAtMostFrom = lease.answeredAt;
  let isFirst = true;
  for (const { from, downBy, until } of outages) {
    const mayBeThere = from <= countedAtMostFrom + lease.removeAfterMs + SWEPT_WITHIN_MS;
    if (until <= lease.sentAt || !mayBeThere) continue;
    const isHealthy = downBy < countedAtLeastFrom + lease.ttlMs;
    const moved = isFirst ? from : from - lease.ttlMs * (1 - LEFT_SHARE);
    if (isHealthy) countedAtLeastFrom = Math.max(countedAtLeastFrom, moved);
    countedAtMostFrom = Math.max(countedAtMostFrom, until);
    isFirst = false;
  }
  return { earliest: countedAtLeastFrom + after, latest: countedAtMostFrom + after };
}
