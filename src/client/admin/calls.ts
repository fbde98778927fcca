import type {
  AuditTrail,
  IssuedToken,
  OwnToken,
  RedeemedToken,
  Ticket,
  TokenBody,
  TokenList,
} from '../wire/access-answers';
import type {
  BatchReport,
  DrainReport,
  HeartbeatReport,
  InstanceList,
  Override,
  Registered,
  Renewal,
  Resolution,
  Service,
  ServiceList,
  SubscriberList,
} from '../wire/answers';
import type {
  BatchOperation,
  InstanceBody,
  InstancePatch,
  OverrideBody,
  ServiceBody,
  ServicePatchBody,
} from '../wire/bodies';
import type { ClientOptions } from '../wire/client-options';
import type {
  Cause,
  EntryCompactionReport,
  EntryDiff,
  EntryRollbackBody,
  EntryRollbackReport,
  HistoryPage,
  RollbackReport,
  ServiceDiff,
  WhyReport,
} from '../wire/history-answers';
import type { Instance, InstanceStatus } from '../wire/instance';
import type { GrantedLease, GrantedLeaseDetail, GrantedLeaseList, LeaseGrantBody } from '../wire/lease-answers';
import type { Namespace, NamespaceBody, NamespaceList, NamespacePatchBody, Stats } from '../wire/namespace-answers';
import type { RegistryHttp } from '../wire/registry-http';
import { caller, type Operation } from './operation';
import type { CallSettings, Condition, Freshness, Health, InstanceNames, Page, ServiceNames } from './requests';

