import type { InstanceKey } from '../../../model/batch';
import type { WatchedChange } from '../../../model/frames';
import type { Cause } from '../../../model/history';
import type { Counters } from '../../platform/counters';
import type { Agenda } from '../time/agenda';
import type { NamespaceTime } from '../time/namespace-time';
import type { Catalog } from './catalog';
import type { GrantedLease, InstanceEntry, ServiceEntry, SessionEntry } from './catalog-entries';
import type { StoredCheckpoint } from './checkpoints';
import type { GrantedLeases } from './granted-leases';
import type { LeaseTable } from './lease-table';
import type { InstanceRecord, LeaseTerms, OverrideRecord, RecordKey, RecordKindName, RecordText } from './records';
import type { LeaseHolder, SessionTable } from './session-table';

/**
 * Descriptor of one kind of record: its key in memory, its text and row, how a change is applied, and how a wake loads it.
 * `record-kinds.ts` lists all kinds; code that treats them alike uses the descriptor. A new kind begins with a descriptor.
 *
 * The members are methods, not functions, so that the descriptor of one kind is assignable to the list of all: a change
 * names the kind of its record, so a descriptor only ever receives records of its own kind.
 *
 * @template Content The record, decoded.
 */
export interface RecordKind<Content> {
  readonly name: RecordKindName;
  /** Its number in the column `kind`. A wake loads rows in the order of these numbers. */
  readonly number: number;

  /** Returns the record as it is stored, journaled and, for instances, held in memory. */
  encode(record: Content): string;
  decode(text: string): Content;
  /** Returns the id of the token that a record counts against; empty if it is unknown. */
  holderIn(text: string): string;

  /** Finds a record in memory. `id` is empty for a service. */
  find(service: ServiceEntry, id: string): RecordText | undefined;
  /** Finds a record in memory, and decodes it. */
  read(service: ServiceEntry, id: string): RecordState<Content> | undefined;

  /** Returns whether even a full namespace accepts a change. Absent if there is no such change. */
  needsNoRoom?(record: Content, text: string): boolean;
  /** Returns how the lease of a record was renewed, for the journal, if the change ends that. Call it before `apply`. */
  renewalsUntil?(
    memory: RecordMemory,
    service: ServiceEntry,
    change: Pick<AppliedChange<Content>, 'id' | 'cause' | 'after'>,
  ): JournaledRenewals | undefined;
  /** Applies a change in memory. Returns the columns of its row that don't follow from its text and key. */
  apply(
    memory: RecordMemory,
    service: ServiceEntry,
    change: AppliedChange<Content>,
    commit: CommitMoment,
  ): Partial<RowColumns>;

  /** Returns a change as watchers see it; undefined if it shows nowhere. */
  watched(key: InstanceKey, record: Content | null, then: RecordsThen): WatchedChange | undefined;

  /** Loads a record from its row. `text` is the value of the row, which is not null. */
  load(waking: WakingMemory, service: ServiceEntry, row: RecordRow, text: string): void;
  /** Loads the row of a record that was removed. */
  loadHead?(waking: WakingMemory, service: ServiceEntry, row: RecordRow): void;
  /** Adds the duties of a service's records to the agenda, once all are loaded. */
  schedule?(memory: Pick<RecordMemory, 'agenda' | 'time'>, service: ServiceEntry, waking: WakingMemory): void;
}

/** A decoded record with its revision: 0 until the command that made it is committed. */
export interface RecordState<Content> {
  record: Content;
  revision: number;
}

/** The records of a namespace right after a revision. */
export interface RecordsThen {
  readonly revision: number;
  /** Stamp of the revision, in milliseconds since the epoch. */
  readonly at: number;
  instance(key: InstanceKey): RecordState<InstanceRecord> | undefined;
  override(key: InstanceKey): RecordState<OverrideRecord> | undefined;
}

/** A change that is ready to be applied. */
export interface AppliedChange<Content> {
  id: string;
  cause: Cause;
  /** Null if it is removed; its text is then also null. */
  record: Content | null;
  after: string | null;
  /** True if the lease starts again now. */
  renewed?: boolean;
}

/** The commit that applies a change. */
export interface CommitMoment {
  revision: number;
  /** On the namespace's axis. */
  now: number;
}

/** Time of a lease's last renewal, by the clock, and the longest known time between two renewals since `gapsSince`. */
export interface JournaledRenewals {
  lastAt: number;
  longestGapMs: number;
  gapsSince: number;
}

/** A row of the table `record`. */
export interface RecordRow extends RecordKey, RowColumns {
  revision: number;
  /** The record; null if only the head of a removed one is left. */
  value: string | null;
}

/** The columns of a row that a kind fills. */
export interface RowColumns {
  flags: number;
  /** Slot in the lease table; null without a lease. */
  lease: number | null;
  /** Terms of the lease, as encoded by `leaseText`: null for the default ones. */
  leaseTerms: string | null;
  /** Time of the last renewal that this row knows of, or of the record's removal; on the namespace's axis. */
  timedAt: number;
}

/** The parts of a namespace that hold its records in memory. */
export interface RecordMemory {
  readonly time: NamespaceTime;
  readonly catalog: Catalog;
  readonly leases: LeaseTable<LeaseHolder>;
  readonly leaseTerms: LeaseTerms;
  readonly sessions: SessionTable;
  readonly granted: GrantedLeases;
  readonly agenda: Agenda;
  readonly counters: Counters;
}

/** The memory of a namespace that a wake is filling. */
export interface WakingMemory extends Pick<RecordMemory, 'catalog' | 'leases' | 'leaseTerms' | 'sessions' | 'granted'> {
  readonly checkpoint: StoredCheckpoint;
  /** Granted leases that had to be given another slot, with their last renewal. */
  readonly movedLeases: { lease: GrantedLease; renewedAt: number }[];
  /** Sessions by their slot, as the rows of their instances name it. */
  readonly sessionsBySlot: Map<number, SessionEntry>;
  /** Time each override was put, or its instance was removed later: an override without an instance lingers from then. */
  readonly removedAt: Map<ServiceEntry, Map<string, number>>;
  /** Instances that entries describe. */
  readonly described: InstanceEntry[];
  /** Latest time in any row, on the namespace's axis. */
  latest: number;
}
