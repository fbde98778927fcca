import type { AlarmState } from '../leases/lease-state';
import type { TurnState } from '../turn/turn-state';
import type { ReaderHolds } from './reader-holds';
import type { Receipts } from './receipts';

/** The parts of a namespace that watches are fed from. */
export type WatchSource = AlarmState;

/** The parts of a namespace that know its readers. */
export interface WatchState extends TurnState {
  readonly receipts: Receipts;
  readonly readerHolds: ReaderHolds;
}
