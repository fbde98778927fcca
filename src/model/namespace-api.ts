import type { BatchReport, HeartbeatReport, InstanceKey, Operation, Precondition } from './batch';
import type { ChangedInstances, ChangedServices, ListedInstances } from './dialect-reads';
import type { EntryRange, EntryView } from './entry';
import type { EntryCompaction, EntryCompactionReport } from './entry-compaction';
import type { EntryDiff, EntryDiffCommand, EntryHistoryCommand, EntryRollbackReport } from './entry-past';
import type { NamespaceSnapshot } from './frames';
import type { ServicePattern } from './grant';
import type {
  GrantedLeaseDetail,
  GrantedLeaseList,
  GrantedLeaseView,
  GrantLeaseCommand,
  LeaseListCommand,
  LeaseName,
  LeaseRenewal,
  LeaseRenewalReport,
  LockChange,
} from './granted-lease';
import type { EntryHistory, HistoryPage, RollbackReport, ServiceDiff, WhyReport } from './history';
import type {
  Asker,
  ChangedServicesCommand,
  ChangedSinceCommand,
  DiffCommand,
  HistoryCommand,
  WhyCommand,
} from './history-commands';
import type { InstanceDefinition, InstancePatch, InstanceView, Location, Registration, Renewal } from './instance';
import type { JsonText } from './json';
import type { KeyInterval } from './key-interval';
import type { Lease } from './lease';
import type { Override, OverrideList, OverrideView } from './override';
import type { DrainReport, InstanceFilter, Near, Resolution } from './queries';
import type { PointInTime } from './query-values';
import type { ServiceDefinition, ServiceList, ServicePatch, ServiceView } from './service';
import type { Stats } from './stats';
import type { AcknowledgeCommand, SubscriberList } from './subscriber';
import type { Transaction } from './transaction';
import type { TransactionReport } from './transaction-report';
import type {
  ApplyCommand,
  ApplyReport,
  ExportCommand,
  ExportPart,
  ImportPlan,
  PlanCommand,
  StageCommand,
} from './transfer';

/**
 * Share of a namespace's limits on instances, services, bytes, entries and granted leases that a token may use: `all` if it
 * operates the namespace, `half` if its grants name services or keys, otherwise `most`.
 */
export type Share = 'all' | 'most' | 'half';

/** Caller of a method. Surfaces fill it from the token and the connection, never from a body. */
export interface Caller {
  /** Id of the token: owner of the instances that it registers, actor in the journal. */
  tokenId: string;
  /** Address of the client, if the platform or a trusted proxy reports it. */
  address?: string | undefined;
  /** Location of the client, if the platform reports it. */
  place?: Location | undefined;
  /** Key of the session whose lease covers registered instances; set for calls over the session's socket. */
  session?: string | undefined;
  /**
   * Services in which the caller may change instances of any owner: all, or those that match these patterns. Absent or
   * false: it may change only instances that it registered itself.
   */
  operates?: boolean | readonly ServicePattern[] | undefined;
  /** Share of the namespace's limits that it may use; absent: `all` if it operates the namespace, otherwise `most`. */
  share?: Share | undefined;
}

/** Key of a service. */
export interface ServiceKey {
  group: string;
  service: string;
}

/**
 * An answer: its body as JSON text, and the cursor of the namespace at that moment.
 *
 * Bodies cross the call as text because encoding them once in the object costs a fraction of a structured clone that the
 * other side would have to encode (design/decisions/0003-json-text.md).
 */
export interface Answer<T> {
  cursor: string;
  body: JsonText<T>;
}

/** An answer to a conditional read. `body` is null if nothing in its scope has changed since the given cursor. */
export interface ReadAnswer<T> {
  cursor: string;
  body: JsonText<T> | null;
}

/** An answer to a change that may create a record. */
export interface WriteAnswer<T> extends Answer<T> {
  created: boolean;
}

/** Options of a read. */
export interface ReadOptions {
  /** Cursor from an earlier answer to the same read. */
  ifNoneMatch?: string | undefined;
  /**
   * Revision of an earlier answer to the same read, for dialects whose clients count revisions: the body is null if nothing
   * has changed after it. A revision that this history does not have, or no longer has, counts as changed.
   */
  ifChangedAfter?: number | undefined;
  /** Time for which the answer may be cached, in milliseconds. Drains take it into account. */
  keepForMs?: number | undefined;
  /** Name that the reader gives itself. When it returns with a cursor, it acknowledges that cursor. */
  subscriber?: { id: string; address?: string | undefined } | undefined;
  /** Id of the reader's token, whose rate the call counts towards if the namespace limits it. */
  tokenId?: string | undefined;
  /** The answer is for several readers, which {@link NamespaceApi.changedServices} records. */
  isShared?: boolean | undefined;
}

