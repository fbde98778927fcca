import type { InstanceKey, Operation } from '../../model/batch';
import type { Asker } from '../../model/history-commands';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { SocketPurpose } from '../../model/namespace-sockets';
import type { Connection } from '../platform/connection';
import type { Platform } from '../platform/platform';
import { attendAlarm, attendTick } from './alarm';
import type { Retention } from './commit/journal';
import { readChangedSince } from './history/changed-since';
import { compactEntries } from './history/entry-compaction';
import { diffEntries } from './history/entry-diff';
import { readEntryHistory } from './history/entry-reads';
import { rollBackEntries } from './history/entry-rollback';
import { NamespaceSnapshots } from './history/namespace-snapshots';
import { readDiff, readHistory, rollback } from './history/past-reads';
import { readWhy } from './history/why';
import {
  callGrantLease,
  callListLeases,
  callReadLease,
  callRenewLease,
  callRenewLeases,
  callRevokeLease,
} from './lease-calls';
import { arm } from './leases/expiry';
import { AnswerCache } from './queries/answer-cache';
import { readChangedServices } from './queries/changed-services';
import {
  callAcknowledge,
  type Query,
  readEntry,
  readEntryRange,
  readInstance,
  readInstanceList,
  readOverride,
  readOverrideList,
  readResolution,
  readService,
  readServiceList,
  readStats,
  readSubscribers,
} from './read-calls';
import type { NamespaceState } from './state';
import { notePass } from './time/attention';
import { applyImport } from './transfer/apply';
import { exportPart } from './transfer/export-part';
import { planImport } from './transfer/plan';
import { dropImport, stageImport } from './transfer/stage';
import type { OnDecided } from './turn/turn';
import { wake } from './wake';
import type { Hub } from './watch/hub';
import { ReceivedFrames } from './watch/received-frames';
import { assertRoomForSocket } from './watch/socket-limits';
import {
  type Command,
  callBatch,
  callCancelDrain,
  callClearOverride,
  callDeleteEntry,
  callDeregister,
  callDrain,
  callPatch,
  callPatchService,
  callPutEntry,
  callPutOverride,
  callPutService,
  callRegister,
  callRemoveService,
  callRenew,
  callRenewMany,
  callTransaction,
  type Reply,
} from './write-calls';

/**
 * An awake namespace: its calls, one line each. It depends on no platform: the host passes one in, and calls {@link alarm}
 * when the alarm fires.
 */
export class Registry implements NamespaceApi {
  readonly #state: NamespaceState;
  readonly #hub: Hub;
  readonly #frames: ReceivedFrames;
  readonly #cache = new AnswerCache();
  readonly #snapshots: NamespaceSnapshots;

  constructor(state: NamespaceState, hub: Hub) {
    this.#state = state;
    this.#hub = hub;
    this.#frames = new ReceivedFrames(state, hub, this);
    this.#snapshots = new NamespaceSnapshots(state);
  }

  /** Loads a namespace from its storage, or creates a new one. */
  static wake(platform: Platform, retention?: Retention): Registry {
    const { state, hub } = wake(platform, retention);
    return new Registry(state, hub);
  }

