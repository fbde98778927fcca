import type { Override, Subscriber } from './answers';
import type { Cause } from './cause';
import type { WatchedService } from './frames';
import type { Instance } from './instance';

export type { Cause };

/** What the API answers about the past. Times are RFC 3339. */

/** An instance as it registered itself, with its health: what operators say about it is a record of its own. */
export type RegisteredInstance = Omit<Instance, 'enabled' | 'quarantined' | 'available' | 'flapping' | 'overridden'>;

/** How an instance kept its lease alive, as far as the registry heard. */
export interface Renewals {
  /** When it was last renewed, or granted. */
  lastAt: string;
  /** Longest time between two renewals since `gapsSince`. */
  longestGapMs: number;
  /** When it was registered, or the registry last woke. */
  gapsSince: string;
}

/** What every change of the past has. */
interface ChangeNames {
  group: string;
  service: string;
  cause: Cause;
  /** How many watches it was told to. */
  watchers: number;
}

/** One record that changed, whole before and after; null where there was none. */
export type HistoryChange =
  | (ChangeNames & {
      kind: 'instance';
      id: string;
      before: RegisteredInstance | null;
      after: RegisteredInstance | null;
      /** Until it turned unhealthy, or went. */
      renewals?: Renewals | undefined;
    })
  | (ChangeNames & { kind: 'override'; id: string; before: Override | null; after: Override | null })
  | (ChangeNames & { kind: 'service'; before: WatchedService | null; after: WatchedService | null });

/** A revision, with those of its changes that were asked for. */
export interface HistoryEntry {
  revision: number;
  /** The position right after it. */
  cursor: string;
  at: string;
  /** Of the whole revision; `updated` where its changes differ. */
  cause: Cause;
  /** Id of the token, or `registry`. */
  actor: string;
  changes: HistoryChange[];
  /** Further changes of this revision: too large for one answer. */
  omitted?: number | undefined;
}

/** A page of the past, newest first. */
export interface HistoryPage {
  entries: HistoryEntry[];
  /** Goes on from here, as `after`, also where a page has no entries. */
  next?: string | undefined;
  /** This is the end, and what was before is no longer kept. */
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
  instance?: Instance | undefined;
  /** What operators say about it; it may outlive the instance. */
  override?: Override | undefined;
  renewals: Renewals | null;
  /** What will happen to it by itself. */
  deadlines: {
    unhealthyAt: string | null;
    removedAt: string | null;
    drainEndsAt: string | null;
    quarantineEndsAt: string | null;
  };
  /** Who is told of the service now. */
  subscribers: Subscriber[];
}

/** A moment of the past. */
export interface Moment {
  /** Newest revision by then; 0: nothing had happened yet. */
  revision: number;
  cursor: string;
  /** The time that was asked for, or that of the revision. */
  at: string;
}

/** What is different of a service between two moments. */
export interface ServiceDiff {
  from: Moment;
  to: Moment;
  service?: { before: WatchedService; after: WatchedService } | undefined;
  /** Those that are different, in the order of their ids; null: not there. */
  instances: { id: string; before: Instance | null; after: Instance | null }[];
  /** Goes on from here, as `after`, with `to` as the cursor in `to`. */
  next?: string | undefined;
}

/** What a rollback has done. Members are ids of instances. */
export interface RollbackReport {
  to: Moment;
  cursor: string;
  /** The revision it made; null where all was as it had been. */
  revision: number | null;
  service?: 'restored' | 'removed' | undefined;
  /** Their override is again what it was. */
  restored: string[];
  /** They had no override then. */
  removed: string[];
  /** They had an override then, and stay gone. */
  gone: string[];
}
