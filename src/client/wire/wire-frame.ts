import type { EntryContent, WatchedEntry } from './entry-frames';
import type { BookmarkFrame, ChangesFrame, ResetFrame, SnapshotFrame, WatchedChange } from './frames';
import type { FieldError } from './rollcall-error';

/** The complete state of a scope, whose keys have entries. */
export interface ScopeSnapshot extends SnapshotFrame {
  /** Only if the scope has keys. */
  entries?: (EntryContent & { key?: string | undefined; keyBase64?: string | undefined })[] | undefined;
}

/** All changes of one revision in a scope, of services and of entries. */
export interface ScopeChanges extends Omit<ChangesFrame, 'changes'> {
  changes: (WatchedChange | WatchedEntry)[];
}

/** A whole frame of a watch of any scope. */
export type ScopeFrame = ScopeSnapshot | ScopeChanges | BookmarkFrame | ResetFrame;

/** Position of a part of a large frame; only the cursor of the last part counts. */
interface Part {
  /** Counted from 0; absent if the frame is whole. */
  part?: number | undefined;
  last?: boolean | undefined;
}

/** Names the watch of a frame. */
interface Watched {
  watch: string;
}

/** A frame of a watch as received: over a socket as a frame, over an event stream as an event. */
export type WatchWireFrame =
  | (ScopeSnapshot & Watched & Part)
  | (ScopeChanges & Watched & Part)
  | (BookmarkFrame & Watched)
  | (ResetFrame & Watched);

/** Any frame that the registry sends over a socket. */
export type WireFrame =
  | WatchWireFrame
  | { type: 'mark'; mark: string }
  | { type: 'answer'; id: string; body: unknown }
  | { type: 'error'; id?: string | undefined; code: string; detail: string; errors?: FieldError[] | undefined };