  /**
   * Does the work that is due. The host calls it when the alarm fires. Calling it late, early or twice does no harm.
   *
   * @param dueAt Time the alarm was set for, in milliseconds since the epoch. A late alarm reveals a gap in attention.
   */
  alarm(dueAt: number): Promise<void> {
    return attendAlarm(this.#state, this.#hub, dueAt);
  }

  /**
   * Records that the registry is listening, and does the work that is due. A host with a monotonic clock calls it every
   * `ATTENTION_PASS_MS`.
   */
  tick(): Promise<void> {
    return attendTick(this.#state, this.#hub);
  }

  register(caller: Caller, command: Command<'register'>): Reply<'register'> {
    return callRegister(this.#state, caller, command);
  }

  patch(caller: Caller, command: Command<'patch'>): Reply<'patch'> {
    return callPatch(this.#state, caller, command);
  }

  deregister(caller: Caller, command: Command<'deregister'>): Reply<'deregister'> {
    return callDeregister(this.#state, caller, command);
  }

  renew(caller: Caller, key: InstanceKey): Reply<'renew'> {
    return callRenew(this.#state, caller, key);
  }

  renewMany(caller: Caller, keys: InstanceKey[]): Reply<'renewMany'> {
    return callRenewMany(this.#state, caller, keys);
  }

  drain(caller: Caller, command: Command<'drain'>): Reply<'drain'> {
    return callDrain(this.#state, this.#hub, caller, command);
  }

  cancelDrain(caller: Caller, command: Command<'cancelDrain'>): Reply<'cancelDrain'> {
    return callCancelDrain(this.#state, caller, command);
  }

  readInstance(command: Query<'readInstance'>): Reply<'readInstance'> {
    return readInstance(this.#state, command);
  }

  listInstances(command: Query<'listInstances'>): Reply<'listInstances'> {
    return readInstanceList(this.#state, this.#cache, command);
  }

  resolve(command: Query<'resolve'>): Reply<'resolve'> {
    return readResolution(this.#state, this.#cache, command);
  }

  putOverride(caller: Caller, command: Command<'putOverride'>): Reply<'putOverride'> {
    return callPutOverride(this.#state, caller, command);
  }

  readOverride(command: Query<'readOverride'>): Reply<'readOverride'> {
    return readOverride(this.#state, command);
  }

  listOverrides(command: Query<'listOverrides'>): Reply<'listOverrides'> {
    return readOverrideList(this.#state, command);
  }

  clearOverride(caller: Caller, command: Command<'clearOverride'>): Reply<'clearOverride'> {
    return callClearOverride(this.#state, caller, command);
  }

  putService(caller: Caller, command: Command<'putService'>): Reply<'putService'> {
    return callPutService(this.#state, caller, command);
  }

  patchService(caller: Caller, command: Command<'patchService'>): Reply<'patchService'> {
    return callPatchService(this.#state, caller, command);
  }

  readService(command: Query<'readService'>): Reply<'readService'> {
    return readService(this.#state, command);
  }

  removeService(caller: Caller, command: Command<'removeService'>): Reply<'removeService'> {
    return callRemoveService(this.#state, caller, command);
  }

  listServices(command: Query<'listServices'>): Reply<'listServices'> {
    return readServiceList(this.#state, command);
  }

  batch(caller: Caller, operations: Operation[], decided?: OnDecided): Reply<'batch'> {
    return callBatch(this.#state, caller, operations, decided);
  }

  stats({ tokenId }: Asker = {}): Reply<'stats'> {
    return readStats(this.#state, this.#hub, tokenId);
  }

  history(command: Query<'history'>): Reply<'history'> {
    return readHistory(this.#state, command);
  }

  diff(command: Query<'diff'>): Reply<'diff'> {
    return readDiff(this.#state, command);
  }

  why(command: Query<'why'>): Reply<'why'> {
    return readWhy(this.#state, this.#hub, command);
  }

  rollback(caller: Caller, command: Command<'rollback'>): Reply<'rollback'> {
    return rollback(this.#state, caller, command);
  }

  snapshot(command: Query<'snapshot'>): Reply<'snapshot'> {
    return this.#snapshots.read(command);
  }

  exportPart(command: Query<'exportPart'>): Reply<'exportPart'> {
    return exportPart(this.#state, command);
  }

  stageImport(caller: Caller, command: Command<'stageImport'>): Reply<'stageImport'> {
    return stageImport(this.#state, caller, command);
  }

  planImport(caller: Caller, command: Command<'planImport'>): Reply<'planImport'> {
    return planImport(this.#state, caller, command);
  }

  applyImport(caller: Caller, command: Command<'applyImport'>): Reply<'applyImport'> {
    return applyImport(this.#state, caller, command);
  }

  dropImport(caller: Caller, command: Command<'dropImport'>): Reply<'dropImport'> {
    return dropImport(this.#state, caller, command);
  }

  changedSince(command: Query<'changedSince'>): Reply<'changedSince'> {
    return readChangedSince(this.#state, command);
  }

  changedServices(command: Query<'changedServices'>): Reply<'changedServices'> {
    return readChangedServices(this.#state, command);
  }

  listSubscribers(command: Query<'listSubscribers'>): Reply<'listSubscribers'> {
    return readSubscribers(this.#state, this.#hub, command);
  }

  acknowledge(command: Query<'acknowledge'>): Reply<'acknowledge'> {
    return callAcknowledge(this.#state, this.#hub, command);
  }

  putEntry(caller: Caller, command: Command<'putEntry'>): Reply<'putEntry'> {
    return callPutEntry(this.#state, caller, command);
  }

  deleteEntry(caller: Caller, command: Command<'deleteEntry'>): Reply<'deleteEntry'> {
    return callDeleteEntry(this.#state, caller, command);
  }

  transaction(caller: Caller, command: Command<'transaction'>, decided?: OnDecided): Reply<'transaction'> {
    return callTransaction(this.#state, caller, command, decided);
  }

  readEntry(command: Query<'readEntry'>): Reply<'readEntry'> {
    return readEntry(this.#state, command);
  }

  rangeEntries(command: Query<'rangeEntries'>): Reply<'rangeEntries'> {
    return readEntryRange(this.#state, command);
  }

  entryHistory(command: Query<'entryHistory'>): Reply<'entryHistory'> {
    return readEntryHistory(this.#state, command);
  }

  diffEntries(command: Query<'diffEntries'>): Reply<'diffEntries'> {
    return diffEntries(this.#state, command);
  }

  rollBackEntries(caller: Caller, command: Command<'rollBackEntries'>): Reply<'rollBackEntries'> {
    return rollBackEntries(this.#state, caller, command);
  }

  compactEntries(caller: Caller, command: Command<'compactEntries'>, decided?: OnDecided): Reply<'compactEntries'> {
    return compactEntries(this.#state, caller, command, decided);
  }

  grantLease(caller: Caller, command: Command<'grantLease'>, decided?: OnDecided): Reply<'grantLease'> {
    return callGrantLease(this.#state, caller, command, decided);
  }

  renewLease(caller: Caller, command: Command<'renewLease'>): Reply<'renewLease'> {
    return callRenewLease(this.#state, caller, command);
  }

  renewLeases(caller: Caller, renewals: Command<'renewLeases'>, decided?: OnDecided): Reply<'renewLeases'> {
    return callRenewLeases(this.#state, caller, renewals, decided);
  }

  readLease(caller: Caller, command: Command<'readLease'>, decided?: OnDecided): Reply<'readLease'> {
    return callReadLease(this.#state, caller, command, decided);
  }

  listLeases(caller: Caller, command: Command<'listLeases'>, decided?: OnDecided): Reply<'listLeases'> {
    return callListLeases(this.#state, caller, command, decided);
  }

  revokeLease(caller: Caller, command: Command<'revokeLease'>, decided?: OnDecided): Reply<'revokeLease'> {
    return callRevokeLease(this.#state, caller, command, decided);
  }

  /** Handles a frame that a socket sent. The host calls it in the order in which frames arrive. */
  receive(connection: Connection, text: string): Promise<void> {
    return this.#frames.receive(connection, text);
  }

  /** Handles the close of a socket. `isEnd`: its client closed it to end its session. */
  closed(connection: Connection, isEnd: boolean): Promise<void> {
    return this.#frames.closed(connection, isEnd);
  }

  /**
   * Checks that there is room for a socket. The host calls it before it accepts one.
   *
   * @throws {RegistryError} `LIMIT_EXCEEDED`.
   */
  assertRoomForSocket({ caller }: SocketPurpose): void {
    assertRoomForSocket(this.#state, this.#hub, caller.tokenId);
  }

  /** Adds a socket that was accepted. */
  opened(connection: Connection): void {
    notePass(this.#state);
    this.#hub.connect(connection);
    arm(this.#state);
  }
}