export interface RegisterCommand {
  key: InstanceKey;
  definition: InstanceDefinition;
  precondition: Precondition;
}

export interface PatchCommand {
  key: InstanceKey;
  patch: InstancePatch;
  /** A new lease, which is also renewed, or null for none. Only dialects change a lease without registering again. */
  lease?: Lease | null | undefined;
  /** Member of `extensions` to replace, of the dialect with that name; a value that is undefined removes it. */
  extension?: { name: string; value: unknown } | undefined;
  /** Renew the lease in the same revision, as a registration does. Default: true with an extension. */
  renew?: boolean | undefined;
  precondition: Precondition;
}

export interface InstanceListCommand extends ServiceKey, ReadOptions {
  filter: InstanceFilter;
  /**
   * Only instances at this address and port, and those that have only a URL: for dialects that identify an instance by
   * its place. Ignored in a list with `at`.
   */
  place?: { address: string; port: number } | undefined;
  /**
   * Another service, all of whose instances the answer has, too, as of the same revision; a condition is about both services.
   * Only the first page has them; a list with `at` has none.
   */
  alongside?: ServiceKey | undefined;
  /** Include the documents that the instances share. A list with `at` has none. */
  documents?: boolean | undefined;
  limit?: number | undefined;
  after?: string | undefined;
  /** Lists the service as it was then. `COMPACTED`: the history no longer reaches back to it. */
  at?: PointInTime | undefined;
}

export interface ResolveCommand extends ServiceKey, ReadOptions {
  cluster?: string | undefined;
  tag?: string | undefined;
  /** The surface has already resolved `auto` to a point. */
  near?: Exclude<Near, { kind: 'auto' }> | undefined;
  limit?: number | undefined;
}

export interface ServiceListCommand extends ReadOptions {
  group?: string | undefined;
  prefix?: string | undefined;
  limit?: number | undefined;
  after?: string | undefined;
}

export interface OverrideListCommand extends ServiceKey, ReadOptions {
  after?: string | undefined;
}

export interface SubscriberListCommand extends ServiceKey, Asker {
  after?: string | undefined;
}

export interface SnapshotCommand extends ReadOptions {
  /** The `next` of the previous part. */
  after?: string | undefined;
}

/** Property by which a range is ordered; entries with the same one are in the order of their keys. */
export type EntryOrder = 'key' | 'createdRevision' | 'revision' | 'version';

/** Puts an entry. */
export interface PutEntryCommand extends LockChange {
  /** One character a byte. */
  key: string;
  /** One character a byte, so that a call can carry it as text. */
  value: string;
  contentType?: string | undefined;
  /** Number that a dialect stores with the entry, decimal, up to 64 bits. Absent: 0. */
  flags?: string | undefined;
  /** Granted lease that holds the entry, which is deleted when the lease ends. Absent: none holds it any more. */
  lease?: string | undefined;
  precondition: Precondition;
}

/** A read of one entry. */
export interface ReadEntryCommand extends ReadOptions {
  key: string;
  /** Read the entry as it was then. */
  at?: PointInTime | undefined;
}

/** A read of a range of entries. */
export interface EntryRangeCommand extends ReadOptions {
  interval: KeyInterval;
  /** Maximum number of entries. */
  limit?: number | undefined;
  /** By key unless set. */
  order?: EntryOrder | undefined;
  descending?: boolean | undefined;
  /** Leave out values. */
  keysOnly?: boolean | undefined;
  /** Leave out entries: only their number. */
  countOnly?: boolean | undefined;
  /** Read the range as it was then. `COMPACTED`: the history of entries no longer reaches back to it. */
  at?: PointInTime | undefined;
}

/**
 * Operations of one namespace. Surfaces depend on this interface and not on an implementation.
 *
 * A method settles, also with a refusal, only once all data that its result was derived from is durable (I3). All throw
 * {@link RegistryError}: `INSTANCE_NOT_FOUND` and `SERVICE_NOT_FOUND` for missing records, `REVISION_MISMATCH` for a
 * failed precondition, `LIMIT_EXCEEDED` for a full namespace, `UNAVAILABLE` if the outcome is unknown.
 */
