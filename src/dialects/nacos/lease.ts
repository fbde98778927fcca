import type { LeaseRequest } from '../../model/lease';
import {
  LEASE_REMOVE_AFTER_MAX_MS,
  LEASE_TTL_MAX_MS,
  LEASE_TTL_MIN_MS,
  NACOS_BEAT_INTERVAL_DEFAULT_MS,
  NACOS_BEAT_TIMEOUT_DEFAULT_MS,
  NACOS_DELETE_TIMEOUT_DEFAULT_MS,
} from '../../model/limits';
import type { Metadata } from '../../model/metadata';
import { nacosError } from './nacos-error';

/** Entries of an instance's metadata by which it sets its own times, in milliseconds. */
const INTERVAL = 'preserved.heart.beat.interval';
const BEAT_TIMEOUT = 'preserved.heart.beat.timeout';
const DELETE_TIMEOUT = 'preserved.ip.delete.timeout';

const DEFAULT_LEASE: LeaseRequest = {
  ttlMs: NACOS_BEAT_TIMEOUT_DEFAULT_MS,
  removeAfterMs: NACOS_DELETE_TIMEOUT_DEFAULT_MS,
  intervalMs: NACOS_BEAT_INTERVAL_DEFAULT_MS,
};

/**
 * The lease that an instance asks for by its metadata: unhealthy after 15 s without a beat, gone after 30 s, unless it
 * says otherwise. One that would be gone before it is unhealthy is never unhealthy.
 *
 * @throws {RegistryError} `INVALID_REQUEST` for times that go not together, and for those that no lease may have.
 */
export function leaseOf(metadata: Metadata): LeaseRequest {
  if (!(INTERVAL in metadata || BEAT_TIMEOUT in metadata || DELETE_TIMEOUT in metadata)) return DEFAULT_LEASE;
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
