import type { LogGate } from '../../../model/log';
import type { RateLimiter } from '../access/rate-limiter';
import type { LeaseState } from '../leases/lease-state';
import type { PollerBook, ReaderTimes } from './readers';

/** The parts of a namespace that one call passes through. */
export interface TurnState extends LeaseState {
  readonly rates: RateLimiter;
  /** Lets through so many lines about refused operators a second. */
  readonly refusals: LogGate;
  readonly readerHolds: ReaderTimes;
  readonly receipts: LeaseState['receipts'] & PollerBook;
}
