import type { LogGate } from '../../../model/log';
import type { ServiceKey } from '../../../model/namespace-api';
import type { RateLimiter } from '../access/token-limits';
import type { AlarmState, ExpiryState } from '../leases/expiry';

/** Records how long readers of this namespace may keep an old answer. */
export interface ReaderTimes {
  noteCached(now: number, keepForMs: number): void;
  notePoll(now: number): void;
}

/** Identity of a poller: its subscriber, and the token that it polls with. */
export interface PollerName {
  subscriber: string;
  tokenId: string;
  address?: string | undefined;
}

/** Records named readers that poll. */
export interface PollerBook {
  /** Returns false if there is no room for another name. */
  notePoll(name: PollerName, service: ServiceKey, acknowledged: number, sent: number, now: number): boolean;
}

/** The parts of a namespace that a call uses. */
export interface TurnState extends ExpiryState, AlarmState {
  readonly rates: RateLimiter;
  /** Limits log lines about refused operator actions per second. */
  readonly refusals: LogGate;
  readonly readerHolds: ReaderTimes;
  readonly receipts: ExpiryState['receipts'] & PollerBook;
}
