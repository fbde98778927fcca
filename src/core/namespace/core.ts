import type { BatchReport, HeartbeatReport, InstanceKey, Operation } from '../../model/batch';
import type { NamespaceSnapshot } from '../../model/frames';
import type { HistoryPage, RollbackReport, ServiceDiff, WhyReport } from '../../model/history';
import type { InstanceView, Registration, Renewal } from '../../model/instance';
import { jsonText } from '../../model/json';
import type {
  Answer,
  Asker,
  Caller,
  InstanceListCommand,
  NamespaceApi,
  OverrideListCommand,
  ReadAnswer,
  ReadOptions,
  RegisterCommand,
  ServiceKey,
  SubscriberListCommand,
  WriteAnswer,
} from '../../model/namespace-api';
import type { SocketPurpose } from '../../model/namespace-sockets';
import type { OverrideList, OverrideView } from '../../model/override';
import type { DrainReport, InstanceList, Resolution } from '../../model/queries';
import type { ServiceList, ServiceView } from '../../model/service';
import type { Stats } from '../../model/stats';
import type { SubscriberList } from '../../model/subscriber';
import type * as transfer from '../../model/transfer';
import type { Connection } from '../platform/connection';
import type { Platform } from '../platform/platform';
import { attendAlarm, attendTick } from './alarm';
import { deregister } from './commands/deregister';
import { applyOperation } from './commands/operation';
import { clearOverride, putOverride } from './commands/override';
import { patch } from './commands/patch';
import { register } from './commands/register';
import type { Retention } from './commit/journal';
import { readChangedSince } from './history/changed-since';
import { NamespaceSnapshots } from './history/namespace-snapshots';
import { listInstancesAt, readDiff, readHistory, rollback } from './history/past-reads';
import { readWhy } from './history/why';
import { arm } from './leases/arming';
import { notePass } from './leases/listening';
import { renewMany, renewOne } from './leases/renewing';
import { requireSession } from './leases/sessions';
import { AnswerCache } from './queries/answer-cache';
import {
  batchReport,
  instanceAnswer,
  overridesText,
  overrideText,
  registration,
  requireOverride,
  subscribersText,
} from './queries/answers';
import { readChangedServices } from './queries/changed-services';
import { listInstances, listServices, newestRevision } from './queries/lists';
import { namespaceStats } from './queries/namespace-stats';
import { resolve } from './queries/resolve';
import { requireInstance } from './records/missing';
import { viewOf } from './records/view';
import { callPatchService, callPutService, callRemoveService, readService } from './service-calls';
import type { NamespaceState } from './state';
import { applyImport } from './transfer/apply';
import { dropImport } from './transfer/attend-import';
import { exportPart } from './transfer/export-part';
import { planImport } from './transfer/plan';
import { stageImport } from './transfer/stage';
import {
  batchAction,
  changeWithOperatorAudit,
  foreignAction,
  overrideAction,
  withOperatorAudit,
} from './turn/operator-audit';
import { read, turn } from './turn/turn';
import { wake } from './wake';
import { drainAndWait } from './watch/draining';
import type { Hub } from './watch/hub';
import { SocketFrames } from './watch/socket-frames';
import { assertRoomForSocket } from './watch/socket-limits';
import { acknowledge, subscriberViews } from './watch/subscribers';

/** The question of a read of the interface. */
type Query<Method extends keyof NamespaceApi> = Parameters<NamespaceApi[Method]>[0];

/** What a method of the interface is asked, after the caller. */
type Command<Method extends keyof NamespaceApi> = Parameters<NamespaceApi[Method]>[1];

/**
 * One namespace, awake: every call is one turn of {@link turn}, and everything that changes goes through
 * {@link commit}. It knows no platform; a host lends it one, and calls {@link alarm} when the alarm fires.
 */
export class Registry implements NamespaceApi {
  readonly #state: NamespaceState;
  readonly #hub: Hub;
  readonly #frames: SocketFrames;
  readonly #cache = new AnswerCache();
  readonly #snapshots: NamespaceSnapshots;

  constructor(state: NamespaceState, hub: Hub) {
    this.#state = state;
    this.#hub = hub;
    this.#frames = new SocketFrames(state, hub, this);
    this.#snapshots = new NamespaceSnapshots(state);
  }

  /** Brings a namespace back from its storage, or makes a new one. */
  static wake(platform: Platform, retention?: Retention): Registry {
    const { state, hub } = wake(platform, retention);
    return new Registry(state, hub);
  }

