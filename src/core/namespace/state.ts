import type { LookAgainPlace, LookAgainState } from './layouts/look-again';
import type { Layouts } from './layouts/projection';
import type { ImportState, Imports } from './transfer/imports';
import type { ReaderHolds } from './watch/reader-holds';
import type { Receipts } from './watch/receipts';
import type { WatchState } from './watch/watch-state';

/** All state of an awake namespace. Only the files beside the folders use it as a whole. */
export interface NamespaceState extends WatchState, ImportState, LookAgainState {
  readonly imports: Imports;
  readonly receipts: Receipts;
  readonly readerHolds: ReaderHolds;
  readonly layouts: Layouts;
  readonly lookAgain: LookAgainPlace;
}
