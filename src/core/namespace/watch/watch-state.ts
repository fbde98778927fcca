import type { ServiceKey } from '../../../model/namespace-api';
import type { Connection } from '../../platform/connection';
import type { Readers } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import type { Poller } from './pollers';
import type { ReaderHolds } from './reader-holds';
import type { Receipts } from './receipts';
import type { Peer, Watcher } from './watcher';

/** The parts of a namespace that track its readers. */
export interface WatchState extends TurnState {
  readonly receipts: Receipts;
  readonly readerHolds: ReaderHolds;
}

/** The parts of a namespace that track its pollers. */
export interface PollerState extends Readers {
  readonly receipts: Readers['receipts'] & {
    /** Returns the live pollers of a service. */
    pollersOf(service: ServiceKey, now: number): Poller[];
  };
}

/** The watches of a namespace, for reports and for drains that wait for them. */
export interface Watches {
  watchersOf(key: ServiceKey): Iterable<Watcher>;
  watchersBy(subscriber: string): Watcher[];
}

/** The open sockets of a namespace. */
export interface OpenSockets {
  /** Returns a copy, as closing a peer removes it. */
  peers(): Peer[];
  dismiss(connection: Connection, code: number, reason: string): void;
}

/** Numbers of sockets and watches, for limits and statistics. */
export interface WatchCounts {
  readonly connectionCount: number;
  readonly watchCount: number;
  connectionCountOf(tokenId: string): number;
  watchCountOf(tokenId: string): number;
}
