import * as z from 'zod';
import { keyed } from './entry';
import { LeaseId } from './lease';
import { GRANTED_LEASE_TTL_MAX_MS, HEARTBEAT_INSTANCES_MAX_COUNT, LEASE_TTL_MIN_MS, LOCK_DELAY_MAX_MS } from './limits';

/**
 * Surface whose clients chose the alias of a lease: an etcd client and a user of the native API may use the same number for
 * different leases.
 */
export const LEASE_DOORS = ['native', 'consul', 'etcd'] as const;

export const LeaseDoor = z
  .enum(LEASE_DOORS)
  .meta({ description: 'Surface whose clients chose the alias; `native`, which is this API, by default' });
export type LeaseDoor = z.output<typeof LeaseDoor>;

/** Explains a missing time to live: the message of a number would not mention null. */
const explainMissingTtl = ({ input }: { input?: unknown }): string | undefined =>
  input === undefined
    ? 'give a time in milliseconds, or null for a lease that ends only when it is revoked'
    : undefined;

/** Body of a grant. */
export const LeaseGrantRequest = z
  .strictObject({
    ttlMs: z.int({ error: explainMissingTtl }).min(LEASE_TTL_MIN_MS).max(GRANTED_LEASE_TTL_MAX_MS).nullable().meta({
      description: 'Time after which the lease ends unless it is renewed; null: it ends only when it is revoked',
    }),
    alias: LeaseId.optional().meta({
      description: 'A decimal number of your choice, which other calls accept in place of the id',
    }),
    door: LeaseDoor.optional(),
    lockDelayMs: z.int().min(0).max(LOCK_DELAY_MAX_MS).optional().meta({
      description:
        'Time after the end of the lease in which no other lease acquires its locks; 0 unless set. A lock that is released is free at once',
    }),
  })
  .meta({ id: 'LeaseGrant' });
export type LeaseGrantRequest = z.output<typeof LeaseGrantRequest>;

const count = (description: string) => z.int().meta({ description });

/** A granted lease in a response. */
export const GrantedLeaseView = z
  .object({
    id: z.string().meta({ description: 'Opaque decimal number' }),
    door: z.enum(LEASE_DOORS).optional().meta({
      description: 'Protocol of the client that it was granted to; absent for this API',
    }),
    data: z.string().optional().meta({ description: 'Data of that protocol, which this API does not show' }),
    alias: z.string().optional().meta({ description: 'Number that the client chose' }),
    ttlMs: z.int().nullable().meta({ description: 'null: it ends only when it is revoked' }),
    remainingMs: z
      .int()
      .nullable()
      .meta({ description: 'Time until it ends unless it is renewed; null if `ttlMs` is null' }),
    owner: z.string().meta({ description: 'Id of the token to which it was granted' }),
    grantedAt: z.iso.datetime(),
    lockDelayMs: z.int().meta({ description: 'Time after its end in which its locks are not free' }),
    holds: z.object({
      entries: count('Number of entries that it holds'),
      instances: count('Number of instances that it holds'),
      locks: count('Number of locks that it holds'),
    }),
  })
  .meta({ id: 'GrantedLease' });
export type GrantedLeaseView = z.output<typeof GrantedLeaseView>;

/** A granted lease with what it holds. */
export const GrantedLeaseDetail = GrantedLeaseView.extend({
  entries: z.array(z.object(keyed)).meta({ description: 'Keys that it holds, in order; at most a thousand' }),
  locks: z.array(z.object(keyed)).meta({ description: 'Keys of the entries that it has locked, in order' }),
  instances: z
    .array(z.object({ group: z.string(), service: z.string(), id: z.string() }))
    .meta({ description: 'Instances that it holds; at most a thousand' }),
}).meta({ id: 'GrantedLeaseDetail' });
export type GrantedLeaseDetail = z.output<typeof GrantedLeaseDetail>;

/** A page of granted leases, by id. */
export const GrantedLeaseList = z
  .object({
    leases: z.array(GrantedLeaseView),
    next: z.string().optional().meta({ description: 'Pass it as `after` to continue' }),
  })
  .meta({ id: 'GrantedLeaseList' });
export type GrantedLeaseList = z.output<typeof GrantedLeaseList>;

/** Renewals of several granted leases. */
export const LeaseRenewals = z.strictObject({
  leases: z
    .array(
      z.strictObject({
        lease: LeaseId,
        door: LeaseDoor.optional(),
        ageMs: z.int().min(0).max(GRANTED_LEASE_TTL_MAX_MS).optional().meta({
          description: 'Time since the holder of the lease was last heard: its time to live counts from then on',
        }),
      }),
    )
    .min(1)
    .max(HEARTBEAT_INSTANCES_MAX_COUNT),
});

/** Response to {@link LeaseRenewals}. */
export const LeaseRenewalReport = z.object({
  renewed: z.array(
    z.object({
      lease: z.string().meta({ description: 'As it was named' }),
      remainingMs: z
        .int()
        .nullable()
        .meta({ description: 'Time until it ends; null: it ends only when it is revoked' }),
    }),
  ),
  unknown: z.array(z.string()).meta({ description: 'Leases that have ended, or never existed' }),
});
export type LeaseRenewalReport = z.output<typeof LeaseRenewalReport>;

/** A granted lease: its id, or the alias that its client chose. */
export interface LeaseName {
  lease: string;
  /** Surface that the alias belongs to; `native` unless set. */
  door?: LeaseDoor | undefined;
}

/** One renewal of several. */
export interface LeaseRenewal extends LeaseName {
  /** Time since the holder of the lease was last heard; 0 unless set. */
  ageMs?: number | undefined;
}

/** The change that a put makes to the lock of its entry; without a lease to acquire or release it, it stays as it is. */
export interface LockChange {
  /** Granted lease that acquires it. */
  acquire?: string | undefined;
  /** Granted lease that releases it. */
  release?: string | undefined;
  /** Surface that the aliases of the put's leases belong to; `native` unless set. */
  door?: LeaseDoor | undefined;
}

/** A request for a lease. */
export interface GrantLeaseCommand {
  /** Null: it ends only when it is revoked. */
  ttlMs: number | null;
  alias?: string | undefined;
  /** Time after its end for which no other lease acquires its locks; 0 unless set. */
  lockDelayMs?: number | undefined;
  /** Text that the lease keeps for its door, at most `LEASE_DATA_MAX_BYTES`. */
  data?: string | undefined;
  /** As in {@link LeaseName}. */
  door?: LeaseDoor | undefined;
}

/** A read of a page of granted leases. */
export interface LeaseListCommand {
  /** Only leases that were granted through this surface, with their data. */
  door?: LeaseDoor | undefined;
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}