  /**
   * Does what is due. The host calls it when the alarm fires; late, early or twice does no harm.
   *
   * @param dueAt When the alarm was due, in milliseconds since the epoch: one that is late tells of a gap in attention.
   */
  alarm(dueAt: number): Promise<void> {
    return attendAlarm(this.#state, this.#hub, dueAt);
  }

  /** Passes through the registry. A host with a monotonic clock calls it every `ATTENTION_PASS_MS`, always. */
  tick(): Promise<void> {
    return attendTick(this.#state, this.#hub);
  }

  register(caller: Caller, { key, definition, precondition }: RegisterCommand): Promise<WriteAnswer<Registration>> {
    return changeWithOperatorAudit(this.#state, caller, {
      scope: key,
      audited: () => foreignAction(this.#state.catalog, caller, 'changed', key),
      decide: (draft, by) => register(draft, by, key, definition, precondition),
      answer: (outcome, draft) => ({
        cursor: this.#state.journal.cursor,
        created: outcome === 'created',
        body: registration(this.#state, caller, key, definition, draft.instance(key)?.record),
      }),
    });
  }

  patch(caller: Caller, command: Command<'patch'>): Promise<Answer<InstanceView>> {
    const { key } = command;
    return changeWithOperatorAudit(this.#state, caller, {
      scope: key,
      audited: () => foreignAction(this.#state.catalog, caller, 'changed', key),
      decide: (draft, by) => patch(draft, by, key, { ...command.patch, lease: command.lease }, command.precondition),
      answer: () => instanceAnswer(this.#state, key),
    });
  }

  deregister(caller: Caller, { key, precondition }: Command<'deregister'>): Promise<{ cursor: string }> {
    return changeWithOperatorAudit(this.#state, caller, {
      scope: key,
      audited: () => foreignAction(this.#state.catalog, caller, 'deregistered', key),
      decide: (draft, by) => deregister(draft, by, key, precondition),
      answer: () => this.#position(),
    });
  }

  renew(caller: Caller, key: InstanceKey): Promise<Answer<Renewal>> {
    return turn(this.#state, key, (now) => renewOne(this.#state, caller, key, now), caller.tokenId);
  }

  renewMany(caller: Caller, keys: InstanceKey[]): Promise<Answer<HeartbeatReport>> {
    return turn(this.#state, undefined, (now) => renewMany(this.#state, caller, keys, now), caller.tokenId);
  }

  drain(caller: Caller, command: Command<'drain'>): Promise<Answer<DrainReport>> {
    return withOperatorAudit(this.#state, caller, {
      audited: () => foreignAction(this.#state.catalog, caller, 'drained', command.key),
      act: (...by) => drainAndWait(this.#state, this.#hub, command, ...by),
    });
  }

  readInstance({ key, ...options }: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<InstanceView>> {
    return read(
      this.#state,
      key,
      options,
      // What is gone is 404, whatever the reader knows of it. The service's revision stands for the instance's: it also
      // tells of an override that was cleared.
      () => requireInstance(this.#state.catalog, key).service.revision,
      () => jsonText(viewOf(requireInstance(this.#state.catalog, key), this.#state.time.stamp())),
    );
  }

  listInstances(command: InstanceListCommand): Promise<ReadAnswer<InstanceList>> {
    const { time } = this.#state;
    if (command.at !== undefined) return listInstancesAt(this.#state, command, command.at);
    return read(
      this.#state,
      command,
      command,
      () => this.#revisionOf(command),
      () => listInstances(this.#state.catalog.service(command), command, this.#cache, time.stamp()),
    );
  }

  resolve(command: Query<'resolve'>): Promise<ReadAnswer<Resolution>> {
    const { catalog, platform } = this.#state;
    return read(
      this.#state,
      command,
      command,
      () => this.#revisionOf(command),
      () => resolve(catalog.service(command), command, this.#cache, () => platform.random.fraction()),
    );
  }

  putOverride(caller: Caller, command: Command<'putOverride'>): Promise<WriteAnswer<OverrideView>> {
    const { key, override, precondition } = command;
    return changeWithOperatorAudit(this.#state, caller, {
      scope: key,
      audited: () => ({ action: overrideAction(override), key, detail: override.quarantine?.reason }),
      decide: (draft, by) => putOverride(draft, by, key, override, precondition),
      answer: (outcome) => ({
        ...this.#position(),
        created: outcome === 'created',
        body: overrideText(this.#state, key),
      }),
    });
  }

  readOverride({ key, ...options }: { key: InstanceKey } & ReadOptions): Promise<ReadAnswer<OverrideView>> {
    return read(
      this.#state,
      key,
      options,
      () => {
        requireOverride(this.#state, key);
        return this.#revisionOf(key);
      },
      () => overrideText(this.#state, key),
    );
  }

  listOverrides({ group, service, after, ...options }: OverrideListCommand): Promise<ReadAnswer<OverrideList>> {
    const key = { group, service };
    const changedAt = () => this.#revisionOf(key);
    return read(this.#state, key, options, changedAt, () => overridesText(this.#state, key, after));
  }

  clearOverride(caller: Caller, { key, precondition }: Command<'clearOverride'>): Promise<{ cursor: string }> {
    return changeWithOperatorAudit(this.#state, caller, {
      scope: key,
      audited: () => ({ action: 'override-cleared', key }),
      decide: (draft, by) => clearOverride(draft, by, key, precondition),
      answer: () => this.#position(),
    });
  }

  putService(caller: Caller, command: Command<'putService'>): Promise<WriteAnswer<ServiceView>> {
    return callPutService(this.#state, caller, command);
  }

  patchService(caller: Caller, command: Command<'patchService'>): Promise<Answer<ServiceView>> {
    return callPatchService(this.#state, caller, command);
  }

  readService(command: ServiceKey & ReadOptions): Promise<ReadAnswer<ServiceView>> {
    return readService(this.#state, command);
  }

  removeService(caller: Caller, command: Command<'removeService'>): Promise<{ cursor: string }> {
    return callRemoveService(this.#state, caller, command);
  }

  listServices(command: Query<'listServices'>): Promise<ReadAnswer<ServiceList>> {
    const { catalog } = this.#state;
    return read(
      this.#state,
      undefined,
      command,
      () => newestRevision(catalog, command),
      () => listServices(catalog, command),
    );
  }

  batch(caller: Caller, operations: Operation[]): Promise<Answer<BatchReport>> {
    return changeWithOperatorAudit(this.#state, caller, {
      scope: undefined,
      audited: () => batchAction(this.#state.catalog, caller, operations),
      decide: (draft, by) => {
        requireSession(this.#state, by);
        return operations.map((operation) => applyOperation(draft, by, operation));
      },
      answer: (outcomes) => ({ ...this.#position(), body: batchReport(this.#state, operations, outcomes) }),
    });
  }

  stats({ tokenId }: Asker = {}): Promise<Answer<Stats>> {
    const answer = () => ({ ...this.#position(), body: jsonText(namespaceStats(this.#state, this.#hub)) });
    return turn(this.#state, undefined, answer, tokenId);
  }

  history(command: Query<'history'>): Promise<Answer<HistoryPage>> {
    return readHistory(this.#state, command);
  }

  diff(command: Query<'diff'>): Promise<Answer<ServiceDiff>> {
    return readDiff(this.#state, command);
  }

  why(command: Query<'why'>): Promise<Answer<WhyReport>> {
    return readWhy(this.#state, this.#hub, command);
  }

  rollback(caller: Caller, command: Command<'rollback'>): Promise<Answer<RollbackReport>> {
    return rollback(this.#state, caller, command);
  }

  snapshot(command: Query<'snapshot'>): Promise<ReadAnswer<NamespaceSnapshot>> {
    return this.#snapshots.read(command);
  }

  exportPart(command: transfer.ExportCommand): Promise<Answer<transfer.ExportPart>> {
    return exportPart(this.#state, command);
  }

  stageImport(caller: Caller, command: transfer.StageCommand): Promise<Answer<{ importId: string }>> {
    return stageImport(this.#state, caller, command);
  }

  planImport(caller: Caller, command: transfer.PlanCommand): Promise<Answer<transfer.ImportPlan>> {
    return planImport(this.#state, caller, command);
  }

  applyImport(caller: Caller, command: transfer.ApplyCommand): Promise<Answer<transfer.ApplyReport>> {
    return applyImport(this.#state, caller, command);
  }

  dropImport(caller: Caller, command: { importId: string }): Promise<{ cursor: string }> {
    return dropImport(this.#state, caller, command);
  }

  changedSince(command: Query<'changedSince'>): ReturnType<NamespaceApi['changedSince']> {
    return readChangedSince(this.#state, command);
  }

  changedServices(command: Query<'changedServices'>): ReturnType<NamespaceApi['changedServices']> {
    return readChangedServices(this.#state, command);
  }

  listSubscribers({ tokenId, after, ...key }: SubscriberListCommand): Promise<Answer<SubscriberList>> {
    const body = (now: number) => subscribersText(subscriberViews(this.#state, this.#hub, key, now), after);
    const answer = (now: number) => ({ ...this.#position(), body: body(now) });
    return turn(this.#state, key, answer, tokenId);
  }

  acknowledge(command: Query<'acknowledge'>): Promise<{ cursor: string }> {
    const noted = () => {
      acknowledge(this.#state, this.#hub, command);
      return this.#position();
    };
    return turn(this.#state, undefined, noted, command.tokenId);
  }

  /** Takes in what a socket sent. The host calls it, in the order in which frames arrive. */
  receive(connection: Connection, text: string): Promise<void> {
    return this.#frames.receive(connection, text);
  }

  /** Notes that a socket is gone. `isEnd`: its client closed it to end its session. */
  closed(connection: Connection, isEnd: boolean): Promise<void> {
    return this.#frames.closed(connection, isEnd);
  }

  /**
   * Asks whether there is room for a socket. The host calls it before it accepts one.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  assertRoomForSocket({ caller }: SocketPurpose): void {
    assertRoomForSocket(this.#state, this.#hub, caller.tokenId);
  }

  /** Takes in a socket that was accepted. */
  opened(connection: Connection): void {
    notePass(this.#state);
    this.#hub.connect(connection);
    arm(this.#state);
  }

  #position(): { cursor: string } {
    return { cursor: this.#state.journal.cursor };
  }

  #revisionOf(key: ServiceKey): number {
    return this.#state.catalog.service(key)?.revision ?? 0;
  }
}
