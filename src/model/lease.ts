import * as z from 'zod';
import { isPlainObject, withFastPath } from './fast-path';
import {
  HEARTBEATS_PER_TTL_COUNT,
  LEASE_REMOVE_AFTER_MAX_MS,
  LEASE_TTL_DEFAULT_MS,
  LEASE_TTL_MAX_MS,
  LEASE_TTL_MIN_MS,
} from './limits';

/** Terms of a lease. All times are milliseconds since the last renewal. */
export interface Lease {
  /** After this time without a renewal the instance is unhealthy. */
  ttlMs: number;
  /** After this time without a renewal the instance is removed; null: never. */
  removeAfterMs: number | null;
  /** Suggested time between renewals, by default a third of the time to live. */
  intervalMs: number;
  /** Replaces `removeAfterMs` until the first renewal. Only the Eureka dialect sets it. */
  firstRemoveAfterMs?: number;
  /** Id of the granted lease that holds the instance; absent if the lease is its own. */
  id?: string;
}

const milliseconds = (least: number, most: number) => z.int().min(least).max(most);

const isWithin64Bits = (id: string): boolean =>
  [BigInt.asIntN, BigInt.asUintN].some((as) => as(64, BigInt(id)) === BigInt(id));

/**
 * Id of a granted lease, or the alias that its client chose: a decimal number of 64 bits, signed or not. Opaque to clients, and text, as
 * JavaScript's numbers have 53 bits.
 */
export const LeaseId = z
  .string()
  .regex(/^(?:0|-?[1-9][0-9]{0,19})$/, 'must be a decimal number of at most 20 digits')
  .refine((id) => id.length < 19 || !/^-?[0-9]+$/.test(id) || isWithin64Bits(id), 'must be within 64 bits')
  .meta({ example: '4185296581467695' });

/** Lease that a registration requests; every member is optional. */
export const LeaseRequest = withFastPath(
  z
    .strictObject({
      ttlMs: milliseconds(LEASE_TTL_MIN_MS, LEASE_TTL_MAX_MS)
        .optional()
        .meta({ description: 'Unhealthy after this time; 30 s by default' }),
      removeAfterMs: milliseconds(LEASE_TTL_MIN_MS, LEASE_REMOVE_AFTER_MAX_MS)
        .nullable()
        .optional()
        .meta({ description: 'Removed after this time; `ttlMs` by default, null: never' }),
      intervalMs: milliseconds(1, LEASE_TTL_MAX_MS)
        .optional()
        .meta({ description: 'Suggested time between renewals; a third of `ttlMs` by default' }),
      firstRemoveAfterMs: milliseconds(LEASE_TTL_MIN_MS, LEASE_REMOVE_AFTER_MAX_MS)
        .optional()
        .meta({ description: 'Replaces `removeAfterMs` until the first renewal' }),
      id: LeaseId.optional().meta({
        description: 'Id of a granted lease, which holds the instance. Its times replace the others',
      }),
    })
    .check((payload) => {
      const { ttlMs = LEASE_TTL_DEFAULT_MS, removeAfterMs, intervalMs } = payload.value;
      if (removeAfterMs !== undefined && removeAfterMs !== null && removeAfterMs < ttlMs) {
        payload.issues.push({
          code: 'custom',
          path: ['removeAfterMs'],
          message: `removeAfterMs (${removeAfterMs}) must not be less than ttlMs (${ttlMs})`,
          input: removeAfterMs,
        });
      }
      if (intervalMs !== undefined && intervalMs > ttlMs) {
        payload.issues.push({
          code: 'custom',
          path: ['intervalMs'],
          message: `intervalMs (${intervalMs}) must not be more than ttlMs (${ttlMs})`,
          input: intervalMs,
        });
      }
    })
    .meta({ description: 'Times since the last renewal, in milliseconds; `removeAfterMs: null` never removes' }),
  (value) => {
    // A time to live and nothing else, as nearly all requests have it.
    if (!isPlainObject(value)) return undefined;
    for (const member in value) if (member !== 'ttlMs') return undefined;
    const { ttlMs } = value;
    if (typeof ttlMs !== 'number' || !Number.isInteger(ttlMs)) return undefined;
    return ttlMs >= LEASE_TTL_MIN_MS && ttlMs <= LEASE_TTL_MAX_MS ? { ttlMs } : undefined;
  },
);
export type LeaseRequest = z.output<typeof LeaseRequest>;

/** A lease as responses show it. */
export const LeaseView = z.object({
  ttlMs: z.int(),
  removeAfterMs: z.int().nullable(),
  intervalMs: z.int(),
  firstRemoveAfterMs: z.int().optional(),
  id: z.string().optional().meta({ description: 'Id of the granted lease that holds the instance' }),
});

/** Returns the requested lease with defaults: 30 s to live, removal at that time, a heartbeat every third of it. */
export function grantLease(request: LeaseRequest | null | undefined): Lease {
  const ttlMs = request?.ttlMs ?? LEASE_TTL_DEFAULT_MS;
  return {
    ttlMs,
    removeAfterMs: request?.removeAfterMs === undefined ? ttlMs : request.removeAfterMs,
    intervalMs: request?.intervalMs ?? Math.floor(ttlMs / HEARTBEATS_PER_TTL_COUNT),
    ...(request?.firstRemoveAfterMs === undefined ? {} : { firstRemoveAfterMs: request.firstRemoveAfterMs }),
    ...(request?.id === undefined ? {} : { id: request.id }),
  };
}
