import type { ImportState, Imports } from './transfer/imports';
import type { ReaderHolds } from './watch/reader-holds';
import type { Receipts } from './watch/receipts';
import type { WatchState } from './watch/watch-state';

/** All of a namespace while it is awake. Only the files beside the folders know it as a whole. */
export interface NamespaceState extends WatchState, ImportState {
  readonly imports: Imports;
  readonly receipts: Receipts;
  readonly readerHolds: ReaderHolds;
}
