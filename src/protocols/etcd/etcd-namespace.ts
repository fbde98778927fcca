import type { EntryContent, EntryRange } from '../../model/entry';
import type { RegistryError } from '../../model/errors';
import type { Grant } from '../../model/grant';
import type { GrantedLeaseDetail, GrantedLeaseView, GrantLeaseCommand } from '../../model/granted-lease';
import type { KeyInterval } from '../../model/key-interval';
import type { EntryRangeCommand } from '../../model/namespace-api';
import type { Transaction } from '../../model/transaction';
import type { TransactionReport } from '../../model/transaction-report';

/** An answer, and the revision of the namespace at that moment. Revisions here are those of the registry. */
export interface Known<T> {
  revision: number;
  body: T;
}

/** A range to read; revisions are those of the registry. */
export type RangeCommand = Pick<
  EntryRangeCommand,
  'interval' | 'limit' | 'order' | 'descending' | 'keysOnly' | 'countOnly'
> & {
  /** Read the range as it was at this revision. */
  atRevision?: number | undefined;
};

/** A change of an entry, as a watch receives it. */
export interface EntryChange {
  type: 'put' | 'delete';
  /** One character a byte. */
  key: string;
  /** Set for a put. */
  after?: EntryContent | undefined;
  /** Null if there was no entry; absent if it was not requested. */
  before?: EntryContent | null | undefined;
}

/** Why a watch has ended. */
export type WatchEnd =
  /** Its changes are no longer in the history, which goes back to this revision. */
  | { kind: 'compacted'; revision: number }
  | { kind: 'refused'; error: RegistryError }
  /** The registry is away, or closed the connection. */
  | { kind: 'lost' };

/** Receives what happens on a watch. */
export interface EntryWatchListener {
  /** The watch has begun: it gets all changes after this revision. */
  begun(revision: number): void;
  /** All changes of one revision that are in the interval. */
  changed(revision: number, changes: readonly EntryChange[]): void;
  /** There are no further changes up to this revision. */
  reached(revision: number): void;
  /** Nothing follows. */
  ended(reason: WatchEnd): void;
}

/** A watch of keys. */
export interface EntryWatch {
  /** Asks for the revision up to which there are no further changes: `reached` is called soon. */
  sync(): void;
  close(): void;
}

/** Keys and beginning of a watch. */
export interface EntryWatchRequest {
  interval: KeyInterval;
  /** Revision after which it begins; absent: the newest one. One that does not exist yet counts as the newest. */
  after?: number | undefined;
  /** Changes have the entries before them. */
  previous: boolean;
}

/** Watches of one client, who reads them all at the same pace. */
export interface EntryWatches {
  watch(request: EntryWatchRequest, listener: EntryWatchListener): EntryWatch;
  /** The client reads nothing at the moment: the registry is to keep what follows. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** A renewal of a lease: the time until it ends, or undefined if there is no such lease. */
export interface RenewedLease {
  remainingMs: number | undefined;
}

/**
 * The calls of one namespace that etcd's operations consist of, on behalf of one caller, whose permissions they check.
 *
 * All throw {@link RegistryError}. Leases are named by their id or by the alias that a client of etcd has chosen.
 */
export interface EtcdNamespace {
  /** Id of the namespace. */
  readonly id: string;
  /** Name of the caller's token, and what it may do. */
  readonly grants: readonly Grant[];
  transaction(transaction: Transaction): Promise<TransactionReport>;
  /** A read of the past has its own revision, and not the newest one. */
  range(command: RangeCommand): Promise<Known<EntryRange>>;
  /** Drops the history of entries up to a revision. `COMPACTED` if that has been dropped before. */
  compact(revision: number): Promise<Known<undefined>>;
  grantLease(command: GrantLeaseCommand): Promise<Known<GrantedLeaseView>>;
  renewLease(lease: string): Promise<Known<RenewedLease>>;
  /** The body is undefined if there is no such lease. */
  readLease(lease: string): Promise<Known<GrantedLeaseDetail | undefined>>;
  /** Returns the leases that were granted through etcd's API. */
  listLeases(): Promise<Known<readonly GrantedLeaseView[]>>;
  revokeLease(lease: string): Promise<Known<undefined>>;
  /** Begins to watch for a client. */
  openWatches(): EntryWatches;
}