/** The calls whose bodies are JSON or text: all but the transfers. */
export interface Calls {
  /** Registers an instance, or replaces its registration. */
  registerInstance(ask: InstanceNames & Condition & { body: InstanceBody }): Promise<Registered>;
  /** Registers an instance under an id derived from its address. */
  registerInstanceByAddress(ask: ServiceNames & Condition & { body: InstanceBody }): Promise<Registered>;
  /** Lists the instances of a service; `metadata` filters by metadata entries. */
  listInstances(ask: ServiceNames & Freshness & Page & InstanceFilter): Promise<InstanceList>;
  readInstance(ask: InstanceNames & Freshness): Promise<Instance>;
  /** Changes weight, status, metadata or tags of a registration. */
  patchInstance(ask: InstanceNames & Condition & { body: InstancePatch }): Promise<Instance>;
  /** Deregisters an instance; also succeeds if it is already gone. */
  deregisterInstance(ask: InstanceNames & Condition): Promise<void>;
  /** Renews the lease of an instance. */
  renewLease(ask: InstanceNames): Promise<Renewal>;
  /** Renews the leases of many instances. */
  renewLeases(
    ask: CallSettings & { body: { instances: { group?: string | undefined; service: string; id: string }[] } },
  ): Promise<HeartbeatReport>;
  /** Takes an instance out of traffic, then removes it. `wait` (default 30 s) and `grace` are durations such as `5s`. */
  drainInstance(ask: InstanceNames & { wait?: string | undefined; grace?: string | undefined }): Promise<DrainReport>;
  /**
   * Cancels a drain before its removal: the instance is as it was, and calls that wait for the drain fail with `CONFLICT`.
   * Succeeds if the instance is not draining.
   */
  cancelDrain(ask: InstanceNames): Promise<void>;
  /** Resolves a service to the endpoints that take traffic. `near`: `auto`, `lat,lon` or `zone:<name>`. */
  resolveService(
    ask: ServiceNames &
      Freshness & {
        cluster?: string | undefined;
        tag?: string | undefined;
        near?: string | undefined;
        limit?: number | undefined;
      },
  ): Promise<Resolution>;
  /** Lists services, with counts of their instances. */
  listServices(
    ask?: CallSettings & Freshness & Page & { group?: string | undefined; prefix?: string | undefined },
  ): Promise<ServiceList>;
  /** Creates a service, or replaces its settings. */
  putService(ask: ServiceNames & Condition & { body: ServiceBody }): Promise<Service>;
  readService(ask: ServiceNames & Freshness): Promise<Service>;
  /** Changes metadata, protect threshold or selector of a service. */
  patchService(ask: ServiceNames & Condition & { body: ServicePatchBody }): Promise<Service>;
  /** Removes a service; if it has instances, only with `force`. */
  removeService(ask: ServiceNames & Condition & { force?: boolean | undefined }): Promise<void>;
  /** Overrides the registration of an instance, or quarantines it. */
  putOverride(ask: InstanceNames & Condition & { body: OverrideBody }): Promise<Override>;
  readOverride(ask: InstanceNames & Freshness): Promise<Override>;
  clearOverride(ask: InstanceNames & Condition): Promise<void>;
  /** Acknowledges the events of an event stream; `id` is the subscriber's. */
  acknowledge(ask: CallSettings & { id: string; body: { cursor: string } }): Promise<void>;
  /** Lists the subscribers of a service and the cursor that each has acknowledged. */
  listSubscribers(ask: ServiceNames & Pick<Page, 'after'>): Promise<SubscriberList>;
  /** Changes many instances atomically, as one revision. */
  applyBatch(ask: CallSettings & { body: { operations: BatchOperation[] } }): Promise<BatchReport>;
  /** Reads the statistics of a namespace: contents, activity and cost. */
  readStats(ask?: CallSettings): Promise<Stats>;
  /** Reads the history of changes, newest first. `since` and `until` are cursors or times. */
  readHistory(ask?: CallSettings & Page & HistoryFilter): Promise<HistoryPage>;
  /** Explains why an instance is in its current state, or why it is gone. */
  explainInstance(ask: InstanceNames & { limit?: number | undefined }): Promise<WhyReport>;
  /** Compares a service at two points in time, given as cursors or times; `to` defaults to now. */
  diffService(ask: ServiceNames & Page & { from: string; to?: string | undefined }): Promise<ServiceDiff>;
  /** Rolls back the operators' settings of a service and its instances. */
  rollBackService(ask: ServiceNames & { body: { to: string } }): Promise<RollbackReport>;
  /** Compares entries at two points in time, given as cursors or times; `to` defaults to now. */
  diffEntries(ask: CallSettings & Page & KeySelection & { from: string; to?: string | undefined }): Promise<EntryDiff>;
  /** Restores the values of entries at a cursor or time, and deletes those that did not exist. */
  rollBackEntries(ask: CallSettings & { body: EntryRollbackBody }): Promise<EntryRollbackReport>;
  /** Drops the history of entries before a revision. */
  compactEntries(ask: CallSettings & { body: { revision: number } }): Promise<EntryCompactionReport>;
  /** Grants a lease, which entries and instances can be held by. `grantLease` of `rollcall/client/locks` also renews it. */
  grantLease(ask: CallSettings & { body: LeaseGrantBody }): Promise<GrantedLease>;
  /** Lists the granted leases of this token, or all if it may operate the namespace. */
  listGrantedLeases(ask?: CallSettings & Page): Promise<GrantedLeaseList>;
  /** Reads a granted lease with what it holds; `lease` is its id or its alias. */
  readGrantedLease(ask: CallSettings & { lease: string }): Promise<GrantedLeaseDetail>;
  /** Renews a granted lease: its time to live starts again. */
  renewGrantedLease(ask: CallSettings & { lease: string }): Promise<GrantedLease>;
  /** Ends a granted lease, and removes everything that it holds. */
  revokeGrantedLease(ask: CallSettings & { lease: string }): Promise<void>;
  /** Lists the namespaces that the token has a grant on. */
  listNamespaces(ask?: CallSettings & Page): Promise<NamespaceList>;
  createNamespace(ask: CallSettings & { body: NamespaceBody }): Promise<Namespace>;
  /** Reads the settings of a namespace. */
  readNamespace(ask?: CallSettings): Promise<Namespace>;
  /** Changes the settings of a namespace. */
  patchNamespace(ask: CallSettings & { body: NamespacePatchBody }): Promise<Namespace>;
  /** Removes a namespace; `ns` is required. If the namespace holds anything, only with `force`. */
  removeNamespace(ask: CallSettings & { ns: string; force?: boolean | undefined }): Promise<void>;
  createToken(ask: CallSettings & { body: TokenBody }): Promise<IssuedToken>;
  /** Lists the tokens that this token may manage. */
  listTokens(ask?: CallSettings & Page): Promise<TokenList>;
  /** Reads the token of this client: its id, grants and expiry. */
  readOwnToken(ask?: CallSettings): Promise<OwnToken>;
  /** Revokes a token, everywhere within 30 s. A repeat by the same caller succeeds; by others it is `TOKEN_NOT_FOUND`. */
  revokeToken(ask: CallSettings & { id: string }): Promise<void>;
  /** Rotates the secret of a token; the previous one stays valid for `overlapMs`. */
  rotateToken(ask: CallSettings & { id: string; body: { overlapMs?: number | undefined } }): Promise<IssuedToken>;
  /** Creates a ticket that replaces this token once, within 30 s. */
  createTicket(ask?: CallSettings): Promise<Ticket>;
  /** Redeems a ticket for a token of at most 12 hours. Needs no token. */
  redeemTicket(ask: CallSettings & { body: { ticket: string } }): Promise<RedeemedToken>;
  /** Reads the audit trail; with `ns`, of that namespace only. */
  readAudit(ask?: CallSettings & Page): Promise<AuditTrail>;
  /** Scrapes the metrics of the namespaces that the token covers, or only of `ns`, in Prometheus' text format. */
  readMetrics(ask?: CallSettings): Promise<string>;
  /** Checks that the registry is alive, and returns its version. Needs no token. */
  readHealth(ask?: CallSettings): Promise<Health>;
  /** Reads the OpenAPI document. */
  readDocument(ask?: CallSettings): Promise<Record<string, unknown>>;
}

