import type { Override, Subscriber } from './answers';
import type { WatchedService } from './frames';
import type { Instance, InstanceStatus, Lease, Location, NamedPort } from './instance';

/**
 * What the API answers about the past. Written by `npm run client-types` out of the schemas of src/model: change
 * those.
 */

/** Why something changed. */
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

/** An instance as it registered itself, with its health: what operators say about it is a record of its own. */
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

/** How an instance kept its lease alive, as far as the registry heard. */
export interface Renewals {
  /** When it was last renewed, or granted. RFC 3339. */
  lastAt: string;
  /** Longest time between two renewals since `gapsSince`. */
  longestGapMs: number;
  /** When it was registered, or the registry last woke. RFC 3339. */
  gapsSince: string;
}

/** One record that changed, whole before and after; null where there was none. */
export type HistoryChange =
  | {
      kind: 'instance';
      group: string;
      service: string;
      id: string;
      cause: Cause;
      before: RegisteredInstance | null;
      after: RegisteredInstance | null;
      /** Until it turned unhealthy, or went. */
      renewals?: Renewals | undefined;
      /** How many watches it was told to. */
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
      /** How many watches it was told to. */
      watchers: number;
    }
  | {
      kind: 'service';
      group: string;
      service: string;
      cause: Cause;
      before: WatchedService | null;
      after: WatchedService | null;
      /** How many watches it was told to. */
      watchers: number;
    };

/** A revision, with those of its changes that were asked for. */
export interface HistoryEntry {
  revision: number;
  /** The position right after it. */
  cursor: string;
  /** RFC 3339. */
  at: string;
  /** Of the whole revision; `updated` where its changes differ. */
  cause: Cause;
  /** Id of the token, or `registry`. */
  actor: string;
  changes: HistoryChange[];
  /** Further changes of this revision, too large for one answer: ask for the history of a service or an instance. */
  omitted?: number | undefined;
}

/** A page of the past, newest first. */
export interface HistoryPage {
  entries: HistoryEntry[];
  /** Goes on from here, as `after`, also where a page has no entries. */
  next?: string | undefined;
  /** True: this is the end, and what was before is no longer kept. */
  compacted: boolean;
}

/** What became of an instance, and why. */
export interface WhyReport extends HistoryPage {
  group: string;
  service: string;
  id: string;
  present: boolean;
  /** The answer in a sentence, for people. */
  summary: string;
  /** As it is, where it is there. */
  instance?: Instance | undefined;
  /** What operators say about it; it may outlive the instance. */
  override?: Override | undefined;
  /** Of its lease, now or until it went; null without a lease. */
  renewals: Renewals | null;
  /** What will happen to it by itself. */
  deadlines: {
    /** When its time to live ends, unless it renews. */
    unhealthyAt: string | null;
    /** When it is removed, unless it renews; null: never. */
    removedAt: string | null;
    drainEndsAt: string | null;
    quarantineEndsAt: string | null;
  };
  /** Who is told of the service now. Whoever acknowledged the revision of an entry acts by it. */
  subscribers: Subscriber[];
}

/** A moment of the past. */
export interface Moment {
  /** Newest revision by then; 0: nothing had happened yet. */
  revision: number;
  cursor: string;
  /** The time that was asked for, or that of the revision. RFC 3339. */
  at: string;
}

/** What is different of a service between two moments. */
export interface ServiceDiff {
  from: Moment;
  to: Moment;
  /** What it has of its own, where that is different. */
  service?: { before: WatchedService; after: WatchedService } | undefined;
  /** Those that are different, in the order of their ids; null: not there. */
  instances: { id: string; before: Instance | null; after: Instance | null }[];
  /** Goes on from here, as `after`, with `to` as the cursor in `to`. */
  next?: string | undefined;
}

/** What a rollback has done. */
export interface RollbackReport {
  to: Moment;
  cursor: string;
  /** The revision it made; null where all was as it had been. */
  revision: number | null;
  /** What the service has of its own. */
  service?: 'restored' | 'removed' | undefined;
  /** Ids of instances whose override is again what it was. */
  restored: string[];
  /** Ids of instances that had no override then. */
  removed: string[];
  /** Ids of instances that had an override then, and are gone: they stay gone. */
  gone: string[];
}
