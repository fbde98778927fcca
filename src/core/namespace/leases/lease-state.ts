import type { InstanceKey } from '../../../model/batch';
import type { CommitState, StoredState } from '../commit/commit-state';
import type { Attention } from '../time/attention';

/** The parts of a namespace that decide when its alarm fires next. */
export interface AlarmState extends StoredState {
  readonly attention: Attention;
  readonly alarmTimes: AlarmTimes;
}

/** The parts of a namespace that decide when leases end. */
export interface LeaseState extends AlarmState, CommitState {
  readonly receipts: DrainWaits;
  readonly imports: ImportInProgress;
}

/** Drains that wait for acknowledgements of their subscribers. */
export interface DrainWaits {
  /** Ends waits of an instance's drains whose time is over. */
  expire(key: InstanceKey, now: number): void;
  /** When the first wait that is left ends, on the namespace's axis; `Infinity` where none is. */
  firstWaitEndsAt(key: InstanceKey): number;
}

/** An import that the alarm goes on with. */
export interface ImportInProgress {
  readonly isUnderWay: boolean;
  /** On the namespace's axis. */
  readonly dueAt: number;
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
