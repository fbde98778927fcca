import type { Lease } from '../../../model/lease';
import {
  LEASE_REMOVE_AFTER_MAX_MS,
  LEASE_TTL_MAX_MS,
  LEASE_TTL_MIN_MS,
  NACOS_BEAT_INTERVAL_DEFAULT_MS,
  NACOS_BEAT_TIMEOUT_DEFAULT_MS,
  NACOS_BEATS_PER_TTL_COUNT,
  NACOS_DELETE_TIMEOUT_DEFAULT_MS,
} from '../../../model/limits';
import type { Metadata } from '../../../model/metadata';
import { nacosError } from '../wire/refusals';

/** Entries of an instance's metadata by which it sets its own times, in milliseconds. */
const INTERVAL = 'preserved.heart.beat.interval';
const BEAT_TIMEOUT = 'preserved.heart.beat.timeout';
const DELETE_TIMEOUT = 'preserved.ip.delete.timeout';

/** A lease of this door: all of its times are given. */
type LeaseGiven = Lease & { removeAfterMs: number };

/** The lease of an instance that beats at an interval of the door: Nacos' own, and a longer one where that is longer. */
function leaseBeaten(intervalMs: number): LeaseGiven {
  const ttlMs = Math.max(NACOS_BEAT_TIMEOUT_DEFAULT_MS, NACOS_BEATS_PER_TTL_COUNT * intervalMs);
  const removeAfterMs = Math.max(NACOS_DELETE_TIMEOUT_DEFAULT_MS, 2 * NACOS_BEATS_PER_TTL_COUNT * intervalMs);
  return { ttlMs, removeAfterMs, intervalMs };
}

/** Tells whether a lease is one that {@link leaseBeaten} gives. */
export function isBeaten({ ttlMs, removeAfterMs, intervalMs }: Lease): boolean {
  const given = leaseBeaten(intervalMs);
  return given.ttlMs === ttlMs && given.removeAfterMs === removeAfterMs;
}

/**
 * The lease that an instance asks for by its metadata: unhealthy after 15 s without a beat, gone after 30 s, unless it
 * says otherwise. One that would be gone before it is unhealthy is never unhealthy.
 *
 * @param beatMs How often the namespace wants instances to beat that say nothing of their times.
 * @throws {RegistryError} `INVALID_REQUEST` for times that go not together, and for those that no lease may have.
 */
export function leaseOf(metadata: Metadata, beatMs = NACOS_BEAT_INTERVAL_DEFAULT_MS): LeaseGiven {
  if (!(INTERVAL in metadata || BEAT_TIMEOUT in metadata || DELETE_TIMEOUT in metadata)) return leaseBeaten(beatMs);
  const intervalMs = milliseconds(metadata[INTERVAL], NACOS_BEAT_INTERVAL_DEFAULT_MS);
  const ttlMs = milliseconds(metadata[BEAT_TIMEOUT], NACOS_BEAT_TIMEOUT_DEFAULT_MS);
  const removeAfterMs = milliseconds(metadata[DELETE_TIMEOUT], NACOS_DELETE_TIMEOUT_DEFAULT_MS);
  if (ttlMs < intervalMs || removeAfterMs < intervalMs) {
    throw nacosError(
      'INSTANCE_ERROR',
      "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
    );
  }
  assertBetween(INTERVAL, intervalMs, 1, LEASE_TTL_MAX_MS);
  assertBetween(BEAT_TIMEOUT, ttlMs, LEASE_TTL_MIN_MS, LEASE_TTL_MAX_MS);
  assertBetween(DELETE_TIMEOUT, removeAfterMs, LEASE_TTL_MIN_MS, LEASE_REMOVE_AFTER_MAX_MS);
  return { ttlMs: Math.min(ttlMs, removeAfterMs), removeAfterMs, intervalMs };
}

/** As Nacos reads it: what is no whole number is as if it were not there. */
const milliseconds = (text: string | undefined, other: number): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : other;

function assertBetween(name: string, ms: number, least: number, most: number): void {
  if (ms >= least && ms <= most) return;
  throw nacosError(
    'INSTANCE_ERROR',
    `Instance '${name}' must be between ${least} and ${most}, in milliseconds, got ${ms}.`,
  );
}
