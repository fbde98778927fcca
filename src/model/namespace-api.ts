import type { BatchReport, HeartbeatReport, InstanceKey, Operation, Precondition } from './batch';
import type { ChangedInstances, ChangedServices, ListedInstances, SharedRead } from './dialect-reads';
import type { NamespaceSnapshot } from './frames';
import type { ServicePattern } from './grant';
import type { Cause, HistoryPage, RollbackReport, ServiceDiff, WhyReport } from './history';
import type { InstanceDefinition, InstancePatch, InstanceView, Location, Registration, Renewal } from './instance';
import type { JsonText } from './json';
import type { Lease } from './lease';
import type { Override, OverrideList, OverrideView } from './override';
import type { DrainReport, InstanceFilter, Near, Resolution } from './queries';
import type { PointInTime } from './query-values';
import type { ServiceDefinition, ServiceList, ServicePatch, ServiceView } from './service';
import type { Stats } from './stats';
import type { SubscriberList } from './subscriber';
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
 * How much of a namespace's instances, services and bytes a token may hold: `all` if it operates the namespace, `half` if
 * its grants name services, else `most`.
 */
export type Share = 'all' | 'most' | 'half';

/** Who asks. Surfaces fill it from the token and the connection; nothing of it comes from a body. */
export interface Caller {
  /** Id of the token: owner of what it registers, actor in the journal. */
  tokenId: string;
  /** Address of the other end, where the platform or a trusted proxy tells it. */
  address?: string | undefined;
  /** Where the other end is, where the platform tells it. */
  place?: Location | undefined;
  /** Key of the session whose lease holds what is registered; set for calls over the session's socket. */
  session?: string | undefined;
  /**
   * Services in which it may change instances whoever registered them: all, or those of these patterns. Absent or
   * false: it may change what it registered itself, and nothing else.
   */
  operates?: boolean | readonly ServicePattern[] | undefined;
  /** How much of the namespace it may fill; absent: all if it operates the namespace, else most. */
  share?: Share | undefined;
}

/** Names a service. */
export interface ServiceKey {
  group: string;
  service: string;
}

/**
 * An answer: the position of the namespace it was given at, and its body as JSON text.
 *
 * Bodies cross the call as text because encoding once in the object costs a fraction of a structured clone that is
 * encoded again on the other side (design/decisions/0003-json-text.md).
 */
export interface Answer<T> {
  cursor: string;
  body: JsonText<T>;
}

/** An answer to a conditional read. `body` is null where nothing in its scope changed since the cursor that was given. */
export interface ReadAnswer<T> {
  cursor: string;
  body: JsonText<T> | null;
}

/** An answer to a change that may make something new. */
export interface WriteAnswer<T> extends Answer<T> {
  created: boolean;
}

/** A read's condition and kind. */
export interface ReadOptions {
  /** Cursor from an earlier answer to the same read. */
  ifNoneMatch?: string | undefined;
  /** The answer may be kept and served again for this time, in milliseconds: counted for drains. */
  keepForMs?: number | undefined;
  /** The reader names itself: coming back with a cursor acknowledges it. */
  subscriber?: { id: string; address?: string | undefined } | undefined;
  /** Id of the token that asks, which its calls are counted for where the namespace limits their rate. */
  tokenId?: string | undefined;
  /** The answer is for many readers, which are recorded by {@link NamespaceApi.changedServices}. */
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
  /** Another lease, renewed by that: only dialects change one without registering again. */
  lease?: Lease | undefined;
  precondition: Precondition;
}

export interface InstanceListCommand extends ServiceKey, ReadOptions {
  filter: InstanceFilter;
  /**
   * Only instances at this address and port, and those that have a url alone: for dialects that name an instance by its
   * place. A list as of another moment leaves it out of account.
   */
  place?: { address: string; port: number } | undefined;
  /** With the documents that the instances share. A list as of another moment has none. */
  documents?: boolean | undefined;
  limit?: number | undefined;
  after?: string | undefined;
  /** The service as it was then. `COMPACTED`: that is not in the kept past. */
  at?: PointInTime | undefined;
}

export interface ResolveCommand extends ServiceKey, ReadOptions {
  cluster?: string | undefined;
  tag?: string | undefined;
  /** Resolved by the surface: `auto` has become a point. */
  near?: Exclude<Near, { kind: 'auto' }> | undefined;
  limit?: number | undefined;
}

