import * as z from 'zod';
import { keyed } from './entry';
import { LeaseId } from './lease';
import { GRANTED_LEASE_TTL_MAX_MS, LEASE_TTL_MIN_MS, LOCK_DELAY_MAX_MS } from './limits';

/**
 * Surface whose clients chose the alias of a lease: an etcd client and a user of the native API may use the same number for
 * different leases.
 */
export type LeaseDoor = (typeof LEASE_DOORS)[number];

export const LEASE_DOORS = ['native', 'consul', 'etcd'] as const;

/** Body of a grant. */
export const LeaseGrantRequest = z
  .strictObject({
    ttlMs: z.int().min(LEASE_TTL_MIN_MS).max(GRANTED_LEASE_TTL_MAX_MS).nullable().meta({
      description: 'The lease ends this time after its last renewal; null: only when it is revoked',
    }),
    alias: LeaseId.optional().meta({ description: 'A number of your choice, by which calls find the lease too' }),
    lockDelayMs: z.int().min(0).max(LOCK_DELAY_MAX_MS).optional().meta({
      description:
        'No other lease acquires the locks of this one for so long after it has ended; 0 unless set. A lock that is released is free at once',
    }),
  })
  .meta({ id: 'LeaseGrant' });
export type LeaseGrantRequest = z.output<typeof LeaseGrantRequest>;

const count = (description: string) => z.int().meta({ description });

/** A granted lease as answers show it. */
export const GrantedLeaseView = z
  .object({
    id: z.string().meta({ description: 'Decimal number; opaque' }),
    alias: z.string().optional().meta({ description: 'Number that its client chose' }),
    ttlMs: z.int().nullable().meta({ description: 'null: it ends only when it is revoked' }),
    remainingMs: z
      .int()
      .nullable()
      .meta({ description: 'Time until it may end unless it is renewed; null without `ttlMs`' }),
    owner: z.string().meta({ description: 'Id of the token that was granted it' }),
    grantedAt: z.iso.datetime(),
    lockDelayMs: z.int().meta({ description: 'Time after its end for which its locks are not free' }),
    holds: z.object({
      entries: count('Entries that it holds'),
      instances: count('Instances that it holds'),
      locks: count('Locks that it holds'),
    }),
  })
  .meta({ id: 'GrantedLease' });
export type GrantedLeaseView = z.output<typeof GrantedLeaseView>;

/** A granted lease with what it holds. */
export const GrantedLeaseDetail = GrantedLeaseView.extend({
  entries: z.array(z.object(keyed)).meta({ description: 'Keys of its entries, in order, up to a thousand' }),
  locks: z.array(z.object(keyed)).meta({ description: 'Keys of the entries that it has locked, in order' }),
  instances: z
    .array(z.object({ group: z.string(), service: z.string(), id: z.string() }))
    .meta({ description: 'Its instances, up to a thousand' }),
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

/** A granted lease: its id, or the alias that its client chose. */
export interface LeaseName {
  lease: string;
  /** Surface that the alias belongs to; `native` unless set. */
  door?: LeaseDoor | undefined;
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
  /** As in {@link LeaseName}. */
  door?: LeaseDoor | undefined;
}

/** A read of a page of granted leases. */
export interface LeaseListCommand {
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}
