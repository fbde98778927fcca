import type { Override, Subscriber } from './answers';
import type { WatchedService } from './frames';
import type { Instance, InstanceStatus, Lease, Location, NamedPort } from './instance';

/** Responses about the history. Written by `npm run client-types` out of the schemas of src/model: change those. */

/** Cause of a change. */
export type Cause =
  | 'registered'
  | 'updated'
  | 'deregistered'
  | 'expired'
  | 'unhealthy'
  | 'recovered'
  | 'overridden'
  | 'quarantined'
  | 'drained'
  | 'session-closed'
  | 'imported'
  | 'rolled-back'
  | 'restored';

/** An instance as it registered itself, with its health but without its override, which is a separate record. */
export interface RegisteredInstance {
  id: string;
  group: string;
  service: string;
  cluster: string;
  node?: string | undefined;
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
  ports: Record<string, NamedPort>;
  weight: number;
  status: InstanceStatus;
  ephemeral: boolean;
  metadata: Record<string, string>;
  tags: string[];
  version?: string | undefined;
  location?: Location | undefined;
  incarnation?: string | undefined;
  lease: Lease | null;
  extensions: Record<string, unknown>;
  /** The lease is within its time to live. */
  healthy: boolean;
  /** Id of the token that registered it. */
  owner: string;
  createdRevision: number;
  revision: number;
  changes: number;
  /** RFC 3339. */
  registeredAt: string;
  /** RFC 3339. */
  updatedAt: string;
}

/** Renewals of an instance's lease, as the registry received them. */
export interface Renewals {
  /** Time of the last renewal, or of the grant. RFC 3339. */
  lastAt: string;
  /** Longest time between two renewals since `gapsSince`. */
  longestGapMs: number;
  /** Time of the registration, or of the last wake of the registry. RFC 3339. */
  gapsSince: string;
}

/** One record that changed, complete before and after the change; null if it did not exist. */
export type HistoryChange =
  | {
      kind: 'instance';
      group: string;
      service: string;
      id: string;
      cause: Cause;
      before: RegisteredInstance | null;
      after: RegisteredInstance | null;
      /** Renewals until it became unhealthy or was removed. */
      renewals?: Renewals | undefined;
      /** Number of watches that were notified of it. */
      watchers: number;
    }
  | {
      kind: 'override';
      group: string;
      service: string;
      id: string;
      cause: Cause;
      before: Override | null;
      after: Override | null;
      /** Number of watches that were notified of it. */
      watchers: number;
    }
  | {
      kind: 'service';
      group: string;
      service: string;
      cause: Cause;
      before: WatchedService | null;
      after: WatchedService | null;
      /** Number of watches that were notified of it. */
      watchers: number;
    };

/** A revision, with those of its changes that match the query. */
export interface HistoryEntry {
  revision: number;
  /** Position right after this revision. */
  cursor: string;
  /** RFC 3339. */
  at: string;
  /** Cause of the whole revision; `updated` if its changes have different causes. */
  cause: Cause;
  /** Id of the token, or `registry`. */
  actor: string;
  changes: HistoryChange[];
  /**
   * Number of changes left out because the response would be too large: query the history of a service or an
   * instance.
   */
  omitted?: number | undefined;
}

/** A page of the history, newest entry first. */
export interface HistoryPage {
  entries: HistoryEntry[];
  /** Pass it as `after` to get the next page, even if this page has no entries. */
  next?: string | undefined;
  /** True: this is the end; older entries are no longer kept. */
  compacted: boolean;
}

/** History and current state of an instance, with an explanation. */
export interface WhyReport extends HistoryPage {
  group: string;
  service: string;
  id: string;
  present: boolean;
  /** Explanation in one sentence, for people. */
  summary: string;
  /** The instance now, if it exists. */
  instance?: Instance | undefined;
  /** Its override, which may outlive the instance. */
  override?: Override | undefined;
  /** Renewals of its lease until now, or until it was removed; null without a lease. */
  renewals: Renewals | null;
  /** Changes that will happen without a further request. */
  deadlines: {
    /** Time at which it becomes unhealthy unless it renews. */
    unhealthyAt: string | null;
    /** Time at which it is removed unless it renews; null: never. */
    removedAt: string | null;
    drainEndsAt: string | null;
    quarantineEndsAt: string | null;
  };
  /**
   * Current subscribers of the service. One that has acknowledged the revision of an entry has applied its changes.
   */
  subscribers: Subscriber[];
}

/** A point in the history. */
export interface Moment {
  /** Newest revision at that time; 0: none yet. */
  revision: number;
  cursor: string;
  /** The requested time, or that of the revision. RFC 3339. */
  at: string;
}

/** Differences of a service between two points in time. */
export interface ServiceDiff {
  from: Moment;
  to: Moment;
  /** Definition of the service, if it differs. */
  service?: { before: WatchedService; after: WatchedService } | undefined;
  /** Instances that differ, sorted by id; null: the instance did not exist. */
  instances: { id: string; before: Instance | null; after: Instance | null }[];
  /** Pass it as `after`, and the cursor in `to` as `to`, to get the next page. */
  next?: string | undefined;
}

/** Result of a rollback. */
export interface RollbackReport {
  to: Moment;
  cursor: string;
  /** Revision that the rollback created; null if nothing changed. */
  revision: number | null;
  /** Change of the service’s definition. */
  service?: 'restored' | 'removed' | undefined;
  /** Ids of instances whose override was restored. */
  restored: string[];
  /** Ids of instances whose override was removed because they had none then. */
  removed: string[];
  /** Ids of instances that had an override then and no longer exist; they are not restored. */
  gone: string[];
}