/** Filter of the history. */
export interface HistoryFilter {
  /** With `service`, default `DEFAULT_GROUP`. */
  group?: string | undefined;
  service?: string | undefined;
  instance?: string | undefined;
  /** Only the entry of this key. */
  key?: string | undefined;
  /** Only entries whose keys begin with this; empty: all entries. */
  prefix?: string | undefined;
  /** The key or prefix is base64, as it is not valid UTF-8. */
  base64?: 'true' | undefined;
  cause?: Cause | undefined;
  /** Only changes after this cursor, or at this time or later. */
  since?: string | undefined;
  /** Only changes up to this cursor or time. */
  until?: string | undefined;
}

/** Selects entries: one key, a prefix, or those from one key up to another; by default all. */
export interface KeySelection {
  key?: string | undefined;
  prefix?: string | undefined;
  fromKey?: string | undefined;
  toKey?: string | undefined;
  /** The keys are base64, as they are not valid UTF-8. */
  base64?: 'true' | undefined;
}

/** Filter of a list of instances. */
export interface InstanceFilter {
  cluster?: string | undefined;
  tag?: string | undefined;
  status?: InstanceStatus | undefined;
  available?: boolean | undefined;
  metadata?: Record<string, string> | undefined;
  /** Reads the list as it was at this cursor or time. */
  at?: string | undefined;
}

const NAMESPACE = '/api/v1/ns/{ns}';
const TOKEN = '/api/v1/tokens/{id}';
const SERVICE = `${NAMESPACE}/groups/{group}/services/{service}`;
const INSTANCE = `${SERVICE}/instances/{id}`;
const LEASE = `${NAMESPACE}/leases/{lease}`;

/** Method and path of each call; a test compares them with the OpenAPI document. */
const OPERATIONS: Record<keyof Calls, Operation> = {
  registerInstance: ['PUT', INSTANCE],
  registerInstanceByAddress: ['POST', `${SERVICE}/instances`],
  listInstances: ['GET', `${SERVICE}/instances`],
  readInstance: ['GET', INSTANCE],
  patchInstance: ['PATCH', INSTANCE],
  deregisterInstance: ['DELETE', INSTANCE],
  renewLease: ['POST', `${INSTANCE}/heartbeat`],
  renewLeases: ['POST', `${NAMESPACE}/heartbeat`],
  drainInstance: ['POST', `${INSTANCE}/drain`],
  cancelDrain: ['DELETE', `${INSTANCE}/drain`],
  resolveService: ['GET', `${SERVICE}/resolve`],
  listServices: ['GET', `${NAMESPACE}/services`],
  putService: ['PUT', SERVICE],
  readService: ['GET', SERVICE],
  patchService: ['PATCH', SERVICE],
  removeService: ['DELETE', SERVICE],
  putOverride: ['PUT', `${INSTANCE}/override`],
  readOverride: ['GET', `${INSTANCE}/override`],
  clearOverride: ['DELETE', `${INSTANCE}/override`],
  acknowledge: ['POST', `${NAMESPACE}/subscribers/{id}/ack`],
  listSubscribers: ['GET', `${SERVICE}/subscribers`],
  applyBatch: ['POST', `${NAMESPACE}/batch`],
  readStats: ['GET', `${NAMESPACE}/stats`],
  readHistory: ['GET', `${NAMESPACE}/history`],
  explainInstance: ['GET', `${INSTANCE}/why`],
  diffService: ['GET', `${SERVICE}/diff`],
  rollBackService: ['POST', `${SERVICE}/rollback`],
  diffEntries: ['GET', `${NAMESPACE}/diff/kv`],
  rollBackEntries: ['POST', `${NAMESPACE}/rollback/kv`],
  compactEntries: ['POST', `${NAMESPACE}/kv-compaction`],
  grantLease: ['POST', `${NAMESPACE}/leases`],
  listGrantedLeases: ['GET', `${NAMESPACE}/leases`],
  readGrantedLease: ['GET', LEASE],
  renewGrantedLease: ['POST', `${LEASE}/renew`],
  revokeGrantedLease: ['DELETE', LEASE],
  listNamespaces: ['GET', '/api/v1/ns'],
  createNamespace: ['POST', '/api/v1/ns'],
  readNamespace: ['GET', NAMESPACE],
  patchNamespace: ['PATCH', NAMESPACE],
  removeNamespace: ['DELETE', NAMESPACE],
  createToken: ['POST', '/api/v1/tokens'],
  listTokens: ['GET', '/api/v1/tokens'],
  readOwnToken: ['GET', '/api/v1/token'],
  revokeToken: ['DELETE', TOKEN],
  rotateToken: ['POST', `${TOKEN}/rotate`],
  createTicket: ['POST', '/api/v1/tickets'],
  redeemTicket: ['POST', '/api/v1/tickets/redeem'],
  readAudit: ['GET', '/api/v1/audit'],
  readMetrics: ['GET', '/metrics'],
  readHealth: ['GET', '/health'],
  readDocument: ['GET', '/api/v1/openapi.json'],
};

/** Creates the calls. */
export function calls(http: RegistryHttp, options: ClientOptions): Calls {
  const created = Object.entries(OPERATIONS).map(([name, operation]) => [name, caller(http, options, operation)]);
  return Object.fromEntries(created) as Calls; // `as`: the table has all members; each takes and returns what its type declares
}