export interface ServiceListCommand extends ReadOptions {
  group?: string | undefined;
  prefix?: string | undefined;
  limit?: number | undefined;
  after?: string | undefined;
}

/** Whose call it is, where the namespace limits the rate of calls. */
export interface Asker {
  /** Id of the token. */
  tokenId?: string | undefined;
}

export interface OverrideListCommand extends ServiceKey, ReadOptions {
  after?: string | undefined;
}

export interface SubscriberListCommand extends ServiceKey, Asker {
  after?: string | undefined;
}

/** What of the past is asked for: of the whole namespace, a group, a service, or an instance and its override. */
export interface HistoryCommand extends Asker {
  group?: string | undefined;
  /** In `DEFAULT_GROUP`, where no group is named. */
  service?: string | undefined;
  /** Goes with a service. */
  instance?: string | undefined;
  cause?: Cause | undefined;
  /** Only what came after this cursor, or not before this time. */
  since?: PointInTime | undefined;
  /** Only what came up to this cursor or time. */
  until?: PointInTime | undefined;
  /** The `next` of the page before. */
  after?: string | undefined;
  limit?: number | undefined;
}

export interface DiffCommand extends ServiceKey, Asker {
  from: PointInTime;
  to?: PointInTime | undefined;
  limit?: number | undefined;
  /** The `next` of the page before. */
  after?: string | undefined;
}

export interface WhyCommand extends Asker {
  key: InstanceKey;
  /** Entries of its past, at most. */
  limit?: number | undefined;
}

export interface SnapshotCommand extends ReadOptions {
  /** The `next` of the part before. */
  after?: string | undefined;
}

export interface ChangedSinceCommand extends Asker {
  since: PointInTime;
}

export interface ChangedServicesCommand extends Asker {
  /** Cursor of the answer before; absent at the first time. */
  since?: string | undefined;
  /** Readers may use what rests on this answer for so long, in milliseconds: drains count on it. */
  keepForMs: number;
  /** Reads since the answer before. */
  reads: SharedRead[];
}

export interface AcknowledgeCommand {
  subscriber: string;
  cursor: string;
  /** Id of the token that tells. */
  tokenId: string;
}

/**
 * Everything that can be asked of one namespace; what surfaces depend on, whoever stands behind it.
 *
 * Every method answers only when all that its answer was derived from is durable, refusals included (I3). All throw
 * {@link RegistryError}: `INSTANCE_NOT_FOUND` and `SERVICE_NOT_FOUND` for what is not there, `REVISION_MISMATCH` for a
 * failed precondition, `LIMIT_EXCEEDED` for a full namespace, `UNAVAILABLE` when the outcome is unknown.
 */
