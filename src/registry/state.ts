import type { LogGate } from '../model/log-gate';
import type { Agenda } from './agenda';
import type { Attention } from './attention';
import type { Catalog } from './catalog';
import type { Checkpoints } from './checkpoints';
import type { CommitPipeline } from './commit-pipeline';
import type { Counters } from './counters';
import type { Journal } from './journal';
import type { LeaseTable } from './lease-table';
import type { LeaseTerms } from './lease-terms';
import type { NamespaceTime } from './namespace-time';
import type { Platform } from './platform';
import type { Publisher } from './publisher';
import type { RateLimiter } from './rate-limiter';
import type { ReaderHolds } from './reader-holds';
import type { LeaseHolder, SessionTable } from './session-table';
import type { Settings } from './settings';
import type { Imports } from './transfer/imports';
import type { Receipts } from './watch/receipts';

/** Everything a namespace is while it is awake. Parts of it know one another only through the functions that take it. */
export interface NamespaceState extends NamespaceMemory {
  readonly publisher: Publisher;
  readonly receipts: Receipts;
  readonly readerHolds: ReaderHolds;
}

/** What a namespace holds, whoever is told of it. */
export interface NamespaceMemory {
  readonly platform: Platform;
  readonly time: NamespaceTime;
  readonly catalog: Catalog;
  readonly leases: LeaseTable<LeaseHolder>;
  readonly leaseTerms: LeaseTerms;
  readonly sessions: SessionTable;
  readonly agenda: Agenda;
  readonly journal: Journal;
  readonly pipeline: CommitPipeline;
  readonly checkpoints: Checkpoints;
  readonly counters: Counters;
  readonly settings: Settings;
  readonly rates: RateLimiter;
  /** Lets through so many lines about refused operators a second. */
  readonly refusals: LogGate;
  readonly imports: Imports;
  readonly attention: Attention;
  readonly alarmTimes: AlarmTimes;
}

/** Times of a namespace's alarm. */
export interface AlarmTimes {
  /** When the alarm last ran; on the namespace's axis. */
  ranAt: number;
  /** When the next look is due, on a host without a monotonic clock; on the namespace's axis. */
  nextLookAt: number;
  /** When the alarm tries again that failed, and no sooner; 0 where the last one worked. On the namespace's axis. */
  retryAt: number;
  isRunning: boolean;
  /** When the hour began in which alarms are counted, by the clock, and how many there were. */
  hourStartedAt: number;
  countThisHour: number;
}
