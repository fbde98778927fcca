import type { LogGate } from '../../../model/log';
import type { RateLimiter } from '../access/rate-limiter';
import type { AlarmState } from '../leases/arming';
import type { ExpiryState } from '../leases/expiry';
import type { PollerBook, ReaderTimes } from './readers';

/** The parts of a namespace that one call passes through. */
export interface TurnState extends ExpiryState, AlarmState {
  readonly rates: RateLimiter;
  /** Lets through so many lines about refused operators a second. */
  readonly refusals: LogGate;
  readonly readerHolds: ReaderTimes;
  readonly receipts: ExpiryState['receipts'] & PollerBook;
}
