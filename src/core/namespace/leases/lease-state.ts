import type { InstanceKey } from '../../../model/batch';
import type { CommitState } from '../commit/commit-state';
import type { AlarmState } from './arming';

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
