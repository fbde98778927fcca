import type { InstanceKey } from '../../../model/batch';
import type { WatchedChange } from '../../../model/frames';
import type { Cause } from '../../../model/history';
import type { Counters } from '../../platform/counters';
import type { Agenda } from '../time/agenda';
import type { NamespaceTime } from '../time/namespace-time';
import type { Catalog } from './catalog';
import type { ServiceEntry, SessionEntry } from './catalog-entries';
import type { StoredCheckpoint } from './checkpoints';
import type { LeaseTable } from './lease-table';
import type { InstanceRecord, LeaseTerms, OverrideRecord, RecordKey, RecordKindName, RecordText } from './records';
import type { LeaseHolder, SessionTable } from './session-table';

/**
 * One kind of record: its key in memory, its text and its row, how a change of it is applied, and how a wake brings it back.
 * `record-kinds.ts` lists all kinds; whatever treats them alike asks the descriptor. A new kind begins with a descriptor.
 *
 * The members are methods, not functions, so that the descriptor of one kind fits into the list of all: a change names the
 * kind of its record, so a descriptor is only ever given records of its own kind.
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
  /** Returns the id of the token that a record counts against; empty where it is not known. */
  holderIn(text: string): string;

  /** Finds a record in memory. `id` is empty for a service. */
  find(service: ServiceEntry, id: string): RecordText | undefined;
  /** The same, decoded. */
  read(service: ServiceEntry, id: string): RecordState<Content> | undefined;

  /** Tells a change that a namespace takes even when it is full. Absent: there is none. */
  needsNoRoom?(record: Content, text: string): boolean;
  /** Returns how the lease of a record was renewed, for the journal, where the change ends that. Call it before `apply`. */
  renewalsUntil?(
    memory: RecordMemory,
    service: ServiceEntry,
    change: Pick<AppliedChange<Content>, 'id' | 'cause' | 'after'>,
  ): JournaledRenewals | undefined;
  /** Applies a change in memory. Returns the columns of its row that its text and key do not give. */
  apply(
    memory: RecordMemory,
    service: ServiceEntry,
    change: AppliedChange<Content>,
    commit: CommitMoment,
  ): Partial<RowColumns>;

  /** Returns a change as watchers see it; undefined where it shows nowhere. */
  watched(key: InstanceKey, record: Content | null, then: RecordsThen): WatchedChange | undefined;

  /** Brings a record back from its row. `text` is the value of the row, which is there. */
  load(waking: WakingMemory, service: ServiceEntry, row: RecordRow, text: string): void;
  /** Notes the row of a record that was removed. */
  loadHead?(waking: WakingMemory, service: ServiceEntry, row: RecordRow): void;
  /** Puts on the agenda what the records of a service ask for, once all are loaded. */
  schedule?(memory: Pick<RecordMemory, 'agenda' | 'time'>, service: ServiceEntry, waking: WakingMemory): void;
}

/** A record, decoded, with its revision: 0 while a command has made it, and not committed it. */
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

/** A change that has been decided, ready to be applied. */
export interface AppliedChange<Content> {
  id: string;
  cause: Cause;
  /** Null where it is removed, as is its text. */
  record: Content | null;
  after: string | null;
  /** True if the lease counts from now on. */
  renewed?: boolean;
}

/** The commit that applies a change. */
export interface CommitMoment {
  revision: number;
  /** On the namespace's axis. */
  now: number;
}

/** When a lease was last renewed, by the clock, and the longest time between two renewals since another time. */
export interface JournaledRenewals {
  lastAt: number;
  longestGapMs: number;
  gapsSince: number;
}

/** A row of the table `record`. */
export interface RecordRow extends RecordKey, RowColumns {
  revision: number;
  /** The record; null where only the head of a removed one is left. */
  value: string | null;
}

/** The columns of a row that a kind fills. */
export interface RowColumns {
  flags: number;
  /** Slot in the lease table; null without a lease. */
  lease: number | null;
  /** Terms of the lease, as `leaseText` makes them: null for the default ones. */
  leaseTerms: string | null;
  /** On the namespace's axis: when the lease was last renewed, as far as this row knows, or when the record went. */
  timedAt: number;
}

/** The parts of a namespace that hold its records in memory. */
export interface RecordMemory {
  readonly time: NamespaceTime;
  readonly catalog: Catalog;
  readonly leases: LeaseTable<LeaseHolder>;
  readonly leaseTerms: LeaseTerms;
  readonly sessions: SessionTable;
  readonly agenda: Agenda;
  readonly counters: Counters;
}

/** The memory of a namespace that a wake is filling. */
export interface WakingMemory extends Pick<RecordMemory, 'catalog' | 'leases' | 'leaseTerms' | 'sessions'> {
  readonly checkpoint: StoredCheckpoint;
  /** Sessions by their slot, as the rows of their instances name it. */
  readonly sessionsBySlot: Map<number, SessionEntry>;
  /** When overrides were put, or their instances went since: those that are left behind linger from then. */
  readonly goneAt: Map<ServiceEntry, Map<string, number>>;
  /** The latest time that any row knows of, on the namespace's axis. */
  latest: number;
}