export interface NamespaceApi {
  /** Registers or replaces; the same content again renews the lease and changes nothing. */
  register(caller: Caller, command: RegisterCommand): Promise<WriteAnswer<Registration>>;
  /** Changes members of a registration and leaves the rest. */
  patch(caller: Caller, command: PatchCommand): Promise<Answer<InstanceView>>;
  /** Removes an instance; also succeeds when there is none, unless a precondition says otherwise. */
  deregister(caller: Caller, command: { key: InstanceKey; precondition: Precondition }): Promise<{ cursor: string }>;
  /** Renews one lease. `INSTANCE_NOT_FOUND` means: register again. `CONFLICT`: the instance has no lease. */
  renew(caller: Caller, key: InstanceKey): Promise<Answer<Renewal>>;
  /** Renews many leases, and names the instances it does not know. One that has no lease to renew is no mistake here. */
  renewMany(caller: Caller, keys: InstanceKey[]): Promise<Answer<HeartbeatReport>>;
  /** Takes an instance out of traffic, then removes it after a grace. */
  drain(caller: Caller, command: { key: InstanceKey; waitMs: number; graceMs: number }): Promise<Answer<DrainReport>>;
  readInstance(command: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<InstanceView>>;
  listInstances(command: InstanceListCommand): Promise<ReadAnswer<ListedInstances>>;
  /** Available endpoints, nearest first or chosen by weight. */
  resolve(command: ResolveCommand): Promise<ReadAnswer<Resolution>>;

  putOverride(
    caller: Caller,
    command: { key: InstanceKey; override: Override; precondition: Precondition },
  ): Promise<WriteAnswer<OverrideView>>;
  readOverride(command: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<OverrideView>>;
  /** Overrides of a service by the ids of their instances, those of instances that are gone among them. */
  listOverrides(command: OverrideListCommand): Promise<ReadAnswer<OverrideList>>;
  /** Clears an override; also succeeds when there is none. */
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
  /** Removes a service. `CONFLICT` while instances remain, unless `force` removes them with it. */
  removeService(
    caller: Caller,
    command: ServiceKey & { force: boolean; precondition: Precondition },
  ): Promise<{ cursor: string }>;
  listServices(command: ServiceListCommand): Promise<ReadAnswer<ServiceList>>;

  /** Applies all operations as one revision, or none of them. */
  batch(caller: Caller, operations: Operation[]): Promise<Answer<BatchReport>>;
  stats(asker?: Asker): Promise<Answer<Stats>>;

  /** A page of the past, newest first. `COMPACTED`: `since` or `until` is a cursor that is not in the kept past. */
  history(command: HistoryCommand): Promise<Answer<HistoryPage>>;
  /** What is different of a service between two moments, the second one now if it is not named. */
  diff(command: DiffCommand): Promise<Answer<ServiceDiff>>;
  /** What became of an instance, and why; also of one that is gone, as long as the past knows of it. */
  why(command: WhyCommand): Promise<Answer<WhyReport>>;
  /**
   * Puts what operators said of a service and its instances back to what it was, as one new revision. It touches nothing
   * that instances say, and brings no instance back.
   */
  rollback(caller: Caller, command: ServiceKey & { to: PointInTime }): Promise<Answer<RollbackReport>>;
  /**
   * All services with all their instances, at one moment. A large namespace comes in parts of a few megabytes: all of
   * them show the moment of the first, and bear its cursor. `COMPACTED`: the journal has forgotten what it needs to go
   * on; begin anew.
   */
  snapshot(command: SnapshotCommand): Promise<ReadAnswer<NamespaceSnapshot>>;
  /**
   * Instances that changed since a cursor, for readers that keep a copy of the namespace; the body is null where nothing
   * did. Since a time, for those that begin: as far back as the past is kept. `COMPACTED`: the cursor is not in the kept
   * past; begin anew.
   */
  changedSince(command: ChangedSinceCommand): Promise<ReadAnswer<ChangedInstances>>;
  /**
   * Which services changed since a cursor, for an isolate that answers many readers by what it keeps; it records those
   * readers. The body is null where nothing changed.
   */
  changedServices(command: ChangedServicesCommand): Promise<ReadAnswer<ChangedServices>>;

  /**
   * A part of everything there is, as lines of a file: of about a megabyte, at the moment of the first, and with its
   * cursor. `COMPACTED` as for {@link snapshot}.
   */
  exportPart(command: ExportCommand): Promise<Answer<ExportPart>>;
  /**
   * Puts records of a file aside. `CONFLICT`: another import has begun, or one is being applied. `INVALID_REQUEST`: a
   * record is in the file twice.
   */
  stageImport(caller: Caller, command: StageCommand): Promise<Answer<{ importId: string }>>;
  /** What the records that were put aside would change, as things are now. */
  planImport(caller: Caller, command: PlanCommand): Promise<Answer<ImportPlan>>;
  /**
   * Applies the records that were put aside, a few slices a call: call it until it is done. From the first call on the
   * import is applied to its end, even where nobody calls again. `LIMIT_EXCEEDED`: the namespace would hold too much.
   */
  applyImport(caller: Caller, command: ApplyCommand): Promise<Answer<ApplyReport>>;
  /** Forgets the records that were put aside, where they are not being applied. */
  dropImport(caller: Caller, command: { importId: string }): Promise<{ cursor: string }>;

  /** Who watches a service or polls it by name, and how far each is. */
  listSubscribers(command: SubscriberListCommand): Promise<Answer<SubscriberList>>;
  /**
   * Acknowledges a cursor for all streams of a subscriber that the same token opened: its own list has everything up to
   * there. `FORBIDDEN` where other tokens opened all of them.
   */
  acknowledge(command: AcknowledgeCommand): Promise<{ cursor: string }>;
}
