import type { GrantedLeaseDetail, GrantedLeaseList, GrantedLeaseView, LeaseDoor } from './granted-lease';
import type { Answer, Caller } from './namespace-api';

/** A granted lease: its id, or the alias that its client chose. */
export interface LeaseName {
  lease: string;
  /** Surface that the alias belongs to; `native` unless set. */
  door?: LeaseDoor | undefined;
}

/** A request for a lease. */
export interface GrantLeaseCommand {
  /** Null: it ends only when it is revoked. */
  ttlMs: number | null;
  alias?: string | undefined;
  /** As in {@link LeaseName}. */
  door?: LeaseDoor | undefined;
}

/** A read of a page of granted leases. */
export interface LeaseListCommand {
  limit?: number | undefined;
  /** The `next` of the previous page. */
  after?: string | undefined;
}

/** Operations on granted leases: the part of `NamespaceApi` that is about them. */
export interface LeaseApi {
  /**
   * Grants a lease, which entries and instances can be held by: they are deleted in one revision when it ends. It makes no
   * revision itself. `CONFLICT`: another lease has the alias.
   */
  grantLease(caller: Caller, command: GrantLeaseCommand): Promise<Answer<GrantedLeaseView>>;
  /**
   * Renews a granted lease: its time to live starts again. `LEASE_NOT_FOUND`: it has ended. `FORBIDDEN`: another token was
   * granted it, and the caller does not operate the namespace.
   */
  renewLease(caller: Caller, command: LeaseName): Promise<Answer<GrantedLeaseView>>;
  /** Returns a granted lease with what it holds. Refuses as {@link renewLease} does. */
  readLease(caller: Caller, command: LeaseName): Promise<Answer<GrantedLeaseDetail>>;
  /** Lists the granted leases of the caller, or all if it operates the namespace. */
  listLeases(caller: Caller, command: LeaseListCommand): Promise<Answer<GrantedLeaseList>>;
  /** Ends a granted lease, with everything that it holds. Refuses as {@link renewLease} does. */
  revokeLease(caller: Caller, command: LeaseName): Promise<{ cursor: string }>;
}
