import type { LogGate } from '../../model/log';
import type { Counters } from '../platform/counters';
import type { Platform } from '../platform/platform';
import type { CommitPipeline } from '../storage/commit-pipeline';
import type { RateLimiter } from './access/rate-limiter';
import type { Journal } from './commit/journal';
import type { Publisher } from './commit/publisher';
import type { Settings } from './commit/settings';
import type { Catalog } from './records/catalog';
import type { Checkpoints } from './records/checkpoints';
import type { LeaseTable } from './records/lease-table';
import type { LeaseTerms } from './records/lease-terms';
import type { LeaseHolder, SessionTable } from './records/session-table';
import type { Agenda } from './time/agenda';
import type { Attention } from './time/attention';
import type { NamespaceTime } from './time/namespace-time';
import type { Imports } from './transfer/imports';
import type { ReaderHolds } from './watch/reader-holds';
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
