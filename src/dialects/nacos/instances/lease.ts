import { nacosError } from '../../../codecs/nacos/refusals';
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

/** Metadata keys with which an instance sets its own times, in milliseconds. */
const INTERVAL = 'preserved.heart.beat.interval';
const BEAT_TIMEOUT = 'preserved.heart.beat.timeout';
const DELETE_TIMEOUT = 'preserved.ip.delete.timeout';

/** A lease of a Nacos instance, in which all times are set. */
type LeaseGiven = Lease & { removeAfterMs: number };

/** Returns the lease for a beat interval: with Nacos' own times, or longer ones for a longer interval. */
function leaseBeaten(intervalMs: number): LeaseGiven {
  const ttlMs = Math.max(NACOS_BEAT_TIMEOUT_DEFAULT_MS, NACOS_BEATS_PER_TTL_COUNT * intervalMs);
  const removeAfterMs = Math.max(NACOS_DELETE_TIMEOUT_DEFAULT_MS, 2 * NACOS_BEATS_PER_TTL_COUNT * intervalMs);
  return { ttlMs, removeAfterMs, intervalMs };
}

/** Reports whether a lease is one of {@link leaseBeaten}. */
export function isBeaten({ ttlMs, removeAfterMs, intervalMs }: Lease): boolean {
  const given = leaseBeaten(intervalMs);
  return given.ttlMs === ttlMs && given.removeAfterMs === removeAfterMs;
}

/**
 * Returns the lease that an instance requests in its metadata. By default it is unhealthy after 15 s without a beat, and
 * removed after 30 s. If it would be removed before it is unhealthy, it is never unhealthy.
 *
 * @param beatMs Beat interval of the namespace for instances whose metadata sets no times.
 * @throws {RegistryError} `INVALID_REQUEST` for times that contradict each other, or exceed the limits of a lease.
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

/** Reads milliseconds; text that is not a whole number counts as absent, as in Nacos. */
const milliseconds = (text: string | undefined, other: number): number =>
  text !== undefined && /^\d+$/.test(text) ? Number(text) : other;

function assertBetween(name: string, ms: number, least: number, most: number): void {
  if (ms >= least && ms <= most) return;
  throw nacosError(
    'INSTANCE_ERROR',
    `Instance '${name}' must be between ${least} and ${most}, in milliseconds, got ${ms}.`,
  );
}