export interface NamespaceApi {
  /** Registers or replaces an instance. Repeating the same content renews the lease and changes nothing else. */
  register(caller: Caller, command: RegisterCommand): Promise<WriteAnswer<Registration>>;
  /** Changes some members of a registration. */
  patch(caller: Caller, command: PatchCommand): Promise<Answer<InstanceView>>;
  /** Removes an instance. Succeeds if it does not exist, unless a precondition requires it. */
  deregister(caller: Caller, command: { key: InstanceKey; precondition: Precondition }): Promise<{ cursor: string }>;
  /** Renews one lease. `INSTANCE_NOT_FOUND`: register again. `CONFLICT`: the instance has no lease. */
  renew(caller: Caller, key: InstanceKey): Promise<Answer<Renewal>>;
  /** Renews several leases and reports unknown instances. An instance without a lease is not an error here. */
  renewMany(caller: Caller, keys: InstanceKey[]): Promise<Answer<HeartbeatReport>>;
  /** Takes an instance out of traffic, then removes it after a grace period. */
  drain(caller: Caller, command: { key: InstanceKey; waitMs: number; graceMs: number }): Promise<Answer<DrainReport>>;
  /** Cancels the drains of an instance that is not removed yet. Succeeds if there is none. */
  cancelDrain(caller: Caller, command: { key: InstanceKey }): Promise<{ cursor: string }>;
  readInstance(command: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<InstanceView>>;
  listInstances(command: InstanceListCommand): Promise<ReadAnswer<ListedInstances>>;
  /** Returns available endpoints, nearest first or chosen by weight. */
  resolve(command: ResolveCommand): Promise<ReadAnswer<Resolution>>;

  putOverride(
    caller: Caller,
    command: { key: InstanceKey; override: Override; precondition: Precondition },
  ): Promise<WriteAnswer<OverrideView>>;
  readOverride(command: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<OverrideView>>;
  /** Lists the overrides of a service by instance id, including those of instances that are gone. */
  listOverrides(command: OverrideListCommand): Promise<ReadAnswer<OverrideList>>;
  /** Clears an override. Succeeds if there is none. */
  clearOverride(caller: Caller, command: { key: InstanceKey; precondition: Precondition }): Promise<{ cursor: string }>;

  putService(
    caller: Caller,
    command: ServiceKey & { definition: ServiceDefinition; precondition: Precondition },
  ): Promise<WriteAnswer<ServiceView>>;
  patchService(
    caller: Caller,
    command: ServiceKey & { patch: ServicePatch; precondition: Precondition },
  ): Promise<Answer<ServiceView>>;
  readService(command: ServiceKey & ReadOptions): Promise<ReadAnswer<ServiceView>>;
  /** Removes a service. `CONFLICT` while it has instances, unless `force` removes them too. */
  removeService(
    caller: Caller,
    command: ServiceKey & { force: boolean; precondition: Precondition },
  ): Promise<{ cursor: string }>;
  listServices(command: ServiceListCommand): Promise<ReadAnswer<ServiceList>>;

  /** Applies all operations as one revision, or none of them. */
  batch(caller: Caller, operations: Operation[]): Promise<Answer<BatchReport>>;
  stats(asker?: Asker): Promise<Answer<Stats>>;

  /** Returns a page of the history, newest first. `COMPACTED`: the history no longer reaches `since` or `until`. */
  history(command: HistoryCommand): Promise<Answer<HistoryPage>>;
  /** Compares a service at two points in time; the second is now by default. */
  diff(command: DiffCommand): Promise<Answer<ServiceDiff>>;
  /** Explains the state of an instance, also of a removed one as long as the history contains it. */
  why(command: WhyCommand): Promise<Answer<WhyReport>>;
  /**
   * Restores the definition of a service and the overrides of its instances to an earlier state, in one new revision. It
   * changes no registration, and restores no removed instance.
   */
  rollback(caller: Caller, command: ServiceKey & { to: PointInTime }): Promise<Answer<RollbackReport>>;
  /**
   * Returns all services with all their instances, at one point in time. A large namespace comes in parts of a few
   * megabytes, all as of the first one and with its cursor. `COMPACTED`: the journal no longer reaches back to the first
   * part; start over.
   */
  snapshot(command: SnapshotCommand): Promise<ReadAnswer<NamespaceSnapshot>>;
  /**
   * Returns the instances that changed since a cursor, for readers that keep a copy of the namespace; the body is null if
   * none did. A new reader passes a time, and gets changes as far back as the history reaches. `COMPACTED`: the history
   * no longer reaches the cursor; start over.
   */
  changedSince(command: ChangedSinceCommand): Promise<ReadAnswer<ChangedInstances>>;
  /**
   * Returns the services that changed since a cursor, for an isolate that answers many readers from its cache, and
   * records those readers. The body is null if nothing changed.
   */
  changedServices(command: ChangedServicesCommand): Promise<ReadAnswer<ChangedServices>>;

  /**
   * Returns a part of the whole namespace as lines of a file, of about a megabyte. All parts are as of the first one and
   * have its cursor. `COMPACTED` as for {@link snapshot}.
   */
  exportPart(command: ExportCommand): Promise<Answer<ExportPart>>;
  /**
   * Stages records of a file. `CONFLICT`: another import has started, or one is being applied. `INVALID_REQUEST`: a
   * record appears twice in the file.
   */
  stageImport(caller: Caller, command: StageCommand): Promise<Answer<{ importId: string }>>;
  /** Returns what applying the staged records would change now. */
  planImport(caller: Caller, command: PlanCommand): Promise<Answer<ImportPlan>>;
  /**
   * Applies the staged records, a few slices per call; repeat until it is done. After the first call the import runs to
   * completion even without further calls. `LIMIT_EXCEEDED`: the namespace would hold too much.
   */
  applyImport(caller: Caller, command: ApplyCommand): Promise<Answer<ApplyReport>>;
  /** Discards the staged records, unless they are being applied. */
  dropImport(caller: Caller, command: { importId: string }): Promise<{ cursor: string }>;

  /** Lists the clients that watch a service or poll it with a subscriber name, and their progress. */
  listSubscribers(command: SubscriberListCommand): Promise<Answer<SubscriberList>>;
  /**
   * Acknowledges a cursor for all streams of a subscriber that the same token opened: the subscriber has applied all
   * changes up to it. `FORBIDDEN` if other tokens opened all of them.
   */
  acknowledge(command: AcknowledgeCommand): Promise<{ cursor: string }>;

  /** Puts an entry, in a revision of its own, even if nothing differs. `LIMIT_EXCEEDED`: the namespace is full. */
  putEntry(caller: Caller, command: PutEntryCommand): Promise<WriteAnswer<EntryView>>;
  /** Deletes an entry. Succeeds if there is none, unless a precondition requires it. */
  deleteEntry(caller: Caller, command: { key: string; precondition: Precondition }): Promise<{ cursor: string }>;
  /** Carries out one of two lists of operations as one revision. `INVALID_REQUEST`: too many, or one key twice. */
  transaction(caller: Caller, transaction: Transaction): Promise<Answer<TransactionReport>>;
  /** Returns an entry. `ENTRY_NOT_FOUND`: there is none. `COMPACTED`: the history does not reach back to `at`. */
  readEntry(command: ReadEntryCommand): Promise<ReadAnswer<EntryView>>;
  /** Returns entries of a range, as many as fit. */
  rangeEntries(command: EntryRangeCommand): Promise<ReadAnswer<EntryRange>>;
  /** Returns a page of the changes of a key, newest first, also of one that was deleted. */
  entryHistory(command: EntryHistoryCommand): Promise<Answer<EntryHistory>>;
  /** Compares entries at two points in time. A page examines a bounded number of keys, and may be empty before the last. */
  diffEntries(command: EntryDiffCommand): Promise<Answer<EntryDiff>>;
  /** Restores entries to an earlier state, in one new revision, without those that a lease holds or has locked, or held then. */
  rollBackEntries(
    caller: Caller,
    command: { interval: KeyInterval; to: PointInTime },
  ): Promise<Answer<EntryRollbackReport>>;
  /**
   * Compacts the history of entries at a revision: no earlier one can be read or watched. `COMPACTED`: it already is.
   * `INVALID_REQUEST`: the revision does not exist yet.
   */
  compactEntries(caller: Caller, command: EntryCompaction): Promise<Answer<EntryCompactionReport>>;
  /** Grants a lease to hold entries and instances, without a revision. `CONFLICT`: another lease has the alias. */
  grantLease(caller: Caller, command: GrantLeaseCommand): Promise<Answer<GrantedLeaseView>>;
  /** Renews a granted lease. `LEASE_NOT_FOUND`: it has ended. `FORBIDDEN`: it was granted to another token. */
  renewLease(caller: Caller, command: LeaseName): Promise<Answer<GrantedLeaseView>>;
  /** Renews several granted leases, and reports the unknown ones. `FORBIDDEN` for any of them: none is renewed. */
  renewLeases(caller: Caller, renewals: LeaseRenewal[]): Promise<Answer<LeaseRenewalReport>>;
  /** Returns a granted lease with what it holds. */
  readLease(caller: Caller, command: LeaseName): Promise<Answer<GrantedLeaseDetail>>;
  /** Lists the granted leases of the caller, or all if it operates the namespace. */
  listLeases(caller: Caller, command: LeaseListCommand): Promise<Answer<GrantedLeaseList>>;
  /** Ends a granted lease. Everything that it holds is deleted, and its locks are released, in one revision. */
  revokeLease(caller: Caller, command: LeaseName): Promise<{ cursor: string }>;
}
